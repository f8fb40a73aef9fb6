import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashKey, keySet } from './key-set.ts';
import { hashed } from './text-hash.ts';
import { hashTurnKey, turnKey } from './turn-key.ts';

const REST = { model: 'm', lane: '', latencyMs: 0, inputTokens: 1, outputTokens: 2 };
const rids = fc.stringMatching(/^[ -~]{1,300}$/);
const times = fc.oneof(
  fc.double({ min: 0, max: 1e10, noNaN: true }),
  fc.nat(4e9).map((ts) => ts / 1000),
  fc.constantFrom(0, 0.001, 0.999, 1, 999.999, 1000, 999_999.999, 1e6, 2_147_483_647, 4_294_967_296, 1e10),
);

test('the key of a turn in memory is hashed to what its text is', () => {
  fc.assert(
    fc.property(rids, times, fc.nat(5), (rid, ts, before) => {
      const key = turnKey({ ...REST, rid, ts });
      hashKey(key);
      const expected = { ...hashed };
      const bytes = Buffer.from(`${'"'.repeat(before)}${rid}"@1`);
      hashTurnKey(bytes, before, before + rid.length, ts);
      expect(hashed).toEqual(expected);
      const keys = keySet();
      expect([keys.hasHashed(), keys.addHashed(), keys.has(key), keys.addHashed()]).toEqual([false, true, true, false]);
    }),
    { numRuns: 1_000 },
  );
});
