import type { MeterReading } from '@ccp/contracts';

/** A week's meter by whatever name a provider gives it. */
const WEEK_METERS = ['unified-7d', 'codex-7d'];
/** Lanes times meters: a bound against a provider that invents names. */
const MOST_READINGS = 500;

/** The newest reading of every meter. */
export class MeterBook {
  readonly #newest = new Map<string, MeterReading>();
  readonly #onChange: () => void;

  constructor(onChange: () => void = () => undefined) {
    this.#onChange = onChange;
  }

  record(readings: readonly MeterReading[]): void {
    if (readings.length === 0) return;
    for (const reading of readings) {
      const key = `${reading.lane}\n${reading.meter}\n${reading.model ?? ''}`;
      if (this.#newest.size >= MOST_READINGS && !this.#newest.has(key)) continue;
      this.#newest.set(key, reading);
    }
    this.#onChange();
  }

  /** Readings that still say something: one of a window that has reset since describes nothing. */
  current(nowTs: number): readonly MeterReading[] {
    return [...this.#newest.values()].filter(
      ({ resets_at: resetsAt }) => typeof resetsAt !== 'string' || Date.parse(resetsAt) / 1000 > nowTs,
    );
  }

  /** Epoch seconds of a reset of the lane's week, past or to come; null: its provider has named none. */
  weekReset(lane: string): number | null {
    for (const meter of WEEK_METERS) {
      const resetsAt = this.#newest.get(`${lane}\n${meter}\n`)?.resets_at;
      if (typeof resetsAt === 'string') return Date.parse(resetsAt) / 1000;
    }
    return null;
  }

  toJSON(): readonly MeterReading[] {
    return [...this.#newest.values()];
  }

  /** Puts back what a former run has read; garbage is left out. */
  restore(json: unknown): void {
    if (!Array.isArray(json)) return;
    for (const item of json as Partial<MeterReading>[]) {
      if (typeof item?.lane !== 'string' || typeof item.meter !== 'string') continue;
      if (typeof item.observed_at !== 'string' || Number.isNaN(Date.parse(item.observed_at))) continue;
      if (typeof item.resets_at === 'string' && Number.isNaN(Date.parse(item.resets_at))) continue;
      this.#newest.set(`${item.lane}\n${item.meter}\n${item.model ?? ''}`, item as MeterReading);
    }
  }
}
