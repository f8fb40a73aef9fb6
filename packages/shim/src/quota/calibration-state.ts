import { MOST_PAIRS, type FitPair } from './fit.ts';
import type { ResetGap } from './reset-gaps.ts';
import { FRESH, isUsable, type WarnPair, type WarnState } from './warn-threshold.ts';

/** What calibration knows, as it is kept between two runs. Intervals under way are not: nobody counts while we are down. */
export interface CalibrationState {
  readonly version: 1;
  readonly meters: readonly MeterState[];
  readonly models: readonly ModelState[];
}

export interface MeterState {
  readonly lane: string;
  readonly meter: string;
  readonly mixed: number;
  readonly discarded: number;
}

export interface ModelState {
  readonly lane: string;
  readonly model: string;
  readonly fits: readonly { readonly meter: string; readonly pairs: readonly FitPair[] }[];
  readonly warn: WarnState;
  readonly gaps: readonly ResetGap[];
}

export const NO_STATE: CalibrationState = { version: 1, meters: [], models: [] };

/** Reads what can be read and drops the rest; says in `problems` what and how often. Never throws. */
export function readState(json: unknown, problems: string[] = []): CalibrationState {
  const dropped = new Map<string, number>();
  const read = new StateReader((what) => dropped.set(what, (dropped.get(what) ?? 0) + 1));
  const state = read.state(json);
  for (const [what, count] of dropped) problems.push(`calibration: ${count} × unreadable ${what}`);
  return state;
}

type Fields = Readonly<Record<string, unknown>>;

class StateReader {
  readonly #drop: (what: string) => void;

  constructor(drop: (what: string) => void) {
    this.#drop = drop;
  }

  state(json: unknown): CalibrationState {
    const fields = fieldsOf(json);
    if (fields?.['version'] !== 1) {
      this.#drop('state');
      return NO_STATE;
    }
    return {
      version: 1,
      meters: this.#list(fields['meters'], 'meter', meterOf),
      models: this.#list(fields['models'], 'model', (model) => this.#model(model)),
    };
  }

  #model(fields: Fields): ModelState | null {
    const { lane, model, fits, warn, gaps } = fields;
    if (typeof lane !== 'string' || typeof model !== 'string') return null;
    return {
      lane,
      model,
      fits: this.#list(fits, 'fit', (fit) => this.#fit(fit)),
      warn: this.#warn(fieldsOf(warn)),
      gaps: this.#list(gaps, 'gap', gapOf),
    };
  }

  #fit({ meter, pairs }: Fields): ModelState['fits'][number] | null {
    if (typeof meter !== 'string') return null;
    return { meter, pairs: this.#list(pairs, 'fit pair', fitPairOf).slice(-MOST_PAIRS) };
  }

  #warn(fields: Fields | null): WarnState {
    if (fields === null) {
      this.#drop('threshold');
      return FRESH;
    }
    const { pairs, factor, direction, windowEndTs } = fields;
    return {
      pairs: this.#list(pairs, 'threshold pair', warnPairOf),
      factor: isNumber(factor) && factor > 0 ? factor : null,
      direction: direction === 1 || direction === -1 ? direction : 0,
      windowEndTs: isNumber(windowEndTs) ? windowEndTs : null,
    };
  }

  #list<Item>(value: unknown, what: string, itemOf: (fields: Fields) => Item | null): Item[] {
    if (!Array.isArray(value)) {
      this.#drop(`${what} list`);
      return [];
    }
    return value.flatMap((one: unknown) => {
      const fields = fieldsOf(one);
      const item = fields === null ? null : itemOf(fields);
      if (item === null) this.#drop(what);
      return item === null ? [] : [item];
    });
  }
}

function meterOf({ lane, meter, mixed, discarded }: Fields): MeterState | null {
  if (typeof lane !== 'string' || typeof meter !== 'string' || !isCount(mixed) || !isCount(discarded)) return null;
  return { lane, meter, mixed, discarded };
}

function fitPairOf({ tokens, moved, source }: Fields): FitPair | null {
  const from = source === 'probe' || source === 'header' ? source : null;
  if (!isNumber(tokens) || !isNumber(moved) || from === null) return null;
  const pair: FitPair = { tokens, moved, source: from };
  return isEvidence(pair) ? pair : null;
}

function warnPairOf({ predicted, vendor }: Fields): WarnPair | null {
  if (!isNumber(predicted) || !isNumber(vendor)) return null;
  return isUsable({ predicted, vendor }) ? { predicted, vendor } : null;
}

function gapOf({ meter, resetsTs, seconds }: Fields): ResetGap | null {
  return typeof meter === 'string' && isNumber(resetsTs) && isNumber(seconds) ? { meter, resetsTs, seconds } : null;
}

/** A pair a fit can use, whoever measured it. */
export function isEvidence({ tokens, moved }: FitPair): boolean {
  return tokens > 0 && moved > 0 && Number.isFinite(tokens) && Number.isFinite(moved);
}

function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isCount(value: unknown): value is number {
  return isNumber(value) && Number.isInteger(value) && value >= 0;
}
