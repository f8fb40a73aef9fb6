import type { Tokens } from '../exchange.ts';
import { isEvidence, NO_STATE, readState, type CalibrationState, type ModelState } from './calibration-state.ts';
import { counted, DEFAULT_WEIGHTS } from './counted.ts';
import { fitCapacity, MOST_PAIRS, type CapacityFit, type FitPair } from './fit.ts';
import { LaneModelMap } from './lane-model-map.ts';
import { MeterTrack, type MeterValue } from './meter-track.ts';
import { ResetGaps } from './reset-gaps.ts';
import { isRolling } from './vendor-window.ts';
import { WarnThreshold } from './warn-threshold.ts';

/** A vendor window meter in the headers of an answer. Tell it when the headers arrive, before the answer's tokens. */
export interface WindowReading extends MeterValue {
  readonly lane: string;
  /** Such as `unified-5h` or `unified-7d`. */
  readonly meter: string;
  /** Whose answer carried it. */
  readonly model: string;
  /** Our own `rolling_pct` of lane and model at that moment, a fraction; null: no cap is configured. */
  readonly predictedPct: number | null;
}

/** A vendor said that one of its windows is full; not that requests come too fast. Times are epoch seconds. */
export interface Rejection {
  readonly lane: string;
  readonly model: string;
  /** Meter of the full window. */
  readonly meter: string;
  /** Our own `rolling_pct` at that moment, a fraction; null: no cap is configured. */
  readonly predictedPct: number | null;
  /** When our ledger has room again; null: it knows no limit. */
  readonly predictedResetTs: number | null;
  /** The vendor's reset; null: not said. */
  readonly resetsTs: number | null;
  readonly observedTs: number;
}

export interface MeterFit extends CapacityFit {
  readonly meter: string;
  readonly pairs: number;
  /** Intervals of this lane's meter, whichever model's, that belonged to several models and count for none. */
  readonly mixed: number;
  /** Intervals of this lane's meter that say nothing: it fell, its window ended, or somebody else moved it. */
  readonly discarded: number;
}

export interface CalibrationView {
  /** Fraction of our own cap; null without a configured threshold. */
  readonly warnPctAuto: number | null;
  /** Evidence behind the threshold, 0 to 1; null: none. */
  readonly confidence: number | null;
  /** Predicted − observed reset in seconds; null: no samples. */
  readonly gapP50: number | null;
  readonly gapP95: number | null;
  readonly gapSamples: number;
  readonly fits: readonly MeterFit[];
}

/** A window can be overdrawn, but a larger number than this is no fraction. */
const MOST_VALUE = 10;
const MOST_LANES = 200;
const MOST_MODELS = 200;
const MOST_METERS = 16;
const MOST_VIEWS = 400;

/**
 * Holds our own count against the vendor's: what a full vendor window holds in our tokens, where to warn, and how wrong
 * our predicted resets are. Learns from what passes by; a reading that tells nothing new costs a few comparisons.
 */
export class Calibration {
  readonly #lanes = new Map<string, Map<string, MeterTrack>>();
  /** By lane and model, the one heard of last at the end; the first one goes when there are too many. */
  readonly #models = new Map<string, ModelEvidence>();
  /** Kept until anything changes, which is about once per percent of a window. */
  readonly #views = new LaneModelMap<{ readonly cfgWarnPct: number | null; readonly view: CalibrationView }>();
  #changes = 0;

