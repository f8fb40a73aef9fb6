import type { PlainRecord } from './record-shape.ts';
import type { LineSink } from './plain-lines.ts';
import { turnKey } from '../../turn-key.ts';

/** Lines of a piece of a log, packed so that handing them to another thread costs next to nothing. */
export interface PackedLines {
  readonly lines: number;
  /** Keys of the turns, a line feed behind each. */
  readonly keys: string;
  /** For each turn {@link NUMBERS}: ts, input tokens, output tokens, index of its model, and where its line is. */
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly models: readonly string[];
  /** Lines that are no turns. */
  readonly passed: Readonly<Record<Exclude<PlainRecord['kind'], 'turn'>, number>>;
  /** Lines to be parsed: how many lines and how many turns come before, and where each is. */
  readonly odd: readonly {
    readonly line: number;
    readonly turns: number;
    readonly from: number;
    readonly to: number;
  }[];
}

/** Numbers for each turn. */
export const NUMBERS = 6;

/** Packs the lines of one piece. */
export class LinePacker implements LineSink {
  #lines = 0;
  #turns = 0;
  #keys = '';
  #numbers = new Float64Array(NUMBERS * 1024);
  readonly #models: string[] = [];
  readonly #modelAt = new Map<string, number>();
  readonly #passed = { decision: 0, early: 0, other: 0 };
  readonly #odd: { line: number; turns: number; from: number; to: number }[] = [];

  turn({ ts, rid, model, inputTokens, outputTokens }: PlainRecord, from: number, to: number): void {
    this.#keys += `${turnKey({ rid, ts, model, lane: '', latencyMs: 0, inputTokens, outputTokens })}\n`;
    if ((this.#turns + 1) * NUMBERS > this.#numbers.length) {
      const larger = new Float64Array(2 * this.#numbers.length);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    let modelAt = this.#modelAt.get(model);
    if (modelAt === undefined) {
      modelAt = this.#models.push(model) - 1;
      this.#modelAt.set(model, modelAt);
    }
    const at = this.#turns * NUMBERS;
    const numbers = this.#numbers;
    numbers[at] = ts;
    numbers[at + 1] = inputTokens;
    numbers[at + 2] = outputTokens;
    numbers[at + 3] = modelAt;
    numbers[at + 4] = from;
    numbers[at + 5] = to;
    this.#turns += 1;
    this.#lines += 1;
  }

  passed(kind: Exclude<PlainRecord['kind'], 'turn'>): void {
    this.#passed[kind] += 1;
    this.#lines += 1;
  }

  odd(from: number, to: number): void {
    this.#odd.push({ line: this.#lines, turns: this.#turns, from, to });
    this.#lines += 1;
  }

  empty(): void {
    this.#lines += 1;
  }

  packed(): PackedLines {
    return {
      lines: this.#lines,
      keys: this.#keys,
      numbers: this.#numbers.slice(0, this.#turns * NUMBERS),
      models: this.#models,
      passed: this.#passed,
      odd: this.#odd,
    };
  }
}
