import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RequestScan } from './request-scan.ts';

function scan(body: string, cuts: readonly number[]) {
  const bytes = Buffer.from(body);
  const scanned = new RequestScan();
  let at = 0;
  for (const size of [...cuts, bytes.length]) {
    if (at < bytes.length) scanned.push(bytes.subarray(at, at + size));
    at += size;
  }
  return scanned.facts();
}

test('equals JSON.parse on bodies of clients, however they arrive', () => {
  const filler = fc.string({ unit: 'grapheme', maxLength: 200 });
  const bodies = fc.record({
    model: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
    stream: fc.option(fc.boolean(), { nil: undefined }),
    text: filler,
    repeat: fc.constantFrom(1, 40),
    modelLast: fc.boolean(),
  });
  fc.assert(
    fc.property(bodies, fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 6 }), (drawn, cuts) => {
      const { model, stream, text, repeat, modelLast } = drawn;
      // A prompt that quotes a request must not be mistaken for one.
      const messages = [{ role: 'user', content: text.repeat(repeat) + JSON.stringify({ model: 'no', stream: true }) }];
      const body = modelLast ? { messages, stream, model } : { model, messages, stream };
      expect(scan(JSON.stringify(body), cuts)).toEqual({ model, stream: stream === true });
    }),
    { numRuns: 300 },
  );
});

test('reads past white space and gives nothing for what is not there', () => {
  expect(scan('{ "model" : "a\\u0062c" ,\n "stream" :\n true }', [])).toEqual({ model: 'abc', stream: true });
  expect(scan('{"model":7,"stream":"true"}', [])).toEqual({ model: null, stream: false });
  expect(scan('', [])).toEqual({ model: null, stream: false });
});
