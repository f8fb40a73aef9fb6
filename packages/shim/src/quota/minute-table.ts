import type { Tokens } from '../exchange.ts';

/** What one lane spent on one model in one minute. `minute` counts from the epoch, times are epoch seconds. */
export interface Minute extends Tokens {
  readonly minute: number;
  /** Epoch seconds of its first request. */
  readonly firstTs: number;
  readonly dirtyS: number;
  readonly count: number;
}

/** Sums of minutes. */
export interface Sum {
  input: number;
  output: number;
  cacheWrite: number;
  cacheRead: number;
  dirtyS: number;
  count: number;
}

/** Cells of a row. */
const MINUTE = 0;
const FIRST_TS = 1;
const INPUT = 2;
const OUTPUT = 3;
const CACHE_WRITE = 4;
const CACHE_READ = 5;
const DIRTY_S = 6;
const COUNT = 7;
const CELLS = 8;

/**
 * Minutes in order of time, as numbers side by side: a week of every minute for fifty models is half a million rows,
 * which as objects would take ten times the memory.
 */
export class MinuteTable {
  #cells = new Float64Array(CELLS * 16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  minuteAt(row: number): number {
    return this.#cells[row * CELLS + MINUTE] ?? NaN;
  }

  firstTsAt(row: number): number {
    return this.#cells[row * CELLS + FIRST_TS] ?? NaN;
  }

  countAt(row: number): number {
    return this.#cells[row * CELLS + COUNT] ?? NaN;
  }

  /** The first row of this minute or a later one, by bisection; behind the last one when all are earlier. */
  firstFrom(minute: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.minuteAt(middle) < minute) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  at(row: number): Minute {
    const sum = emptySum();
    this.addTo(sum, row, 1);
    return { ...sum, minute: this.minuteAt(row), firstTs: this.firstTsAt(row) };
  }

  /** A row behind the last one. */
  append(minute: number, firstTs: number): void {
    const at = this.#length * CELLS;
    if (at + CELLS > this.#cells.length) {
      const larger = new Float64Array(this.#cells.length * 2);
      larger.set(this.#cells);
      this.#cells = larger;
    }
    this.#cells.fill(0, at, at + CELLS);
    this.#cells[at + MINUTE] = minute;
    this.#cells[at + FIRST_TS] = firstTs;
    this.#length += 1;
  }

  add(row: number, sum: Readonly<Sum>): void {
    const at = row * CELLS;
    const cells = this.#cells;
    cells[at + INPUT] = (cells[at + INPUT] ?? 0) + sum.input;
    cells[at + OUTPUT] = (cells[at + OUTPUT] ?? 0) + sum.output;
    cells[at + CACHE_WRITE] = (cells[at + CACHE_WRITE] ?? 0) + sum.cacheWrite;
    cells[at + CACHE_READ] = (cells[at + CACHE_READ] ?? 0) + sum.cacheRead;
    cells[at + DIRTY_S] = (cells[at + DIRTY_S] ?? 0) + sum.dirtyS;
    cells[at + COUNT] = (cells[at + COUNT] ?? 0) + sum.count;
  }

  addTo(sum: Sum, row: number, sign: 1 | -1): void {
    const at = row * CELLS;
    const cells = this.#cells;
    sum.input += sign * (cells[at + INPUT] ?? 0);
    sum.output += sign * (cells[at + OUTPUT] ?? 0);
    sum.cacheWrite += sign * (cells[at + CACHE_WRITE] ?? 0);
    sum.cacheRead += sign * (cells[at + CACHE_READ] ?? 0);
    sum.dirtyS += sign * (cells[at + DIRTY_S] ?? 0);
    sum.count += sign * (cells[at + COUNT] ?? 0);
  }

  /** Forgets the rows before this one. */
  dropBefore(row: number): void {
    this.#cells.copyWithin(0, row * CELLS, this.#length * CELLS);
    this.#length -= row;
  }

  /** Forgets this row and all behind it. */
  dropFrom(row: number): void {
    this.#length = row;
  }
}

export function emptySum(): Sum {
  return { input: 0, output: 0, cacheWrite: 0, cacheRead: 0, dirtyS: 0, count: 0 };
}

export function accumulate(sum: Sum, part: Readonly<Sum>): void {
  sum.input += part.input;
  sum.output += part.output;
  sum.cacheWrite += part.cacheWrite;
  sum.cacheRead += part.cacheRead;
  sum.dirtyS += part.dirtyS;
  sum.count += part.count;
}
