import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { requestIds } from './request-id.ts';

test('no two requests of a run have one id', () => {
  const ids = requestIds();
  const given = new Set(Array.from({ length: 300_000 }, ids));
  expect(given.size).toBe(300_000);
});

test('an id is 8 hex digits, wherever a run begins', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (first) => {
      const ids = requestIds(first);
      for (let nth = 0; nth < 20; nth += 1) expect(ids()).toMatch(/^[0-9a-f]{8}$/);
    }),
  );
});
