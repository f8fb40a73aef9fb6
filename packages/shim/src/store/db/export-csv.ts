import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { readSamples, type SamplePosition } from './read-store.ts';
import { valuesOf, SAMPLE_COLUMNS, type Sample } from './sample.ts';
import type { Database, SqlValue } from './sqlite.ts';

/** The columns of the original program's export, then ours. */
const ORIGINAL_COLUMNS = [
  'ts',
  'rid',
  'model',
  'lane',
  'op',
  'input_tokens',
  'output_tokens',
  'dirty_s',
  'stream_s',
  'ttft_ms',
  'status',
  'err_type',
  'decision',
  'reroute_mode',
  'upstream',
  'h2',
  'header_mode',
];
export const CSV_COLUMNS: readonly string[] = [
  ...ORIGINAL_COLUMNS,
  'warn_pct_auto',
  'gap_seconds_p50',
  'gap_seconds_p95',
  'gap_samples',
  'epoch',
  'cache_write_tokens',
  'cache_read_tokens',
  'usage_known',
  'ended',
  'request_id',
  'session_id',
  'agent_id',
];

/**
 * All samples since a time as RFC 4180, in pieces of about a hundred kilobytes. Reading goes page by page: nobody is
 * kept from writing.
 */
export function* csvOf(db: Database, sinceTs: number): Generator<string> {
  const places = CSV_COLUMNS.map((name) => SAMPLE_COLUMNS.indexOf(name));
  yield `${CSV_COLUMNS.join(',')}\r\n`;
  let after: SamplePosition | null = null;
  for (;;) {
    const page: Sample[] = readSamples(db, { sinceTs, model: null, limit: PAGE_ROWS, after });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page.map((sample) => lineOf(valuesOf(sample), places)).join('');
    after = { ts: last.ts, rid: last.rid };
  }
}

/** Whole or not at all: whoever reads the path sees the old file until the new one is complete. */
export function exportCsv(db: Database, path: string, sinceTs = 0): void {
  const file = resolve(path);
  mkdirSync(dirname(file), { recursive: true });
  const part = `${file}.${process.pid}.part`;
  const fd = openSync(part, 'w', 0o600);
  try {
    try {
      for (const text of csvOf(db, sinceTs)) writeAll(fd, Buffer.from(text));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

/** For a pipe, at the speed of its reader. */
export async function streamCsv(db: Database, output: Writable, sinceTs = 0): Promise<void> {
  for (const text of csvOf(db, sinceTs)) {
    if (!output.write(text)) await once(output, 'drain');
  }
}

const PAGE_ROWS = 500;

function lineOf(values: readonly SqlValue[], places: readonly number[]): string {
  return `${places.map((place) => field(values[place] ?? null)).join(',')}\r\n`;
}

function field(value: SqlValue): string {
  if (value === null) return '';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let from = 0; from < bytes.length;) from += writeSync(fd, bytes, from);
}
