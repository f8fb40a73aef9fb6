import type { Outcome, Problem } from '../problem.ts';
import { appendLines } from './append.ts';
import { newestRow, readRows } from './read-rows.ts';
import type { Newest } from './read-rows.ts';
import type { RowFamily } from './row-families.ts';
import { lineOf } from './stamp.ts';

/** One family of rows in one file. {@link openBook} opens all families of all files. */
export interface Journal<Row> {
  readonly file: string;
  /** Adds one row, durably. The value is the problem that had to be repaired first, if there was one. */
  append(row: Row): Promise<Outcome<Problem | null>>;
  /** Every row, oldest first; what cannot be used comes as a problem with file and line. */
  rows(): AsyncGenerator<Outcome<Row>>;
  /** The newest row that satisfies `accept`, read from the end of the file. */
  newest(accept?: (row: Row) => boolean): Promise<Outcome<Newest<Row>>>;
}

/** An append-only file of JSON rows. Nothing is created before the first append; rows of other families are left alone. */
export function openJournal<Row extends object>(file: string, family: RowFamily<Row>): Journal<Row> {
  const journalFile = { path: file, layout: { families: new Map([[family.kind, family]]), older: [] } };
  return {
    file,
    async append(row) {
      const line = lineOf(file, family, row);
      if (!line.ok) return line;
      const written = await appendLines(file, () => ({ ok: true, value: [line.value] }));
      return written.ok ? { ok: true, value: written.value.tornTail } : written;
    },
    async *rows() {
      for (const found of readRows<Row>(journalFile)) yield found.ok ? { ok: true, value: found.value.row } : found;
    },
    // eslint-disable-next-line typescript/require-await -- a promise, so that a reader may wait one day
    async newest(accept = () => true) {
      return newestRow(journalFile, new Set([family.kind]), accept);
    },
  };
}
