/** Finds records by the 64 bits of hash they begin with. */
export interface RecordIndex {
  /** Number of the record; -1: there is none. */
  find(high: number, low: number): number;
  /** Takes the place of a record of the same hash. */
  put(high: number, low: number, record: number): void;
  /** Makes room for so many at once. */
  reserve(count: number): void;
}

const FIRST_CAPACITY = 1024;

/** Open addressing over typed arrays. `hashAt` gives the words of a record, the hash first; hashes are never zero in both. */
export function recordIndex(
  hashAt: (record: number) => { readonly words: Uint32Array; readonly at: number },
): RecordIndex {
  let mask = FIRST_CAPACITY - 1;
  let size = 0;
  /** The number of a record and one more; 0: none. */
  let slots = new Uint32Array(FIRST_CAPACITY);

  /** Of a hash, or the empty one where it belongs. */
  const slotOf = (high: number, low: number): number => {
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const record = slots[slot] ?? 0;
      if (record === 0) return slot;
      const { words, at } = hashAt(record - 1);
      if (words[at] === high && words[at + 1] === low) return slot;
    }
  };
  const resize = (capacity: number): void => {
    const old = slots;
    mask = capacity - 1;
    slots = new Uint32Array(capacity);
    for (const record of old) {
      if (record === 0) continue;
      const { words, at } = hashAt(record - 1);
      let slot = (words[at + 1] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = record;
    }
  };
  return {
    find: (high, low) => (slots[slotOf(high, low)] ?? 0) - 1,
    put(high, low, record) {
      const slot = slotOf(high, low);
      if (slots[slot] === 0) size += 1;
      slots[slot] = record + 1;
      if (size * 2 > mask + 1) resize(2 * (mask + 1));
    },
    reserve(count) {
      let capacity = mask + 1;
      while (count * 2 > capacity) capacity *= 2;
      if (capacity > mask + 1) resize(capacity);
    },
  };
}
