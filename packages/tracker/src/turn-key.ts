import { createHash } from 'node:crypto';
import { hashKey, KEY_SEEDS } from './key-set.ts';
import { hashAscii } from './text-hash.ts';

/** What tells one turn from another. */
export interface TurnIdentity {
  /** Empty: the writer gave none. */
  readonly rid: string;
  /** When it ended, epoch seconds. */
  readonly ts: number;
  readonly model: string;
  readonly lane: string;
  readonly latencyMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * The key under which a turn of the shim is known, however it reached us (polled, from a log, from a database): its
 * request id and the millisecond it ended in; without a request id a hash of what it did and the minute.
 */
export function turnKey({ rid, ts, model, lane, latencyMs, inputTokens, outputTokens }: TurnIdentity): string {
  if (rid !== '') return `${rid}@${Math.floor(ts * 1000)}`;
  const parts = [model, lane, Math.round(latencyMs), inputTokens, outputTokens, Math.floor(ts / 60)];
  return `h:${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24)}`;
}

const KEY = new Uint8Array(256);
const MOST_RID_BYTES = KEY.length - 32;
const AT = 0x40;
const ZERO = 0x30;

/**
 * Hashes the key of a turn as {@link hashKey} does, without making a text of it: its request id, which is of ASCII and
 * not empty, is `[from, to)` in the bytes.
 */
export function hashTurnKey(bytes: Buffer, from: number, to: number, ts: number): void {
  const ms = Math.floor(ts * 1000);
  if (to - from > MOST_RID_BYTES) return hashKey(`${bytes.toString('latin1', from, to)}@${ms}`);
  // From its end, where the last digit stands. A million at once fits the fast arithmetic of 32 bits.
  let start = KEY.length;
  const millions = Math.floor(ms / 1e6);
  let rest = ms - millions * 1e6;
  if (millions > 0) {
    for (let digit = 0; digit < 6; digit += 1) {
      KEY[(start -= 1)] = ZERO + (rest % 10);
      rest = (rest / 10) | 0;
    }
    rest = millions;
  }
  do {
    KEY[(start -= 1)] = ZERO + (rest % 10);
    rest = (rest / 10) | 0;
  } while (rest > 0);
  KEY[(start -= 1)] = AT;
  for (let at = to - 1; at >= from; at -= 1) KEY[(start -= 1)] = bytes[at] ?? 0;
  hashAscii(KEY, start, KEY_SEEDS);
}