  constructor(state: CalibrationState = NO_STATE) {
    for (const { lane, meter, mixed, discarded } of state.meters) {
      remember(this.#metersOf(lane), meter, new MeterTrack(mixed, discarded), MOST_METERS);
    }
    for (const model of state.models) {
      remember(this.#models, keyOf(model.lane, model.model), new ModelEvidence(model), MOST_MODELS);
    }
  }

  static from(json: unknown, problems?: string[]): Calibration {
    return new Calibration(readState(json, problems));
  }

  /** What a settled request has used. Cache reads don't count, as for a limit that names no weights. */
  spent(lane: string, model: string, tokens: Tokens): void {
    const meters = this.#lanes.get(lane);
    if (meters === undefined) return;
    const amount = counted(tokens, DEFAULT_WEIGHTS);
    if (!Number.isFinite(amount) || amount <= 0) return;
    for (const track of meters.values()) track.spend(model, amount);
  }

  reading(reading: WindowReading): void {
    const { lane, meter, model, value, resetsTs, observedTs, predictedPct } = reading;
    if (!(value >= 0 && value <= MOST_VALUE) || !isTime(observedTs) || !isTime(resetsTs)) return;
    const told = this.#track(lane, meter).read(reading);
    if (told.kind !== 'none') this.#changed();
    if (told.kind === 'pair') this.#evidence(lane, told.model).addPairs(meter, [told.pair]);
    if (predictedPct === null || !isRolling(meter)) return;
    const news = this.#evidence(lane, model).warn.add({ predicted: predictedPct, vendor: value }, resetsTs, observedTs);
    if (news) this.#changed();
  }

  rejected(rejection: Rejection): void {
    const { lane, model, meter, predictedPct, predictedResetTs, resetsTs, observedTs } = rejection;
    if (!isTime(observedTs) || !isTime(resetsTs)) return;
    const evidence = this.#evidence(lane, model);
    if (predictedPct !== null && isRolling(meter)) {
      evidence.warn.add({ predicted: predictedPct, vendor: 1 }, resetsTs, observedTs);
    }
    if (predictedResetTs !== null && resetsTs !== null && Number.isFinite(predictedResetTs - resetsTs)) {
      evidence.gaps.add({ meter, resetsTs, seconds: predictedResetTs - resetsTs });
    }
    this.#changed();
  }

  /** Pairs that were measured on purpose. */
  probe(lane: string, model: string, meter: string, pairs: readonly Omit<FitPair, 'source'>[]): void {
    const probed = pairs.map(({ tokens, moved }): FitPair => ({ tokens, moved, source: 'probe' })).filter(isEvidence);
    if (probed.length === 0) return;
    this.#evidence(lane, model).addPairs(meter, probed);
    this.#changed();
  }

  /** How often anything has changed: while it stays the same, so does every view. */
  get changes(): number {
    return this.#changes;
  }

  #changed(): void {
    this.#views.clear();
    this.#changes += 1;
  }

  view(lane: string, model: string, cfgWarnPct: number | null): CalibrationView {
    const known = this.#views.get(lane, model);
    if (known !== undefined && known.cfgWarnPct === cfgWarnPct) return known.view;
    const evidence = this.#models.get(keyOf(lane, model)) ?? NO_EVIDENCE;
    const view: CalibrationView = {
      warnPctAuto: evidence.warn.threshold(cfgWarnPct),
      confidence: evidence.warn.confidence(),
      ...evidence.gaps.summary(),
      fits: this.#fits(lane, evidence),
    };
    if (this.#views.size >= MOST_VIEWS) this.#views.clear();
    this.#views.set(lane, model, { cfgWarnPct, view });
    return view;
  }

  toJSON(): CalibrationState {
    return {
      version: 1,
      meters: [...this.#lanes].flatMap(([lane, meters]) =>
        [...meters].map(([meter, { mixed, discarded }]) => ({ lane, meter, mixed, discarded })),
      ),
      models: [...this.#models.values()].map((evidence) => evidence.toJSON()),
    };
  }

  #fits(lane: string, { pairs }: ModelEvidence): MeterFit[] {
    const tracks = this.#lanes.get(lane) ?? NO_TRACKS;
    return [...new Set([...pairs.keys(), ...tracks.keys()])].toSorted().flatMap((meter) => {
      const own = pairs.get(meter) ?? [];
      const { mixed = 0, discarded = 0 } = tracks.get(meter) ?? {};
      if (own.length + mixed + discarded === 0) return [];
      return [{ meter, ...fitCapacity(own), pairs: own.length, mixed, discarded }];
    });
  }

  #track(lane: string, meter: string): MeterTrack {
    const meters = this.#metersOf(lane);
    return meters.get(meter) ?? remember(meters, meter, new MeterTrack(), MOST_METERS);
  }

  #metersOf(lane: string): Map<string, MeterTrack> {
    return this.#lanes.get(lane) ?? remember(this.#lanes, lane, new Map<string, MeterTrack>(), MOST_LANES);
  }

  #evidence(lane: string, model: string): ModelEvidence {
    const key = keyOf(lane, model);
    const evidence = this.#models.get(key) ?? new ModelEvidence({ ...NOTHING, lane, model });
    this.#models.delete(key);
    return remember(this.#models, key, evidence, MOST_MODELS);
  }
}

/** Everything that was seen of one model on one lane. */
class ModelEvidence {
  readonly #lane: string;
  readonly #model: string;
  /** By meter, oldest first. */
  readonly pairs = new Map<string, readonly FitPair[]>();
  readonly warn: WarnThreshold;
  readonly gaps: ResetGaps;

  constructor({ lane, model, fits, warn, gaps }: ModelState) {
    this.#lane = lane;
    this.#model = model;
    for (const { meter, pairs } of fits) this.addPairs(meter, pairs);
    this.warn = new WarnThreshold(warn);
    this.gaps = new ResetGaps(gaps);
  }

  addPairs(meter: string, pairs: readonly FitPair[]): void {
    remember(this.pairs, meter, [...(this.pairs.get(meter) ?? []), ...pairs].slice(-MOST_PAIRS), MOST_METERS);
  }

  toJSON(): ModelState {
    return {
      lane: this.#lane,
      model: this.#model,
      fits: [...this.pairs].map(([meter, pairs]) => ({ meter, pairs: [...pairs] })),
      warn: this.warn.toJSON(),
      gaps: this.gaps.toJSON(),
    };
  }
}

const NOTHING: ModelState = { lane: '', model: '', fits: [], warn: new WarnThreshold().toJSON(), gaps: [] };
/** Stands where nothing was seen; nobody adds to it. */
const NO_EVIDENCE = new ModelEvidence(NOTHING);
const NO_TRACKS: ReadonlyMap<string, MeterTrack> = new Map();

function keyOf(lane: string, model: string): string {
  return `${lane}\n${model}`;
}

function isTime(ts: number | null): boolean {
  return ts === null || Number.isFinite(ts);
}

/** Puts an entry in and, when there are too many, the first one out. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value, most: number): Value {
  map.set(key, value);
  const [first] = map.keys();
  if (map.size > most && first !== undefined) map.delete(first);
  return value;
}
