import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseLine } from './parse-line.ts';
import { walkLine } from './walk-line.ts';

/** Both readers on one line; the walker may leave it to the parser. */
function compare(bytes: Buffer): 'walked' | 'left' {
  const walked = walkLine(bytes, 0, bytes.length);
  if (walked === null) return 'left';
  expect(walked).toEqual(parseLine(bytes.toString('utf8')));
  return 'walked';
}

const count = fc.oneof(
  fc.nat(),
  fc.constantFrom<unknown>(null, -1, 1.5, 1e21, 9_007_199_254_740_992, '7', [], true, 0),
);
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', 'msg_1', '2030-01-01T00:00:00.000Z', 'é\\"\n'),
);
const some = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> =>
  fc.record(fields, { requiredKeys: [] });
const odd = fc.oneof(fc.jsonValue({ maxDepth: 2 }), count);
const usage = some({
  input_tokens: count,
  output_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  cache_creation: fc.oneof(
    { arbitrary: some({ ephemeral_1h_input_tokens: count, ephemeral_5m_input_tokens: count }), weight: 4 },
    odd,
  ),
  service_tier: text,
  iterations: fc.constant([{ input_tokens: 5 }]),
});
const often = (usual: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => fc.oneof({ arbitrary: usual, weight: 9 }, odd);
const record = some({
  type: text,
  message: often(
    some({
      id: often(text),
      model: often(fc.constantFrom('claude-sonnet-4-5', '<synthetic>', 'glm-4.7')),
      content: fc.jsonValue({ maxDepth: 3 }),
      usage: often(usage),
    }),
  ),
  timestamp: often(fc.constantFrom('2030-01-01T00:00:00.000Z', 'noon', '')),
  requestId: often(text),
  sessionId: often(text),
  isSidechain: often(fc.boolean()),
  isApiErrorMessage: fc.boolean(),
  toolUseResult: some({ usage, message: fc.constant({ id: 'x', usage: { input_tokens: 9 } }) }),
});
const members = fc.array(record, { minLength: 1, maxLength: 2 });

test('a walked line says what the parsed one says: any fields, any order, keys told twice', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(members, fc.constantFrom<string | number | undefined>(undefined, 2), (records, space) => {
      const joined = records
        .map((one) => JSON.stringify(one, null, space).slice(1, -1))
        .filter((inner) => inner !== '');
      const line = `{${joined.join(',')}}`;
      seen.add(compare(Buffer.from(line)));
    }),
    { numRuns: 1500 },
  );
  expect(seen).toEqual(new Set(['walked', 'left']));
});

test('a line that was cut, torn into another or had bytes changed is walked as it is parsed', () => {
  const line = Buffer.from(
    '{"a":[1,-2.5e+3,"\\u00e9\\n",{"b":null}],"message":{"id":"msg_1","model":"m","usage":{"input_tokens":1,"output_tokens":20}},"timestamp":"2030-01-01T00:00:00Z","isSidechain":false}',
  );
  for (let cut = 0; cut < line.length; cut += 1) {
    compare(line.subarray(0, cut));
    compare(Buffer.concat([line.subarray(0, cut), line]));
  }
  fc.assert(
    fc.property(
      fc.nat(line.length - 1),
      fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('"\\{}[],:0e.-u '))),
      (at, byte) => {
        const changed = Buffer.from(line);
        changed[at] = byte;
        compare(changed);
      },
    ),
    { numRuns: 3000 },
  );
});

test('the lines Claude Code writes are walked, not parsed', () => {
  const line = (extra: object): Buffer =>
    Buffer.from(
      JSON.stringify({
        parentUuid: null,
        isSidechain: false,
        message: {
          id: 'msg_1',
          model: 'm',
          role: 'assistant',
          content: [{ type: 'text', text: 'naïve "x"\\' }],
          usage: { input_tokens: 1, output_tokens: 2 },
        },
        requestId: 'r',
        timestamp: '2030-01-01T00:00:00Z',
        ...extra,
      }),
    );
  expect(compare(line({}))).toBe('walked');
  expect(compare(line({ toolUseResult: { usage: { input_tokens: 5 } } }))).toBe('walked');
  expect(compare(Buffer.from('{"type":"user","toolUseResult":{"usage":{"input_tokens":5}}}'))).toBe('walked');
});
