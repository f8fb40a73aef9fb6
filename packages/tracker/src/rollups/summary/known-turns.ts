import { textHasher } from '../../learned-lines/text-hasher.ts';
import type { Seeds, TextHasher } from '../../learned-lines/text-hasher.ts';
import { HASH_WORD, idCell, isEmpty } from './packed-turns.ts';
import type { PackedTurns } from './packed-turns.ts';
import { recordIndex } from './record-index.ts';
import { sessionCounts } from './session-counts.ts';

/** Words of 32 bits per record: hash of the exchange, hash of its session, where its row stands, and its rank. */
export const RECORD_WORDS = 6;

/** The exchange was not known. */
export const NEW = -1;
/** A record of it that counts as much, or more, came before. */
export const KNOWN = -2;

/** Which exchanges were counted, by which record, and in which sessions. */
export interface KnownTurns {
  /** Distinct sessions of the records that count. */
  readonly sessions: number;
  /**
   * Meets a record of an exchange; one without an id stands for itself. {@link NEW}: it counts. {@link KNOWN}: it does
   * not. Else it takes the place of a record of lower rank, and where that one stands is the answer.
   *
   * @param rank from 0 to 15
   * @param place where the record stands, a whole number
   */
  meet(id: string | null, rank: number, place: number, sessionId: string): number;
  /** The same for turns whose texts were hashed as `seeds` say: one answer for each, which has the rank in `ranks`. */
  meetAll(turns: PackedTurns, ranks: Uint8Array, placeOf: (row: number) => number): Float64Array;
  /** A session that began, whether or not a turn follows. */
  meetSession(sessionId: string): void;
  /** Makes room for so many more at once. */
  reserve(more: number): void;
  /**
   * Records since the last call, to be kept before any other is met: all of them, in their order, give the same table by
   * `load`.
   */
  takeRecords(): readonly Uint32Array[];
  /** Goes on with records that were kept; they are not to be written to any more. False: they are not what was kept. */
  load(records: Uint32Array): boolean;
}

/** Records of a block, as a power of two: where a record is is then told by its bits. */
const BLOCK_BITS = 14;
const BLOCK_MASK = 2 ** BLOCK_BITS - 1;
const BLOCK_WORDS = 2 ** BLOCK_BITS * RECORD_WORDS;
/** So many records are looked up at a time. */
const TOUCHED = 256;
const HIGH_BITS = 21;
const HIGH_MASK = 2 ** HIGH_BITS - 1;

/**
 * Records in their order, in blocks that are never copied, and an index over them: 64 bits of hash per id. A million
 * exchanges take 40 MiB where maps of texts take some hundred. The index is small, because a look into it is a look to
 * anywhere in it, and waiting for memory is most of what that costs.
 */
