import type { Outcome } from '../problem.ts';
import { appendLines } from './append.ts';
import type { Added, NewRow } from './book.ts';
import { journalOf } from './journal-files.ts';
import type { JournalName } from './journal-files.ts';
import type { KeyIndex, KeyOf, KnownKeys } from './known-keys.ts';
import { rowFamilies } from './row-families.ts';
import { lineOf } from './stamp.ts';

/** A row that is ready to be written. */
export interface NewLine {
  readonly bytes: Buffer;
  /** Null: it stands for itself. */
  readonly key: string | null;
}

/** Lines of one journal that are written under one lock. */
export interface Batch {
  readonly name: JournalName;
  readonly lines: NewLine[];
}

/** About a tenth of a second under the lock: other writers wait no longer than that for their turn. */
const BATCH_ROWS = 10_000;
const BATCH_BYTES = 8 * 1024 * 1024;

/** Checks every row and sorts them by journal, in their order. The first one that is not valid is the problem. */
export function toBatches(
  rows: readonly NewRow[],
  pathOf: (name: JournalName) => string,
  keyOf: KeyOf | null,
): Outcome<readonly Batch[]> {
  const batches: Batch[] = [];
  const open = new Map<JournalName, { batch: Batch; bytes: number }>();
  for (const row of rows) {
    const name = journalOf(row.kind);
    const line = lineOf(pathOf(name), rowFamilies[row.kind], row);
    if (!line.ok) return line;
    let current = open.get(name);
    if (current === undefined || current.batch.lines.length >= BATCH_ROWS || current.bytes >= BATCH_BYTES) {
      current = { batch: { name, lines: [] }, bytes: 0 };
      batches.push(current.batch);
      open.set(name, current);
    }
    current.batch.lines.push({ bytes: line.value, key: keyOf === null ? null : keyOf(row) });
    current.bytes += line.value.length;
  }
  return { ok: true, value: batches };
}

/** Adds the lines of a batch, or those of them whose key is new. */
export async function addBatch(
  file: string,
  lines: readonly NewLine[],
  index: KeyIndex | null,
): Promise<Outcome<Added>> {
  // The first look may read a large file; the one under the lock then reads only what came in between.
  const looked = index?.refresh();
  if (looked?.ok === false) return looked;
  if (looked !== undefined && newLines(lines, looked.value).length === 0) {
    return { ok: true, value: { added: 0, known: lines.length, notes: [] } };
  }
  const written = await appendLines(file, () => {
    const known = index?.refresh();
    if (known?.ok === false) return known;
    const chosen = known === undefined ? lines : newLines(lines, known.value);
    return { ok: true, value: chosen.map(({ bytes }) => bytes) };
  });
  if (!written.ok) return written;
  const { rows, tornTail } = written.value;
  return {
    ok: true,
    value: { added: rows, known: lines.length - rows, notes: tornTail === null ? [] : [tornTail] },
  };
}

function newLines(lines: readonly NewLine[], known: KnownKeys): readonly NewLine[] {
  const inBatch = new Set<string>();
  return lines.filter(({ key }) => {
    if (key === null) return true;
    if (known.has(key) || inBatch.has(key)) return false;
    inBatch.add(key);
    return true;
  });
}
