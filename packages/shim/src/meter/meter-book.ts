import type { MeterReading } from '@ccp/contracts';

/** A week's meter by whatever name a provider gives it. */
const WEEK_METERS = ['unified-7d', 'codex-7d'];
/** A provider that invents names fills its own page only. */
const MOST_PER_LANE = 16;
const MOST_LANES = 50;

/** The newest reading of every meter. */
export class MeterBook {
  /** By lane, then by meter; the one heard of last at the end. */
  readonly #lanes = new Map<string, Map<string, MeterReading>>();
  readonly #onChange: () => void;

  constructor(onChange: () => void = () => undefined) {
    this.#onChange = onChange;
  }

  record(readings: readonly MeterReading[]): void {
    if (readings.length === 0) return;
    for (const reading of readings) this.#put(reading);
    this.#onChange();
  }

  /** Readings that still say something: one of a window that has reset since describes nothing. */
  current(nowTs: number): readonly MeterReading[] {
    return this.toJSON().filter(
      ({ resets_at: resetsAt }) => typeof resetsAt !== 'string' || Date.parse(resetsAt) / 1000 > nowTs,
    );
  }

  /** Epoch seconds of a reset of the lane's week, past or to come; null: its provider has named none. */
  weekReset(lane: string): number | null {
    const page = this.#lanes.get(lane);
    if (page === undefined) return null;
    for (const meter of WEEK_METERS) {
      const resetsAt = page.get(keyOf(meter, null))?.resets_at;
      if (typeof resetsAt === 'string') return Date.parse(resetsAt) / 1000;
    }
    return null;
  }

  toJSON(): readonly MeterReading[] {
    return [...this.#lanes.values()].flatMap((page) => [...page.values()]);
  }

  /** Puts back what a former run has read; what is no reading is left out. */
  restore(json: unknown): void {
    if (!Array.isArray(json)) return;
    for (const item of json as unknown[]) if (isReading(item)) this.#put(item);
  }

  #put(reading: MeterReading): void {
    let page = this.#lanes.get(reading.lane);
    if (page === undefined) {
      if (this.#lanes.size >= MOST_LANES) return;
      this.#lanes.set(reading.lane, (page = new Map()));
    }
    const key = keyOf(reading.meter, reading.model ?? null);
    page.delete(key);
    page.set(key, reading);
    const [oldest] = page.keys();
    if (page.size > MOST_PER_LANE && oldest !== undefined) page.delete(oldest);
  }
}

function keyOf(meter: string, model: string | null): string {
  return `${meter}\n${model ?? ''}`;
}

function isReading(value: unknown): value is MeterReading {
  const one = value as Partial<MeterReading> | null;
  if (typeof one !== 'object' || one === null) return false;
  const isNumber = (field: unknown): boolean => field === null || field === undefined || Number.isFinite(field);
  const isText = (field: unknown): boolean => field === null || field === undefined || typeof field === 'string';
  const isTime = (field: unknown): boolean => typeof field === 'string' && !Number.isNaN(Date.parse(field));
  return (
    [one.lane, one.meter, one.unit].every((field) => typeof field === 'string') &&
    [one.value, one.limit, one.remaining].every(isNumber) &&
    [one.claim, one.status, one.model, one.source].every(isText) &&
    isTime(one.observed_at) &&
    (one.resets_at === null || one.resets_at === undefined || isTime(one.resets_at))
  );
}
