import { fstatSync } from 'node:fs';
import type { Outcome } from '../problem.ts';
import { cursorAt, whyAnew } from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { hashKey, keySet } from '../key-set.ts';
import { hashed } from '../text-hash.ts';
import { beginsWithKind } from './kind-of-line.ts';
import { linesForward } from './lines.ts';
import { readLine } from './read-line.ts';
import { withFile } from './open-file.ts';
import type { JournalFile } from './read-rows.ts';
import type { JournalRow } from './row-families.ts';

/** What makes two rows one; null: the row stands for itself. */
export type KeyOf = (row: JournalRow) => string | null;

/** Keys of the rows of a file, also of rows taken back: what a person took back must not come again by itself. */
export interface KnownKeys {
  readonly size: number;
  has(key: string): boolean;
  /** The same of the key that was hashed last (see key-set.ts). */
  hasHashed(): boolean;
}

export interface KeyIndex {
  /** Reads what was added to the file since the last time. Synchronous: it is done again under the lock. */
  refresh(): Outcome<KnownKeys>;
}

/** The key of an event: `dedupe_key`, or `event_id` where there is none. */
export const eventKey: KeyOf = (row) => {
  if ('dedupe_key' in row && row.dedupe_key !== undefined) return row.dedupe_key;
  return 'event_id' in row && row.event_id !== undefined ? row.event_id : null;
};

/** An index of the keys of a file, kept in memory. The file is the truth: keys are only ever taken from there. */
export function openKeyIndex(file: JournalFile, keyOf: KeyOf): KeyIndex {
  const keys = keySet();
  let cursor: Cursor | null = null;
  /** The hash of the one of a whole last row without its line end, which the next append will close. */
  let tail: Readonly<typeof hashed> | null = null;
  const known: KnownKeys = {
    get size() {
      return keys.size;
    },
    has(key) {
      hashKey(key);
      return known.hasHashed();
    },
    hasHashed: () => keys.hasHashed() || (hashed.low === tail?.low && hashed.high === tail.high),
  };

  const keyOfLine = (bytes: Buffer): string | null => {
    if (keyOf === eventKey) {
      const quick = keyAtEnd(bytes);
      if (quick !== null) return quick;
    }
    const read = readLine(bytes, file.layout);
    return read.ok ? keyOf(read.value.row) : null;
  };
  const readAdded = (fd: number): void => {
    if (cursor !== null && whyAnew(fd, cursor) !== null) cursor = null;
    if (cursor === null) keys.clear();
    const { size } = fstatSync(fd);
    let { offset } = cursor ?? { offset: 0 };
    tail = null;
    for (const { bytes, next } of linesForward(fd, { from: offset, to: size })) {
      const key = keyOfLine(bytes);
      if (next === null) tail = key === null ? null : hashOf(key);
      else {
        if (key !== null) keys.add(key);
        offset = next;
      }
    }
    cursor = cursorAt(fd, offset, 0);
  };

  return {
    refresh() {
      const read = withFile(file.path, (fd) => {
        readAdded(fd);
        return { ok: true, value: known };
      });
      if (read !== null) return read;
      keys.clear();
      cursor = null;
      tail = null;
      return { ok: true, value: known };
    },
  };
}

function hashOf(key: string): Readonly<typeof hashed> {
  hashKey(key);
  return { ...hashed };
}

const KEY_LAST = ',"dedupe_key":"';
const LONGEST_QUICK_KEY = 200;

/**
 * The key of a row of ours without reading the row. `dedupe_key` is its last field, so a row that was cut short has not
 * got it and is not taken for one that is there. Null: has to be read.
 */
function keyAtEnd(line: Buffer): string | null {
  const end = line.length - 2;
  if (line[end] !== 0x22 || line[end + 1] !== 0x7d) return null;
  const tail = line.toString('latin1', Math.max(0, end - LONGEST_QUICK_KEY), end);
  const at = tail.lastIndexOf(KEY_LAST);
  if (at === -1 || !beginsWithKind(line)) return null;
  const key = tail.slice(at + KEY_LAST.length);
  // Escaped, quoted or beyond ASCII: only a reader of JSON knows.
  return /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(key) ? key : null;
}
