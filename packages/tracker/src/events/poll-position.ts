import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../problem.ts';
import type { Outcome } from '../problem.ts';
import { isFields } from './older/shape.ts';
import { replaceFile } from './replace-file.ts';

/** Up to where the turns of one shim were read. A hint that saves reading: a turn is told by its key, never by this. */
export function pollPositionFile(dir: string, sourceUrl: string): string {
  const name = createHash('sha256').update(sourceUrl).digest('hex').slice(0, 16);
  return join(dir, 'state', `poll-${name}.json`);
}

export interface PollPosition {
  /** Epoch seconds by the shim's clock. */
  readonly untilTs: number;
  /** Row the shim had stored last; null: it does not say. Finds what its clock, set back, puts before `untilTs`. */
  readonly writtenTo: number | null;
}

/** Null: not known, so everything is read. */
export function readPollPosition(dir: string, sourceUrl: string): PollPosition | null {
  try {
    const value: unknown = JSON.parse(readFileSync(pollPositionFile(dir, sourceUrl), 'utf8'));
    if (!isFields(value) || value['source_url'] !== sourceUrl) return null;
    const { turns_until_ts: ts, turns_written_to: row } = value;
    if (typeof ts !== 'number' || !Number.isFinite(ts) || ts < 0) return null;
    return { untilTs: ts, writtenTo: typeof row === 'number' && Number.isSafeInteger(row) && row >= 0 ? row : null };
  } catch (error) {
    if (error instanceof SyntaxError || systemErrorCode(error) !== undefined) return null;
    throw error;
  }
}

export function writePollPosition(dir: string, sourceUrl: string, position: PollPosition): Outcome<null> {
  const { untilTs, writtenTo } = position;
  const value = { source_url: sourceUrl, turns_until_ts: untilTs, turns_written_to: writtenTo };
  return replaceFile(pollPositionFile(dir, sourceUrl), `${JSON.stringify(value)}\n`);
}
