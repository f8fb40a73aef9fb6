import { setImmediate as othersFirst } from 'node:timers/promises';
import type { MeterReading } from '@ccp/contracts';
import type { ConfigSnapshot } from './config/catalog.ts';
import type { Settings } from './config/settings.ts';
import type { Permit } from './exchange.ts';
import { MeterBook } from './meter/meter-book.ts';
import { localHourIn } from './meter/local-hour.ts';
import { SpeedBook, type SpeedSample, type SpeedView } from './meter/speeds.ts';
import { Calibration, type CalibrationView } from './quota/calibration.ts';
import { Cooldowns } from './quota/cooldown.ts';
import { limitFinder, overflowName } from './quota/limit-of.ts';
import { PROBE_STATE, probeEvidenceOf } from './quota/probe-evidence.ts';
import { Quotas, type LimitOf } from './quota/quotas.ts';
import { foldModel, modelMatcher } from './route/glob.ts';
import { Counters, OTHER_MODELS } from './store/counters.ts';
import type { Loaded } from './store/db/read-store.ts';
import type { MinuteDelta, Sample } from './store/db/sample.ts';

/** Models one process keeps books for under their own names. */
const MAX_MODELS = 200;
/** Calibration is written at most this often: it is large, and what it learns is learned slowly. */
const KEEP_CALIBRATION_S = 2;
/** Samples read back per turn of the event loop. */
const SPEEDS_AT_ONCE = 200;

export interface BooksOptions {
  readonly settings: Settings;
  /** Id of this run. */
  readonly epoch: string;
  readonly config: () => ConfigSnapshot;
  readonly nowTs: () => number;
  /** Keeps a small document for the next start. */
  readonly keep: (name: string, value: unknown) => void;
}

/** Everything the running process knows of use, limits and speeds, and how a former run's knowledge comes back. */
export class Books {
  readonly counters = new Counters();
  readonly quotas: Quotas;
  readonly cooldowns: Cooldowns;
  readonly meters: MeterBook;
  readonly limitOf: LimitOf;
  readonly #options: BooksOptions;
  readonly #booked = new Set<string>();
  readonly #newSpeedBook: () => SpeedBook;
  #speeds = new Map<string, SpeedBook>();
  /** Samples since the start, while older ones are still being read back. */
  #speedsMeanwhile: { readonly model: string; readonly sample: SpeedSample }[] | null = null;
  #calibration = new Calibration();
  #calibrationKeptTs = 0;
  /** Names of their states. */
  readonly #probesTaken = new Set<string>();

  constructor(options: BooksOptions) {
    const { settings, keep } = options;
    this.#options = options;
    this.limitOf = limitFinder({ fold: foldModel, matcher: modelMatcher });
    this.cooldowns = new Cooldowns(settings.cooldownS, () => keep('cooldowns', this.cooldowns));
    this.meters = new MeterBook(() => keep('meters', this.meters));
    this.quotas = new Quotas(options.config().quotas, {
      limitOf: this.limitOf,
      warnPctOf: (lane, model, configured) => this.calibrationOf(lane, model, configured).warnPctAuto,
      vendorWeekReset: (lane) => this.meters.weekReset(lane),
    });
    const localHour = localHourIn(settings.timeZone);
    this.#newSpeedBook = () => new SpeedBook(localHour, settings.timeZone);
  }

  /** What a former run has counted and learned. */
  restore({ minutes, states }: Loaded): void {
    const nowTs = this.#options.nowTs();
    this.restoreLedger(minutes);
    this.meters.restore(states.get('meters'));
    this.cooldowns.restore(states.get('cooldowns'), nowTs);
    const calibration = states.get('calibration');
    if (calibration !== undefined) this.#calibration = Calibration.from(calibration);
    this.takeProbes(states);
  }

  restoreLedger(minutes: Loaded['minutes']): void {
    // The bound on names goes to those that were used last.
    const newest = new Map<string, number>();
    for (const { model, minute } of minutes) newest.set(model, Math.max(minute, newest.get(model) ?? 0));
    for (const [model] of [...newest].toSorted((a, b) => b[1] - a[1])) this.bookName(model);
    const isOwn = ({ model }: MinuteDelta): boolean => this.#booked.has(model);
    this.quotas.ledger.restore(minutes.filter(isOwn));
    const folded = minutes.filter((minute) => !isOwn(minute));
    this.quotas.ledger.restore(summedUp(folded.map((minute) => ({ ...minute, model: this.bookName(minute.model) }))));
    // Known models are shown before they are asked for again.
    for (const { lane, model } of this.quotas.ledger.all()) this.counters.model(model).lane ||= lane;
  }

