/** Finds records by 64 bits of hash. */
export interface RecordIndex {
  /** Number of the record; -1: there is none. */
  find(high: number, low: number): number;
  /** The record takes the place at which `find` has just looked. */
  put(record: number): void;
  /** Has the place of a hash fetched: memory then answers for many at a time, and `find` need not wait for it. */
  touch(low: number): void;
  /** Makes room for so many at once. */
  reserve(count: number): void;
}

const FIRST_CAPACITY = 1024;

/**
 * Open addressing over a typed array. The low word of a hash stands beside the number of its record, so that records are
 * looked at only where it is the same, and not at all when the table grows. Hashes are never zero in both words.
 *
 * @param highAt high word of the hash of a record
 */
export function recordIndex(highAt: (record: number) => number): RecordIndex {
  let mask = FIRST_CAPACITY - 1;
  let size = 0;
  /** For each place the number of a record and one more, or 0 for none, and the low word of its hash. */
  let slots = new Uint32Array(2 * FIRST_CAPACITY);
  /** Only so that what `touch` reads is used for something. */
  let touched = 0;
  /** Where `find` looked last. */
  let place = 0;
  let placeLow = 0;

  const resize = (capacity: number): void => {
    const old = slots;
    mask = capacity - 1;
    // Filled from end to end, which is when the system hands out its pages: later it would do so twice, to be read and to
    // be written.
    slots = new Uint32Array(2 * capacity).fill(0);
    for (let at = 0; at < old.length; at += 2) {
      const record = old[at] ?? 0;
      if (record === 0) continue;
      const low = old[at + 1] ?? 0;
      let slot = low & mask;
      while (slots[2 * slot] !== 0) slot = (slot + 1) & mask;
      slots[2 * slot] = record;
      slots[2 * slot + 1] = low;
    }
  };
  return {
    find(high, low) {
      placeLow = low;
      for (place = low & mask; ; place = (place + 1) & mask) {
        const record = slots[2 * place] ?? 0;
        if (record === 0 || (slots[2 * place + 1] === low && highAt(record - 1) === high)) return record - 1;
      }
    },
    put(record) {
      if (slots[2 * place] === 0) size += 1;
      slots[2 * place] = record + 1;
      slots[2 * place + 1] = placeLow;
      if (size * 2 > mask + 1) resize(2 * (mask + 1));
    },
    touch(low) {
      touched ^= slots[2 * (low & mask)] ?? 0;
    },
    reserve(count) {
      let capacity = mask + 1;
      while (count * 2 > capacity) capacity *= 2;
      if (capacity > mask + 1) resize(capacity);
    },
  };
}
