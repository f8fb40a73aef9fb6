import { readFileSync } from 'node:fs';
import { replaceFile } from '../replace-file.ts';

/** What was seen on this computer before. */
export interface Seen {
  /** The latest time, epoch seconds; null: never looked. */
  readonly lastSeenTs: number | null;
  /** Number of the newest revocation list; null: none yet. */
  readonly revocationSeq: number | null;
}

/** A file that can't be read says nothing: it only guards, and must not take a license away. */
export function readSeen(file: string): Seen {
  try {
    const { last_seen_ts: ts, revocation_seq: seq } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    return { lastSeenTs: numberOf(ts), revocationSeq: numberOf(seq) };
  } catch {
    return { lastSeenTs: null, revocationSeq: null };
  }
}

/** Keeps the later of each. Answers whether it is on disk. */
export function writeSeen(file: string, { lastSeenTs, revocationSeq }: Seen): boolean {
  const before = readSeen(file);
  const merged = {
    last_seen_ts: later(before.lastSeenTs, lastSeenTs),
    revocation_seq: later(before.revocationSeq, revocationSeq),
  };
  try {
    replaceFile(file, `${JSON.stringify(merged)}\n`);
    return true;
  } catch {
    return false;
  }
}

function later(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.max(one, other);
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
