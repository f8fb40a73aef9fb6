// Where things are in the memory of a kernel that reads lines, in bytes.
import { BLOCK_BYTES } from './kernel.ts';

/** A file of more orders than this is written by no program we know: the parser may have the rest. */
export const MOST_TEMPLATES = 16;
/** Longer lines are not learned. */
export const MOST_LINE_BYTES = 4096;
export const MOST_LEAVES = 120;
export const MOST_COLUMNS = 48;
/** A cell of a row, its head, a step of a template and its entry in the table are of one size. */
export const CELL_BYTES = 16;

/** One entry for each template, and one for the line that is being learned. */
export const TABLE = 1024;
const SLOTS = 4096;
const SLOT_BYTES = 8192;
/** In a slot: the line that was learned, with room behind it; then the steps; then the row of constants. */
const STEPS = MOST_LINE_BYTES + 256;
const CONSTANTS = STEPS + (MOST_LEAVES + 1) * CELL_BYTES;

export const BLOCK = SLOTS + (MOST_TEMPLATES + 1) * SLOT_BYTES;
/** Comparing a literal may look as far behind the block: never written, so no line goes on in it. */
const PADDING_BYTES = 2 * MOST_LINE_BYTES;
export const ROWS = BLOCK + BLOCK_BYTES + PADDING_BYTES;
/** A scan may give fewer rows than the block has lines. */
export const ROWS_BYTES = 256 * 1024;
export const MEMORY_BYTES = ROWS + ROWS_BYTES;

/** Addresses of the parts of a slot. */
export function slotAt(number: number): { readonly line: number; readonly steps: number; readonly constants: number } {
  const line = SLOTS + number * SLOT_BYTES;
  return { line, steps: line + STEPS, constants: line + CONSTANTS };
}
