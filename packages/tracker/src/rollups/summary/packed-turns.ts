import type { PricedTokens } from '../cost/cost-of.ts';
import { rankOf } from '../report/report-turn.ts';
import type { TurnFacts } from './turn-facts.ts';

/**
 * Turns of ours as a scan leaves them: each whole its model's, nothing measured, with a time and a key. A cell has four
 * words: where its text is, its kind and length, and a hash or, in `numbers`, a number, which is 0 where there is no value.
 */
export interface PackedTurns {
  readonly count: number;
  readonly words: Uint32Array;
  /** The same memory in numbers of 64 bits. */
  readonly numbers: Float64Array;
  /** Word at which the first turn begins, and words of a turn; both are even. */
  readonly first: number;
  readonly stride: number;
  readonly cells: TurnCells;
  /** Whether a text stands in a cell. */
  hasText(cell: number): boolean;
  textAt(cell: number): string;
  /** Where the row of a turn stands. */
  placeAt(row: number): number;
}

/** Words from the beginning of a turn to its cells. */
export interface TurnCells {
  /** Epoch milliseconds. */
  readonly capturedAt: number;
  readonly source: number;
  readonly session: number;
  readonly model: number;
  readonly input: number;
  readonly output: number;
  readonly cacheWrite: number;
  readonly cacheWrite1h: number;
  readonly cacheRead: number;
  /** Epoch seconds. */
  readonly ts: number;
  readonly requestId: number;
  readonly key: number;
}

/** Its kind stands in front of its length. */
const KIND_BITS = 4;
/** Words from a cell to its hash, low word first, and numbers from it to its number. */
export const HASH_WORD = 2;
export const NUMBER_AT = 1;

export function factsAt(turns: PackedTurns, row: number): TurnFacts {
  const { cells, first, stride } = turns;
  const at = first + row * stride;
  return {
    id: turns.textAt(at + idCell(turns, at)),
    source: turns.textAt(at + cells.source),
    sessionId: turns.textAt(at + cells.session),
    model: turns.textAt(at + cells.model),
    ...numbersAt(turns, row),
    attribution: null,
    measured: null,
  };
}

/** What a turn says in numbers. */
export function numbersAt(
  { cells, numbers, first, stride }: PackedTurns,
  row: number,
): PricedTokens & { readonly ts: number } {
  const at = (first + row * stride) / 2 + NUMBER_AT;
  return {
    ts: numbers[at + cells.ts / 2] ?? 0,
    input: small(numbers[at + cells.input / 2] ?? 0),
    output: small(numbers[at + cells.output / 2] ?? 0),
    cacheWrite: small(numbers[at + cells.cacheWrite / 2] ?? 0),
    cacheWrite1h: small(numbers[at + cells.cacheWrite1h / 2] ?? 0),
    cacheRead: small(numbers[at + cells.cacheRead / 2] ?? 0),
  };
}

/** The same number, as a whole one of 32 bits where it is one: V8 keeps it in its place then, not on the heap. */
function small(value: number): number {
  const whole = value | 0;
  return whole === value ? whole : value;
}

/** The cell that says which exchange it was. */
export function idCell(turns: PackedTurns, at: number): number {
  return turns.hasText(at + turns.cells.requestId) ? turns.cells.requestId : turns.cells.key;
}

/** Whether a text has no characters. */
export function isEmpty(words: Uint32Array, cell: number): boolean {
  return (words[cell + 1] ?? 0) << KIND_BITS === 0;
}

/** Epoch milliseconds at which the newest of them was written; -Infinity: there are none. */
export function newestMs({ count, numbers, first, stride, cells }: PackedTurns): number {
  let newest = -Infinity;
  for (let row = 0, at = (first + cells.capturedAt) / 2 + NUMBER_AT; row < count; row += 1, at += stride / 2) {
    newest = Math.max(newest, numbers[at] ?? 0);
  }
  return newest;
}

/** The sources of some turns: few texts for many rows. */
export interface SourcesOf {
  /** For each turn the index of its source, and how near to the provider that is. */
  readonly index: Uint16Array;
  readonly rank: Uint8Array;
  readonly texts: readonly string[];
}

export function sourcesOf(turns: PackedTurns): SourcesOf {
  const { count, words, first, stride, cells } = turns;
  const index = new Uint16Array(count);
  const rank = new Uint8Array(count);
  const known = new Map<string, number>();
  let [high, low, last, lastRank] = [-1, -1, 0, 0];
  for (let row = 0, at = first + cells.source; row < count; row += 1, at += stride) {
    // Rows of one source follow each other.
    if (words[at + HASH_WORD] !== low || words[at + HASH_WORD + 1] !== high) {
      low = words[at + HASH_WORD] ?? 0;
      high = words[at + HASH_WORD + 1] ?? 0;
      const text = turns.textAt(at);
      last = known.get(text) ?? known.size;
      known.set(text, last);
      lastRank = rankOf(text);
    }
    index[row] = last;
    rank[row] = lastRank;
  }
  return { index, rank, texts: [...known.keys()] };
}
