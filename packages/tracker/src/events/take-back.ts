import { fstatSync } from 'node:fs';
import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Outcome, Problem } from '../problem.ts';
import { appendLines } from './append.ts';
import { readBlock } from './lines.ts';
import { readLine } from './read-line.ts';
import { withFile } from './open-file.ts';
import type { JournalFile, KeptRow } from './read-rows.ts';
import { rowFamilies } from './row-families.ts';
import { lineOf } from './stamp.ts';
import { isTakenBack, lineSha256, survey } from './tombstones.ts';

/** What a tombstone says beside its target. */
export interface Inscription {
  /** ISO 8601. */
  readonly createdAt: string;
  readonly reason: string | undefined;
}

/**
 * Adds a tombstone for a row that was read from the file, older shapes included. Nothing is deleted or rewritten. Taking
 * back twice is the same as once: false means it had been done.
 */
export async function takeBack(
  file: JournalFile,
  target: KeptRow,
  { createdAt, reason }: Inscription,
): Promise<Outcome<boolean>> {
  const written = await appendLines(file.path, () => {
    const found = standing(file, target);
    if (!found.ok) return found;
    if (found.value === null) return { ok: true, value: [] };
    const tombstone = {
      target_kind: target.row.kind,
      target_sha256: found.value,
      ...(reason !== undefined && { reason }),
      created_at: createdAt,
    };
    const line = lineOf(file.path, rowFamilies.tombstone, tombstone);
    return line.ok ? { ok: true, value: [line.value] } : line;
  });
  return written.ok ? { ok: true, value: written.value.rows > 0 } : written;
}

/** SHA-256 of the line of the row; null: it has been taken back. */
function standing({ path, layout }: JournalFile, { span, line, row }: KeptRow): Outcome<string | null> {
  const gone: Outcome<never> = { ok: false, problem: notThere(path, line) };
  const found = withFile<string | null>(path, (fd) => {
    // With the bytes around it: a row must begin and end where it did.
    const around = readBlock(fd, Math.max(0, span.from - 1), span.to + 1).toString('latin1');
    const bytes = readBlock(fd, span.from, span.to);
    const isLine = (span.from === 0 || around.startsWith('\n')) && /[\r\n]$/.test(`${around}${endsFile(fd, span.to)}`);
    const read = readLine(bytes, layout);
    if (!isLine || !read.ok || !isDeepStrictEqual(read.value.row, row)) return gone;
    const { tombstones } = survey(fd, { from: 0, to: fstatSync(fd).size });
    return { ok: true, value: isTakenBack(bytes, span.from, tombstones) ? null : lineSha256(bytes) };
  });
  return found ?? gone;
}

function notThere(path: string, line: number): Problem {
  return {
    code: 'no-such-row',
    file: path,
    line,
    message: `${basename(path)}:${line}: the row is not there any more`,
    remedy: 'Read the file again, and choose the row anew',
  };
}

/** A line end where the file ends: the last row may have none. */
function endsFile(fd: number, at: number): string {
  return fstatSync(fd).size <= at ? '\n' : '';
}