export function knownTurns(seeds: Seeds): KnownTurns {
  const blocks: Uint32Array[] = [];
  let count = 0;
  /** Records that were taken before. */
  let taken = 0;
  const blockOf = (record: number): Uint32Array => (blocks[record >>> BLOCK_BITS] ??= new Uint32Array(BLOCK_WORDS));
  const index = recordIndex((record) => blockOf(record)[(record & BLOCK_MASK) * RECORD_WORDS] ?? 0);
  const sessions = sessionCounts();
  let hasher: TextHasher | null = null;

  const writeHash = (text: string | null, words: Uint32Array, at: number): void => {
    if (text === null) {
      words[at] = 0;
      words[at + 1] = 0;
      return;
    }
    hasher ??= textHasher(seeds);
    hasher.hash(text);
    const { high, low } = hasher;
    words[at] = high;
    words[at + 1] = lowOf(high, low);
  };
  /** Takes the record that stands behind the last one; the same answers as `meet`. Only what counts stays. */
  const take = (): number => {
    const words = blockOf(count);
    const at = (count & BLOCK_MASK) * RECORD_WORDS;
    const high = words[at] ?? 0;
    const low = words[at + 1] ?? 0;
    let before = NEW;
    if (high !== 0 || low !== 0) {
      const record = index.find(high, low);
      if (record >= 0) {
        const theirs = blockOf(record);
        const theirAt = (record & BLOCK_MASK) * RECORD_WORDS;
        const theirRank = theirs[theirAt + 5] ?? 0;
        if ((words[at + 5] ?? 0) >>> HIGH_BITS <= theirRank >>> HIGH_BITS) return KNOWN;
        before = (theirRank & HIGH_MASK) * 2 ** 32 + (theirs[theirAt + 4] ?? 0);
        sessions.count(theirs[theirAt + 2] ?? 0, theirs[theirAt + 3] ?? 0, -1);
      }
      index.put(count);
    }
    sessions.count(words[at + 2] ?? 0, words[at + 3] ?? 0, 1);
    count += 1;
    return before;
  };
  const touchRecords = (from: number, to: number): void => {
    for (let record = from; record < to; record += 1) {
      index.touch(blockOf(record)[(record & BLOCK_MASK) * RECORD_WORDS + 1] ?? 0);
    }
  };
  const write = (sessionId: string, id: string | null, rankAndPlace: readonly [number, number]): void => {
    const words = blockOf(count);
    const at = (count & BLOCK_MASK) * RECORD_WORDS;
    // An empty id is an id; an empty session is none.
    writeHash(id, words, at);
    writeHash(sessionId === '' ? null : sessionId, words, at + 2);
    writePlace(words, at, rankAndPlace[0], rankAndPlace[1]);
  };

  return {
    get sessions() {
      return sessions.distinct;
    },
    meet(id, rank, place, sessionId) {
      write(sessionId, id, [rank, place]);
      return take();
    },
    meetAll(turns, ranks, placeOf) {
      const { words, first, stride, cells, count: rows } = turns;
      const met = new Float64Array(rows);
      const ids = new Uint32Array(rows);
      for (let row = 0, from = first; row < rows; row += 1, from += stride) {
        const cell = from + idCell(turns, from);
        ids[row] = cell;
        index.touch(words[cell + HASH_WORD] ?? 0);
      }
      for (let row = 0, session = first + cells.session; row < rows; row += 1, session += stride) {
        const own = blockOf(count);
        const at = (count & BLOCK_MASK) * RECORD_WORDS;
        copyHash(words, ids[row] ?? 0, own, at);
        // An empty session is none.
        if (isEmpty(words, session)) own.fill(0, at + 2, at + 4);
        else copyHash(words, session, own, at + 2);
        writePlace(own, at, ranks[row] ?? 0, placeOf(row));
        met[row] = take();
      }
      return met;
    },
    meetSession(sessionId) {
      if (sessionId === '') return;
      write(sessionId, null, [0, 0]);
      take();
    },
    reserve: (more) => index.reserve(count + more),
    takeRecords() {
      const fresh: Uint32Array[] = [];
      while (taken < count) {
        const from = taken & BLOCK_MASK;
        const records = Math.min(count - taken, BLOCK_MASK + 1 - from);
        fresh.push(blockOf(taken).subarray(from * RECORD_WORDS, (from + records) * RECORD_WORDS));
        taken += records;
      }
      return fresh;
    },
    load(kept) {
      if (count > 0) throw new RangeError('records are loaded before any other is met');
      const records = Math.floor(kept.length / RECORD_WORDS);
      index.reserve(records);
      for (let from = 0; from < kept.length; from += BLOCK_WORDS) blocks.push(kept.subarray(from, from + BLOCK_WORDS));
      while (count < records) {
        if (count % TOUCHED === 0) touchRecords(count, Math.min(count + TOUCHED, records));
        if (take() === KNOWN) return false;
      }
      // The last one is not whole, and goes on.
      const last = new Uint32Array(BLOCK_WORDS);
      last.set(blocks.pop() ?? []);
      blocks.push(last);
      taken = count;
      return true;
    },
  };
}

/** A hash is never zero in both words: that says that there is none. */
function lowOf(high: number, low: number): number {
  return high === 0 && low === 0 ? 1 : low;
}

function copyHash(words: Uint32Array, cell: number, to: Uint32Array, at: number): void {
  const high = words[cell + HASH_WORD + 1] ?? 0;
  to[at] = high;
  to[at + 1] = lowOf(high, words[cell + HASH_WORD] ?? 0);
}

function writePlace(words: Uint32Array, at: number, rank: number, place: number): void {
  words[at + 4] = place >>> 0;
  words[at + 5] = rank * 2 ** HIGH_BITS + Math.floor(place / 2 ** 32);
}
