import { KIND_SHIFT, LENGTH_MASK } from './field-rules.ts';
import type { LineRules } from './field-rules.ts';
import { BLOCK, CELL_BYTES, MEMORY_BYTES, MOST_COLUMNS, ROWS, ROWS_BYTES, TABLE } from './kernel-memory.ts';
import { BLOCK_BYTES, newKernel } from './kernel.ts';
import { Templates } from './templates.ts';
import type { Seeds } from './text-hasher.ts';

export { CELL, KIND_SHIFT, LENGTH_MASK } from './field-rules.ts';
export type { FieldRule, LineRules } from './field-rules.ts';

/**
 * Reads lines of JSON by what was learned of the lines before them, without making objects or texts of them. What it takes
 * JSON.parse accepts with the same values, each by its rule; at anything else it stops, and whoever asked reads that line
 * the long way and, when it was found in order, has it learned.
 *
 * One instance for one file at a time: what it learned serves for the lines to come.
 */
export interface LineScanner {
  /** Lines are put here; their offsets are those in it. */
  readonly block: Buffer<ArrayBuffer>;
  /** What the last scan found; the next call of either writes over it. */
  readonly rows: PackedRows;
  /**
   * Reads whole lines of the block from `from` on, up to the first it does not know, or as many as there is room for.
   * Returns their number; `stop` says where the next line begins.
   *
   * @param to behind a line feed
   */
  scan(from: number, to: number): number;
  readonly stop: number;
  /** Takes a line at which a scan stopped and which the parser, and whatever else judges it, found in order. */
  learn(from: number, lineEnd: number): void;
}

/**
 * Rows in memory, one behind the other; a cell has four words of 32 bits, and so has the head of a row. Of a cell they are
 * where the value begins in memory, a text behind its quote, its kind above its length in bytes, and its hash, low word
 * first, or in their place its number. Of a head they are where the line begins in memory, where the next does, and which
 * template it fits. A value that lies before the block is, till something is learned, the same in all rows of its template.
 */
export interface PackedRows {
  readonly words: Uint32Array<ArrayBuffer>;
  /** The same memory in numbers of 64 bits. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** Word at which the first row begins, and words of a row. */
  readonly first: number;
  readonly stride: number;
  /** Words from the beginning of a row to the cell of a field that is taken. Throws RangeError for another one. */
  cellOf(field: string): number;
  /** What stands in a cell, one of CELL. */
  kindAt(cell: number): number;
  /** The text in a cell, or the bytes of another value. */
  textAt(cell: number): string;
  /** Where the line of a row begins in the block. */
  offsetAt(row: number): number;
}

/** Lines that come to nothing are looked at ever more rarely, but still now and then: another program may go on. */
const MOST_PASSED = 1024;

export function lineScanner(rules: LineRules, [seedHigh, seedLow]: Seeds = [0, 0]): LineScanner {
  const columns = Object.keys(rules.fields).filter((path) => rules.fields[path]?.take !== undefined);
  if (columns.length > MOST_COLUMNS) throw new RangeError(`${columns.length} fields are more than a row has cells for`);
  for (const path of Object.values(rules.echoes ?? {})) {
    if (!columns.includes(path)) throw new RangeError(`a name can't repeat ${path}, which is not taken`);
  }
  const { kernel, memory } = newKernel(MEMORY_BYTES);
  kernel.setUp(columns.length, seedHigh, seedLow);
  const bytes = Buffer.from(memory);
  const words = new Uint32Array(memory);
  const templates = new Templates({ kernel, bytes, words }, rules, columns);
  let stop = 0;
  let passed = 0;
  let patience = 0;
  return {
    block: Buffer.from(memory, BLOCK, BLOCK_BYTES),
    rows: packedRows(memory, { bytes, words, columns }),
    get stop() {
      return stop;
    },
    scan(from, to) {
      stop = from;
      if (templates.count === 0) return 0;
      const rows = kernel.scan(TABLE, templates.count, BLOCK + from, BLOCK + to, ROWS, ROWS + ROWS_BYTES);
      stop = kernel.stoppedAt() - BLOCK;
      return rows;
    },
    learn(from, lineEnd) {
      if (passed < patience) {
        passed += 1;
        return;
      }
      passed = 0;
      patience = templates.learn(BLOCK + from, BLOCK + lineEnd) ? 0 : Math.min(2 * patience + 1, MOST_PASSED);
    },
  };
}

interface Views {
  readonly bytes: Buffer;
  readonly words: Uint32Array<ArrayBuffer>;
  readonly columns: readonly string[];
}

function packedRows(memory: ArrayBuffer, { bytes, words, columns }: Views): PackedRows {
  const cellWords = CELL_BYTES / 4;
  const stride = (columns.length + 1) * cellWords;
  const first = ROWS / 4;
  return {
    words,
    numbers: new Float64Array(memory),
    first,
    stride,
    cellOf(field) {
      const column = columns.indexOf(field);
      if (column === -1) throw new RangeError(`${field} is not taken`);
      return (column + 1) * cellWords;
    },
    kindAt: (cell) => (words[cell + 1] ?? 0) >>> KIND_SHIFT,
    textAt(cell) {
      const at = words[cell] ?? 0;
      return bytes.toString('latin1', at, at + ((words[cell + 1] ?? 0) & LENGTH_MASK));
    },
    offsetAt: (row) => (words[first + row * stride] ?? 0) - BLOCK,
  };
}
