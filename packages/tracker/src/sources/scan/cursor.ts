/** How far one file has been read. Plain JSON. */
export interface Cursor {
  /** Device and inode: a file that is moved is gone on with, one that takes its name is another. */
  readonly id: string;
  /** Where the first line starts that has not been told; bytes. */
  readonly offset: number;
  /** Up to where bytes were looked at: no line ends between `offset` and here. */
  readonly scanned: number;
  /** Lines before `offset`. */
  readonly lines: number;
  /** A marker stands between `offset` and `scanned`. */
  readonly marked: boolean;
  /** Hash of the last bytes before `scanned`. */
  readonly tail: string;
  /** When the file changed last, as far as it was read; epoch milliseconds. */
  readonly mtimeMs: number;
}

/** A cursor kept as JSON; null: it is none. */
export function parseCursor(value: unknown): Cursor | null {
  if (typeof value !== 'object' || value === null) return null;
  const { id, offset, scanned, lines, marked, tail, mtimeMs } = value as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string' || typeof tail !== 'string' || typeof marked !== 'boolean') return null;
  if (!isCount(offset) || !isCount(scanned) || !isCount(lines) || scanned < offset) return null;
  if (typeof mtimeMs !== 'number') return null;
  return { id, offset, scanned, lines, marked, tail, mtimeMs };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
