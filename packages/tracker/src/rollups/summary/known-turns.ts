import { hashed, hashText } from '../../text-hash.ts';
import type { Seeds } from '../../text-hash.ts';

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

const FIRST_CAPACITY = 1024;
const BLOCK_WORDS = 1024 * RECORD_WORDS;
const HIGH_BITS = 21;
const HIGH_MASK = 2 ** HIGH_BITS - 1;

/**
 * Open addressing in typed arrays, 64 bits of hash per id: a million exchanges take 48 MiB where maps of texts take some
 * hundred, and the records of all of them are read back in a tenth of a second.
 */
export function knownTurns(seeds: Seeds): KnownTurns {
  const turns = table(FIRST_CAPACITY, RECORD_WORDS);
  const sessions = table(FIRST_CAPACITY, 3);
  let distinct = 0;
  /** Whole blocks first, then the one that is being filled: nothing is copied while it grows. */
  let blocks: Uint32Array[] = [];
  let block = new Uint32Array(BLOCK_WORDS);
  let used = 0;
  const scratch = new Uint32Array(RECORD_WORDS);

  const count = (high: number, low: number, by: 1 | -1): void => {
    if (high === 0 && low === 0) return;
    const slot = sessions.slotOf(high, low);
    const { words } = sessions;
    const before = words[slot + 2] ?? 0;
    if (words[slot] === 0 && words[slot + 1] === 0) {
      words[slot] = high;
      words[slot + 1] = low;
      words[slot + 2] = by;
      sessions.grew();
    } else words[slot + 2] = before + by;
    if (before === 0) distinct += 1;
    else if (before + by === 0) distinct -= 1;
  };
  /** Takes the record in `from` at `at`; the same answers as `meet`. */
  const take = (from: Uint32Array, at: number): number => {
    const high = from[at] ?? 0;
    const low = from[at + 1] ?? 0;
    const sessionHigh = from[at + 2] ?? 0;
    const sessionLow = from[at + 3] ?? 0;
    const rankAndPlace = from[at + 5] ?? 0;
    if (high === 0 && low === 0) {
      count(sessionHigh, sessionLow, 1);
      return NEW;
    }
    const slot = turns.slotOf(high, low);
    const { words } = turns;
    const isNew = words[slot] === 0 && words[slot + 1] === 0;
    const theirs = words[slot + 5] ?? 0;
    if (!isNew && rankAndPlace >>> HIGH_BITS <= theirs >>> HIGH_BITS) return KNOWN;
    const place = isNew ? NEW : (theirs & HIGH_MASK) * 2 ** 32 + (words[slot + 4] ?? 0);
    if (!isNew) count(words[slot + 2] ?? 0, words[slot + 3] ?? 0, -1);
    count(sessionHigh, sessionLow, 1);
    for (let word = 0; word < RECORD_WORDS; word += 1) words[slot + word] = from[at + word] ?? 0;
    if (isNew) turns.grew();
    return place;
  };
  const remember = (): void => {
    if (used === block.length) {
      blocks.push(block);
      block = new Uint32Array(BLOCK_WORDS);
      used = 0;
    }
    for (let word = 0; word < RECORD_WORDS; word += 1) block[used + word] = scratch[word] ?? 0;
    used += RECORD_WORDS;
  };
  const write = (at: number, text: string | null): void => {
    if (text === null || text === '') {
      scratch[at] = 0;
      scratch[at + 1] = 0;
      return;
    }
    hashText(text, seeds);
    scratch[at] = hashed.high;
    scratch[at + 1] = hashed.low;
  };

  return {
    get sessions() {
      return distinct;
    },
    meet(id, rank, place, sessionId) {
      // An empty id is an id: it is hashed with a length of its own.
      if (id === null) write(0, null);
      else {
        hashText(id, seeds);
        scratch[0] = hashed.high;
        scratch[1] = hashed.low;
      }
      write(2, sessionId);
      scratch[4] = place >>> 0;
      scratch[5] = rank * 2 ** HIGH_BITS + Math.floor(place / 2 ** 32);
      const met = take(scratch, 0);
      if (met !== KNOWN) remember();
      return met;
    },
    meetSession(sessionId) {
      if (sessionId === '') return;
      scratch.fill(0);
      write(2, sessionId);
      take(scratch, 0);
      remember();
    },
    takeRecords() {
      const taken = new Uint32Array(blocks.length * BLOCK_WORDS + used);
      for (const [nth, whole] of blocks.entries()) taken.set(whole, nth * BLOCK_WORDS);
      taken.set(block.subarray(0, used), blocks.length * BLOCK_WORDS);
      blocks = [];
      used = 0;
      return taken;
    },
    load(kept) {
      turns.reserve(kept.length / RECORD_WORDS);
      for (let at = 0; at + RECORD_WORDS <= kept.length; at += RECORD_WORDS) take(kept, at);
    },
  };
}

interface Table {
  words: Uint32Array;
  /** Index of the slot of a hash, or of the empty one where it belongs. */
  slotOf(high: number, low: number): number;
  /** A slot was filled. */
  grew(): void;
  /** Makes room for so many at once. */
  reserve(count: number): void;
}

function table(first: number, width: number): Table {
  let mask = first - 1;
  let size = 0;
  const self: Table = {
    words: new Uint32Array(first * width),
    slotOf(high, low) {
      const { words } = self;
      for (let at = low & mask; ; at = (at + 1) & mask) {
        const slot = at * width;
        const theirHigh = words[slot];
        const theirLow = words[slot + 1];
        if ((theirHigh === high && theirLow === low) || (theirHigh === 0 && theirLow === 0)) return slot;
      }
    },
    grew() {
      size += 1;
      if (size * 3 > (mask + 1) * 2) resize(2 * (mask + 1));
    },
    reserve(count) {
      let capacity = mask + 1;
      while (count * 3 > capacity * 2) capacity *= 2;
      if (capacity > mask + 1) resize(capacity);
    },
  };
  return self;

  function resize(capacity: number): void {
    const old = self.words;
    mask = capacity - 1;
    self.words = new Uint32Array((mask + 1) * width);
    for (let at = 0; at < old.length; at += width) {
      const [high = 0, low = 0] = [old[at], old[at + 1]];
      if (high === 0 && low === 0) continue;
      const slot = self.slotOf(high, low);
      for (let word = 0; word < width; word += 1) self.words[slot + word] = old[at + word] ?? 0;
    }
  }
}
