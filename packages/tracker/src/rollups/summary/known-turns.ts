import { textHasher } from '../../learned-lines/text-hasher.ts';
import type { Seeds, TextHasher } from '../../learned-lines/text-hasher.ts';
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
  /** A session that began, whether or not a turn follows. */
  meetSession(sessionId: string): void;
  /** Records since the last call, to be kept: all of them, in their order, give the same table by `load`. */
  takeRecords(): Uint32Array;
  load(records: Uint32Array): void;
}

/** Records of a block, as a power of two: where a record is is then told by its bits. */
const BLOCK_BITS = 14;
const BLOCK_MASK = 2 ** BLOCK_BITS - 1;
const BLOCK_WORDS = 2 ** BLOCK_BITS * RECORD_WORDS;
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
  const turns = recordIndex((record) => ({ words: blockOf(record), at: (record & BLOCK_MASK) * RECORD_WORDS }));
  const sessions = sessionCounts();
  let hasher: TextHasher | null = null;

  /** Never zero in both words: that says that there is none. */
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
    words[at + 1] = high === 0 && low === 0 ? 1 : low;
  };
  /** Takes the record that stands behind the last one; the same answers as `meet`. Only what counts stays. */
  const take = (): number => {
    const words = blockOf(count);
    const at = (count & BLOCK_MASK) * RECORD_WORDS;
    const high = words[at] ?? 0;
    const low = words[at + 1] ?? 0;
    let before = NEW;
    if (high !== 0 || low !== 0) {
      const record = turns.find(high, low);
      if (record >= 0) {
        const theirs = blockOf(record);
        const theirAt = (record & BLOCK_MASK) * RECORD_WORDS;
        const theirRank = theirs[theirAt + 5] ?? 0;
        if ((words[at + 5] ?? 0) >>> HIGH_BITS <= theirRank >>> HIGH_BITS) return KNOWN;
        before = (theirRank & HIGH_MASK) * 2 ** 32 + (theirs[theirAt + 4] ?? 0);
        sessions.count(theirs[theirAt + 2] ?? 0, theirs[theirAt + 3] ?? 0, -1);
      }
      turns.put(high, low, count);
    }
    sessions.count(words[at + 2] ?? 0, words[at + 3] ?? 0, 1);
    count += 1;
    return before;
  };
  const write = (sessionId: string, id: string | null, rankAndPlace: readonly [number, number]): void => {
    const words = blockOf(count);
    const at = (count & BLOCK_MASK) * RECORD_WORDS;
    // An empty id is an id; an empty session is none.
    writeHash(id, words, at);
    writeHash(sessionId === '' ? null : sessionId, words, at + 2);
    words[at + 4] = rankAndPlace[1] >>> 0;
    words[at + 5] = rankAndPlace[0] * 2 ** HIGH_BITS + Math.floor(rankAndPlace[1] / 2 ** 32);
  };

  return {
    get sessions() {
      return sessions.distinct;
    },
    meet(id, rank, place, sessionId) {
      write(sessionId, id, [rank, place]);
      return take();
    },
    meetSession(sessionId) {
      if (sessionId === '') return;
      write(sessionId, null, [0, 0]);
      take();
    },
    takeRecords() {
      const fresh = new Uint32Array((count - taken) * RECORD_WORDS);
      for (let at = 0; taken < count;) {
        const from = taken & BLOCK_MASK;
        const records = Math.min(count - taken, BLOCK_MASK + 1 - from);
        fresh.set(blockOf(taken).subarray(from * RECORD_WORDS, (from + records) * RECORD_WORDS), at);
        at += records * RECORD_WORDS;
        taken += records;
      }
      return fresh;
    },
    load(kept) {
      turns.reserve(count + kept.length / RECORD_WORDS);
      for (let at = 0; at + RECORD_WORDS <= kept.length; at += RECORD_WORDS) {
        blockOf(count).set(kept.subarray(at, at + RECORD_WORDS), (count & BLOCK_MASK) * RECORD_WORDS);
        take();
      }
      taken = count;
    },
  };
}