  /**
   * Takes over what probes have measured, once: the transaction that keeps what was learned from it also empties its
   * place. Until then only this process knows that it was taken.
   */
  takeProbes(states: ReadonlyMap<string, unknown>): void {
    const before = this.#probesTaken.size;
    for (const [name, json] of states) {
      const evidence = name.startsWith(PROBE_STATE) && !this.#probesTaken.has(name) ? probeEvidenceOf(json) : null;
      if (evidence === null) continue;
      const model = this.bookName(evidence.model);
      for (const { meter, pairs } of evidence.fits) this.#calibration.probe(evidence.lane, model, meter, pairs);
      this.#probesTaken.add(name);
      this.#options.keep(name, null);
    }
    if (this.#probesTaken.size > before) this.keepCalibration();
  }

  /** Speeds come back piece by piece behind running requests; until then only what is new is shown. */
  async restoreSpeeds(samples: Iterable<Sample>): Promise<void> {
    const restored = new Map<string, SpeedBook>();
    this.#speedsMeanwhile = [];
    let read = 0;
    const rollingFromTs = this.#options.nowTs() - this.#options.config().quotas.rollingSeconds;
    try {
      for (const sample of samples) {
        // Turns of this run that ended meanwhile are added below.
        if (sample.epoch === this.#options.epoch) continue;
        const isFast = sample.ended === 'complete' && sample.status < 400 && sample.usageKnown;
        if (isFast)
          bookOf(restored, this.bookName(sample.model), this.#newSpeedBook).addPast(speedOf(sample), rollingFromTs);
        read += 1;
        if (read % SPEEDS_AT_ONCE === 0) await othersFirst();
      }
      // A week of hours to sum up, per model: the first who looks would wait for all of them, and everybody else with him.
      for (const book of restored.values()) {
        this.#viewOf(book);
        await othersFirst();
      }
    } finally {
      for (const { model, sample } of this.#speedsMeanwhile) bookOf(restored, model, this.#newSpeedBook).add(sample);
      this.#speedsMeanwhile = null;
      this.#speeds = restored;
    }
  }

  /** The name a model is booked under; bounded in number. */
  readonly bookName = (model: string): string => {
    if (this.#booked.has(model)) return model;
    // A name is a label and a part of keys: one line.
    const name = model === '' ? '(none)' : model.replace(/\p{Cc}/gu, ' ');
    if (this.#booked.has(name)) return name;
    if (this.#booked.size < MAX_MODELS) {
      this.#booked.add(name);
      return name;
    }
    return name.startsWith('(other') ? name : this.#overflow(name);
  };

  #overflow(model: string): string {
    const { catalog, quotas } = this.#options.config();
    for (const lane of catalog.lanes.keys()) {
      const limit = this.limitOf(quotas, lane, model);
      if (limit !== null) return overflowName(limit, OTHER_MODELS);
    }
    return OTHER_MODELS;
  }

  readonly addSpeed = (model: string, sample: SpeedSample): void => {
    bookOf(this.#speeds, model, this.#newSpeedBook).add(sample);
    this.#speedsMeanwhile?.push({ model, sample });
  };

  readonly speedView = (model: string): SpeedView => this.#viewOf(bookOf(this.#speeds, model, this.#newSpeedBook));

  #viewOf(book: SpeedBook): SpeedView {
    const { rollingSeconds, weeklySeconds } = this.#options.config().quotas;
    return book.view(this.#options.nowTs(), rollingSeconds, weeklySeconds);
  }

  readonly calibration = (): Calibration => this.#calibration;

  readonly calibrationOf = (lane: string, model: string, configured: number | null): CalibrationView =>
    this.#calibration.view(lane, model, configured);

  readonly calibrationFor = (permit: Permit): CalibrationView =>
    this.calibrationOf(permit.lane.id, this.bookName(permit.routed.accepted.facts.model), this.warnPctFor(permit));

  /** The configured threshold; null: none. */
  readonly warnPctFor = ({ routed, lane }: Permit): number | null =>
    this.limitOf(routed.config.quotas, lane.id, routed.accepted.facts.model)?.warnPct ?? null;

  /** Calibration may have learned: it is put aside for the next start now and then. */
  readonly learned = (): void => {
    const nowTs = this.#options.nowTs();
    if (Math.abs(nowTs - this.#calibrationKeptTs) < KEEP_CALIBRATION_S) return;
    this.#calibrationKeptTs = nowTs;
    this.keepCalibration();
  };

  keepCalibration(): void {
    this.#options.keep('calibration', this.#calibration);
  }

  currentMeters(nowTs: number): readonly MeterReading[] {
    const { lanes } = this.#options.config().catalog;
    return this.meters.current(nowTs).filter(({ lane }) => lanes.has(lane));
  }
}

/** Models past the bound are counted together, as they would have been while running. */
function summedUp(minutes: readonly MinuteDelta[]): MinuteDelta[] {
  const sums = new Map<string, MinuteDelta>();
  for (const minute of minutes) {
    const key = `${minute.lane}\n${minute.model}\n${minute.minute}`;
    const sum = sums.get(key);
    sums.set(key, sum === undefined ? minute : together(sum, minute));
  }
  return [...sums.values()];
}

function together(a: MinuteDelta, b: MinuteDelta): MinuteDelta {
  return {
    ...a,
    firstTs: Math.min(a.firstTs, b.firstTs),
    input: a.input + b.input,
    output: a.output + b.output,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    cacheRead: a.cacheRead + b.cacheRead,
    dirtyS: a.dirtyS + b.dirtyS,
    count: a.count + b.count,
  };
}

function bookOf(books: Map<string, SpeedBook>, model: string, make: () => SpeedBook): SpeedBook {
  let book = books.get(model);
  if (book === undefined) books.set(model, (book = make()));
  return book;
}

function speedOf({ ts, inputTokens, outputTokens, dirtyS, streamS, ttftMs, op }: Sample): SpeedSample {
  return { ts, inputTokens, outputTokens, dirtyS, streamS: op === 'stream' ? streamS : null, ttftMs };
}
