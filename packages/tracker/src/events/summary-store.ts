import { createHash } from 'node:crypto';
import {
  closeSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Outcome } from '../problem.ts';
import { systemErrorCode } from '../problem.ts';
import { isFields } from './older/shape.ts';
import { replaceFile } from './replace-file.ts';

/** Raised when what is kept means something else: an older state is then not used, and the journals are read again. */
const FORMAT = 2;

/** A file of records that only grows: what of it counts, and its checksum. */
export interface RecordsFile {
  readonly name: string;
  readonly bytes: number;
  readonly crc32: number;
}

/** A state that is kept between runs: one JSON value, and records that are only ever added to. */
export interface Stored<State> {
  readonly state: State;
  readonly records: RecordsFile;
  /** Changes with every write by whomever. */
  readonly look: string;
}

/** What to write: the whole state, and the records that came since the last time. */
export interface ToStore<State> {
  readonly state: State;
  /** In their order, in as many pieces as they come. */
  readonly fresh: readonly Uint8Array[];
  /** The file to go on with; null: a new one, and the ones before it are removed. */
  readonly after: RecordsFile | null;
}

const STATE_FILE = 'summary.json';

export function summaryLock(dir: string): string {
  return join(dir, 'state', 'summary.lock');
}

/** How the state file looks now; null: there is none. */
export function lookOfSummary(dir: string): string | null {
  const stat = statSync(join(dir, 'state', STATE_FILE), { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : [stat.dev, stat.ino, stat.size, stat.mtimeNs].join(':');
}

/** The state as it was written. Null: there is none, or not a whole one; the journals are the truth and give it again. */
export function readSummary<State>(dir: string): Stored<State> | null {
  try {
    const look = lookOfSummary(dir);
    const [head = '', body = ''] = readFileSync(join(dir, 'state', STATE_FILE), 'utf8').split('\n');
    const header: unknown = JSON.parse(head);
    if (!isFields(header) || header['format'] !== FORMAT || header['sha256'] !== sha256(body)) return null;
    const { records, state } = JSON.parse(body) as { records: RecordsFile; state: State };
    return look === null ? null : { state, records, look };
  } catch (error) {
    if (error instanceof SyntaxError || systemErrorCode(error) !== undefined) return null;
    throw error;
  }
}

/** The records of a state; null: they are not what was written. */
export function readRecords(dir: string, { name, bytes, crc32: sum }: RecordsFile): Uint8Array | null {
  try {
    const kept = new Uint8Array(readFileSync(join(dir, 'state', name))).subarray(0, bytes);
    return kept.length === bytes && crc32(kept) === sum ? kept : null;
  } catch (error) {
    if (systemErrorCode(error) !== undefined) return null;
    throw error;
  }
}

/** Records first, then the state that counts them: a process that is killed in between leaves the state before. */
export function writeSummary<State>(dir: string, { state, fresh, after }: ToStore<State>): Outcome<Stored<State>> {
  const folder = join(dir, 'state');
  const file = join(folder, STATE_FILE);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const records = addRecords(folder, fresh, after);
    const body = JSON.stringify({ records, state });
    const replaced = replaceFile(file, `${JSON.stringify({ format: FORMAT, sha256: sha256(body) })}\n${body}\n`);
    if (!replaced.ok) return replaced;
    if (after === null) removeOthers(folder, records.name);
    return { ok: true, value: { state, records, look: lookOfSummary(dir) ?? '' } };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    const remedy = 'Choose a folder you may write to and that has room: --data-dir DIR (TRACKER_DATA_DIR)';
    return {
      ok: false,
      problem: { code: 'journal-unwritable', file, message: `${file} cannot be written (${code})`, remedy },
    };
  }
}

function addRecords(folder: string, fresh: readonly Uint8Array[], after: RecordsFile | null): RecordsFile {
  const name = after?.name ?? `summary-${Date.now().toString(36)}-${process.pid}.records`;
  let bytes = after?.bytes ?? 0;
  if (fresh.length > 0 || after === null) {
    const fd = openSync(join(folder, name), after === null ? 'wx' : 'r+', 0o600);
    try {
      // Behind what counts stands what a killed process had added.
      ftruncateSync(fd, bytes);
      for (const piece of fresh) {
        let written = 0;
        while (written < piece.length)
          written += writeSync(fd, piece, written, piece.length - written, bytes + written);
        bytes += piece.length;
      }
      fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }
  const sum = fresh.reduce((before, piece) => crc32(piece, before), after?.crc32 ?? 0);
  return { name, bytes, crc32: sum };
}

function removeOthers(folder: string, name: string): void {
  for (const other of readdirSync(folder)) {
    if (/^summary-.+\.records$/.test(other) && other !== name) rmSync(join(folder, other), { force: true });
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
