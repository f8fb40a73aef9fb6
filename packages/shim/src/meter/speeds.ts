import { Sketch } from '../sketch.ts';
import type { LocalHour } from './local-hour.ts';

/** One finished request, as far as speeds are concerned. Failed and cancelled ones never come here. */
export interface SpeedSample {
  readonly ts: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Wall time, retries included. */
  readonly dirtyS: number;
  /** First → last byte; null for a non-stream, which then counts its wall time. */
  readonly streamS: number | null;
  /** Null for a non-stream: it is never a zero in a percentile. */
  readonly ttftMs: number | null;
}

/** Tokens per second. `elr`: over streaming time; `dirty`: over wall time. */
export interface SpeedRates {
  readonly out_elr_tps: number;
  readonly out_dirty_tps: number;
  readonly in_elr_tps: number;
  readonly in_dirty_tps: number;
  readonly total_elr_tps: number;
  readonly total_dirty_tps: number;
}

export interface SpeedView {
  readonly rolling: SpeedRates;
  readonly session: SpeedRates;
  readonly ttft_ms: {
    readonly avg: number | null;
    readonly p50: number | null;
    readonly p90: number | null;
    readonly p99: number | null;
  };
  readonly hourly: {
    readonly hour: number;
    readonly samples: number;
    readonly out_elr_tps: number | null;
    readonly out_dirty_tps: number | null;
  }[];
  readonly rolling_samples: number;
  readonly weekly_samples: number;
  readonly hod_elr_out_tps: (number | null)[];
  readonly hod_dirty_out_tps: (number | null)[];
  readonly tz: string;
}

const SLOT_S = 60;
/** A week of minutes: no rolling window is longer. */
const MOST_SLOTS = 10_080;
const MIN_SAMPLES = 10;
/** Weight of the newest day in an hour's figure. */
const EWMA_ALPHA = 0.2;

interface Slot {
  readonly start: number;
  readonly sums: Sums;
  readonly ttft: Sketch | null;
  ttftSum: number;
}

interface Sums {
  input: number;
  output: number;
  streamS: number;
  dirtyS: number;
  count: number;
}

interface RollingSums {
  readonly sums: Sums;
  readonly ttft: SpeedView['ttft_ms'];
}

type HourBin = SpeedView['hourly'][number];

interface HourSlot {
  readonly day: number;
  readonly hour: number;
  readonly start: number;
  readonly output: Sketch;
  readonly streamS: Sketch;
  readonly dirtyS: Sketch;
  /** Winsorised sums; null since the last sample. Most hours are over and never change again. */
  sums: HourSums | null;
}

interface HourSums {
  readonly output: number;
  readonly streamS: number;
  readonly dirtyS: number;
}

/**
 * The speeds of one model. Windowed sums, never means of ratios: ELR = Σ out_tokens / Σ stream_s, dirty =
 * Σ out_tokens / Σ dirty_s.
 */
export class SpeedBook {
  readonly #slots: Slot[] = [];
  readonly #hours = new Map<number, HourSlot>();
  readonly #session = noSums();
  /** What the slots sum up to; null since the last change. */
  #rolling: RollingSums | null = null;
  #view: SpeedView | null = null;
  /** By hour of the day, as far as they are known. */
  readonly #bins = new Map<number, HourBin>();
  readonly #localHour: LocalHour;
  readonly #tz: string;

  constructor(localHour: LocalHour, tz: string) {
    this.#localHour = localHour;
    this.#tz = tz;
  }

  add(sample: SpeedSample): void {
    addTo(this.#session, sample);
    this.#addToSlot(sample);
    this.#addToHour(sample);
  }

  /** A sample of a former run: part of the windows it lies in, not of this session. Oldest first, before any other. */
  addPast(sample: SpeedSample, rollingFromTs: number): void {
    if (sample.ts + SLOT_S > rollingFromTs) this.#addToSlot(sample);
    this.#addToHour(sample);
  }

  #addToSlot(sample: SpeedSample): void {
    const slot = this.#slot(sample.ts);
    addTo(slot.sums, sample);
    if (sample.ttftMs !== null) {
      slot.ttft?.add(sample.ttftMs);
      slot.ttftSum += sample.ttftMs;
    }
    this.#rolling = null;
    this.#view = null;
  }

