import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../testing/temp-dir.ts';
import { readPrices } from './read-prices.ts';

const known = new Set(['input_cost_per_token', 'output_cost_per_token', 'cache_read_input_token_cost']);

function read(text: string | Uint8Array | null): ReturnType<typeof readPrices> {
  using dir = tempDir();
  const file = join(dir.path, 'prices.json');
  if (text !== null) writeFileSync(file, text);
  return readPrices(file, { known });
}

const ENTRY = '{"input_cost_per_token": 3e-6, "output_cost_per_token": 15e-6, "max_tokens": 8192, "mode": "chat"}';

test.each([
  ['flat, with entries that price no token', `{"sample": {"mode": "image"}, "a*": ${ENTRY}}`],
  ['below models', `{"version": "mine", "models": {"a*": ${ENTRY}}}`],
])('a map %s', (_what, text) => {
  expect(read(text)).toMatchObject({
    ok: true,
    value: {
      prices: [['a*', { input_cost_per_token: 3e-6, output_cost_per_token: 15e-6 }]],
      id: expect.stringMatching(/^[0-9a-f]{8}$/),
      notes: [],
    },
  });
});

test('a name that looks like a price and is none of ours is said', () => {
  const text = '{"m": {"input_cost_per_token": 0, "output_cost_per_token": 0, "input_cost_per_tokens_batch": 1}}';
  expect(read(text)).toMatchObject({ ok: true, value: { notes: [{ message: expect.stringContaining('_batch') }] } });
});

test.each<[string, string | Uint8Array | null, number | undefined, string]>([
  ['missing', null, undefined, 'cannot be read (ENOENT)'],
  ['empty', '', undefined, 'is not JSON'],
  ['binary', Buffer.from([0, 255, 31, 139]), undefined, 'is not JSON'],
  ['cut short', `{\n"m": ${ENTRY},\n"n": {`, 3, 'is not JSON'],
  ['a list', '[]', 1, 'is no JSON object'],
  ['without a price', '{"m": {"mode": "chat"}}', 1, 'names no price'],
  ['an entry that is a number', '{\n"m": 3}', 2, 'm is no object'],
  ['a negative price', '{"m": {\n"input_cost_per_token": 1e-6,\n"output_cost_per_token": -1}}', 3, 'is -1'],
  ['a text', '{"m": {\n"input_cost_per_token": "3"}}', 2, 'is "3"'],
  ['dollars per million', '{"m": {\n\n"input_cost_per_token": 3}}', 3, '3 dollars for a million are 0.000003'],
  ['half a price', '{"n": {},\n"m": {"input_cost_per_token": 1e-6}}', 2, 'm has no output_cost_per_token'],
])('a file that is %s is refused by file and line, with what to write', (_what, text, line, message) => {
  const found = read(text);
  if (found.ok) throw new Error('it was read');
  const { problem } = found;
  expect(problem.code).toBe('unusable-config');
  expect(problem.message).toContain(message);
  expect(problem.remedy).toContain('--prices');
  if (line !== undefined)
    expect(problem).toMatchObject({ line, message: expect.stringContaining(`prices.json:${line}: `) });
});
