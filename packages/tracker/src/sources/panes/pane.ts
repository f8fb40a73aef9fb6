import { createHash } from 'node:crypto';
import type { Problem, ProblemCode } from '../../problem.ts';
import type { Reading } from '../../reading.ts';

/** Where and when a text was printed. */
export interface Look {
  /** ISO 8601: when the meters stood so. Resets before it have happened. */
  readonly observedAt: string;
  /** IANA zone of the machine that printed it, for clock times that name none. */
  readonly timeZone?: string;
  /** Which report of `ccusage` it is; absent: told by its shape. */
  readonly scope?: 'session' | 'daily' | 'weekly';
  /** Hash of the account, where the caller knows it. */
  readonly account?: string | null;
}

/** What a text says, in the keys of a snapshot row. It stays as printed even where a reading of it is void. */
export interface Parsed {
  /** What could not be read of the figures, in the words older snapshots use. */
  readonly errors: readonly string[];
}

/** What one look at a text gave. `readings` is what holds at `observedAt`; `problems` is everything that does not. */
export interface PaneReading<P extends Parsed = Parsed> {
  readonly parsed: P;
  readonly readings: readonly Reading[];
  readonly problems: readonly Problem[];
}

export type PaneParser<P extends Parsed = Parsed> = (text: string, when: Look) => PaneReading<P>;

/** Problems that leave the figures of a pane whole: kept out of `errors`, which older readers take for unusable panes. */
const NOT_ABOUT_FIGURES: ReadonlySet<ProblemCode> = new Set(['reset-unreadable', 'window-expired']);

/** One look while it goes on: collects readings and problems. */
export class Sight {
  readonly when: Look;
  readonly #text: string;
  readonly #readings: Reading[] = [];
  readonly #problems: Problem[] = [];
  readonly #errors = new Set<string>();
  readonly #expired: string[] = [];

  constructor(text: string, when: Look) {
    this.#text = text;
    this.when = when;
  }

  /** Milliseconds; NaN when `observedAt` is no time. */
  get observedMs(): number {
    return Date.parse(this.when.observedAt);
  }

  note(problem: Problem, error: string = problem.code): void {
    // The same words twice help nobody; a damaged file would repeat them a million times.
    if (!this.#problems.some((known) => known.code === problem.code && known.message === problem.message)) {
      this.#problems.push(problem);
    }
    if (!NOT_ABOUT_FIGURES.has(problem.code)) this.#errors.add(error);
  }

  /** Adds a word older readers know to `errors` alone. */
  error(word: string): void {
    this.#errors.add(word);
  }

  add(reading: Reading): void {
    this.#readings.push(reading);
  }

  /** A meter whose window is over: named in `parsed.expired`. */
  expire(meter: string): void {
    this.#expired.push(meter);
  }

  end<T extends object>(fields: T): PaneReading<T & Parsed> {
    const expired = this.#expired.length === 0 ? {} : { expired: this.#expired };
    const sha = this.#readings.length === 0 ? null : createHash('sha256').update(this.#text).digest('hex');
    return {
      parsed: { ...fields, ...expired, errors: [...this.#errors] },
      readings: this.#readings.map((reading) => ({ ...reading, raw_sha256: sha })),
      problems: this.#problems,
    };
  }
}