  #addToHour(sample: SpeedSample): void {
    const hour = this.#hour(sample.ts);
    hour.output.add(sample.outputTokens);
    hour.streamS.add(streamSeconds(sample));
    hour.dirtyS.add(sample.dirtyS);
    hour.sums = null;
    this.#bins.delete(hour.hour);
    this.#view = null;
  }

  /** The same object as before where nothing has changed. */
  view(nowTs: number, rollingS: number, weeklyS: number): SpeedView {
    this.#prune(nowTs, rollingS, weeklyS);
    return (this.#view ??= this.#draw());
  }

  #draw(): SpeedView {
    const { sums, ttft } = (this.#rolling ??= this.#sumUp());
    const hourly = Array.from({ length: 24 }, (_, hour) => this.#bin(hour));
    return {
      rolling: rates(sums),
      session: rates(this.#session),
      ttft_ms: ttft,
      hourly,
      rolling_samples: sums.count,
      weekly_samples: hourly.reduce((sum, bin) => sum + bin.samples, 0),
      hod_elr_out_tps: hourly.map((bin) => bin.out_elr_tps),
      hod_dirty_out_tps: hourly.map((bin) => bin.out_dirty_tps),
      tz: this.#tz,
    };
  }

  #sumUp(): RollingSums {
    const sums = noSums();
    const ttft = new Sketch();
    let ttftSum = 0;
    for (const slot of this.#slots) {
      sums.input += slot.sums.input;
      sums.output += slot.sums.output;
      sums.streamS += slot.sums.streamS;
      sums.dirtyS += slot.sums.dirtyS;
      sums.count += slot.sums.count;
      if (slot.ttft !== null) ttft.merge(slot.ttft);
      ttftSum += slot.ttftSum;
    }
    const avg = ttft.count === 0 ? null : ttftSum / ttft.count;
    return { sums, ttft: { avg, p50: ttft.quantile(0.5), p90: ttft.quantile(0.9), p99: ttft.quantile(0.99) } };
  }

  /** Of 24 bins only the one of the present hour changes with a sample. */
  #bin(hour: number): HourBin {
    let bin = this.#bins.get(hour);
    if (bin === undefined) this.#bins.set(hour, (bin = this.#hourBin(hour)));
    return bin;
  }

  #slot(ts: number): Slot {
    const last = this.#slots.at(-1);
    const start = Math.max(Math.floor(ts / SLOT_S) * SLOT_S, last?.start ?? -Infinity);
    if (last !== undefined && last.start === start) return last;
    // Without readers nobody else would forget.
    if (this.#slots.length > MOST_SLOTS) this.#slots.splice(0, this.#slots.length - MOST_SLOTS);
    const slot: Slot = { start, sums: noSums(), ttft: new Sketch(), ttftSum: 0 };
    this.#slots.push(slot);
    return slot;
  }

  #hour(ts: number): HourSlot {
    const { hour, day } = this.#localHour(ts);
    const key = day * 24 + hour;
    let slot = this.#hours.get(key);
    if (slot === undefined) {
      slot = { day, hour, start: ts, output: new Sketch(), streamS: new Sketch(), dirtyS: new Sketch(), sums: null };
      this.#hours.set(key, slot);
    }
    return slot;
  }

  /** Winsorised within an hour of a day (p1, p99), then smoothed over the days, oldest first. */
  #hourBin(hour: number): HourBin {
    const days = [...this.#hours.values()].filter((slot) => slot.hour === hour).toSorted((a, b) => a.day - b.day);
    const samples = days.reduce((sum, slot) => sum + slot.output.count, 0);
    if (samples < MIN_SAMPLES) return { hour, samples, out_elr_tps: null, out_dirty_tps: null };
    const smooth = (seconds: (sums: HourSums) => number): number | null =>
      days.reduce<number | null>((mean, slot) => {
        const sums = (slot.sums ??= winsorised(slot));
        const spent = seconds(sums);
        if (spent <= 0) return mean;
        const rate = sums.output / spent;
        return mean === null ? rate : mean + EWMA_ALPHA * (rate - mean);
      }, null);
    return { hour, samples, out_elr_tps: smooth((sums) => sums.streamS), out_dirty_tps: smooth((sums) => sums.dirtyS) };
  }

  #prune(nowTs: number, rollingS: number, weeklyS: number): void {
    let expired = 0;
    while (expired < this.#slots.length && (this.#slots[expired]?.start ?? 0) + SLOT_S <= nowTs - rollingS)
      expired += 1;
    if (expired > 0) {
      this.#slots.splice(0, expired);
      this.#rolling = null;
      this.#view = null;
    }
    for (const [key, slot] of this.#hours) {
      // In order of time: the rest is younger.
      if (slot.start + 3600 > nowTs - weeklyS) break;
      this.#hours.delete(key);
      this.#bins.delete(slot.hour);
      this.#view = null;
    }
  }
}

function addTo(sums: Sums, sample: SpeedSample): void {
  sums.input += sample.inputTokens;
  sums.output += sample.outputTokens;
  sums.streamS += streamSeconds(sample);
  sums.dirtyS += sample.dirtyS;
  sums.count += 1;
}

function streamSeconds({ streamS, dirtyS }: SpeedSample): number {
  return streamS !== null && streamS > 0 ? streamS : dirtyS;
}

function winsorised({ output, streamS, dirtyS }: HourSlot): HourSums {
  return {
    output: output.winsorisedSum(0.01, 0.99),
    streamS: streamS.winsorisedSum(0.01, 0.99),
    dirtyS: dirtyS.winsorisedSum(0.01, 0.99),
  };
}

function noSums(): Sums {
  return { input: 0, output: 0, streamS: 0, dirtyS: 0, count: 0 };
}

function rates(sums: Sums): SpeedRates {
  const per = (tokens: number, seconds: number): number => (tokens > 0 && seconds > 0 ? tokens / seconds : 0);
  const total = sums.input + sums.output;
  return {
    out_elr_tps: per(sums.output, sums.streamS),
    out_dirty_tps: per(sums.output, sums.dirtyS),
    in_elr_tps: per(sums.input, sums.streamS),
    in_dirty_tps: per(sums.input, sums.dirtyS),
    total_elr_tps: per(total, sums.streamS),
    total_dirty_tps: per(total, sums.dirtyS),
  };
}
