import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PlainLines } from './plain-lines.ts';
import { readLog } from './read-log.ts';
import type { FileReport } from './read-log.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ccp-log-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function read(file: string, plain = new PlainLines()): Promise<{ report: FileReport; turns: unknown[] }> {
  const reading = readLog(file, { plain });
  const turns: unknown[] = [];
  for (;;) {
    const next = await reading.next();
    if (next.done === true) return { report: next.value, turns };
    for (const { details, ...turn } of next.value.turns) turns.push({ ...turn, ...details() });
  }
}

const completion = (nth: number): string =>
  `{"ts":${1_700_000_000 + nth}.25,"rid":"${nth.toString(16).padStart(8, '0')}","model":"m-${nth % 3}","lane":"a","status":200,"reason":"ok","op":"stream","input_tokens":${nth},"output_tokens":5,"latency_ms":1200,"err_type":""}`;
const decision = (nth: number): string =>
  `{"ts":${1_700_000_000 + nth},"rid":"${nth.toString(16).padStart(8, '0')}","model":"m-${nth % 3}","status":-1,"event":"decision"}`;

/** What happens to a log now and then: nothing of it is plain. */
const ODD = [
  '',
  '{}',
  '{"ts":1700000000.5,"rid":"caf\\u00e9","model":"modèle","status":200,"input_tokens":1,"output_tokens":2}',
  '{"ts":1700000001.5,"rid":"torn","model":"m',
  'no JSON at all',
  `{}${completion(7_000_001)}`,
  `${completion(7_000_002)}${completion(7_000_003)}`,
  '{"ts":1700000002.5,"rid":"x","model":"m","status":200,"input_tokens":1.5,"output_tokens":2,"more":{"a":[1]}}',
];

function logOf(count: number, oddEvery: number, long: readonly string[] = []): string {
  const lines: string[] = [];
  for (let nth = 0; nth < count; nth += 1) {
    lines.push(decision(nth), completion(nth));
    if (nth % oddEvery === oddEvery - 1) lines.push(ODD[((nth / oddEvery) % ODD.length) | 0] ?? '');
    if (nth % 5_000 === 4_999) lines.push(...long);
  }
  return lines.join('\n');
}

test.each([
  ['whole lines', `${logOf(15_000, 1e9)}\n`],
  ['odd lines, and a last one that is not whole', `${logOf(15_000, 97)}\n{"ts":17`],
  ['lines of 100 KB', logOf(15_000, 501, [`{"note":"${'x'.repeat(100_000)}"}`])],
  ['a line that is too long', logOf(15_000, 501, [`"${'x'.repeat(1_100_000)}`, 'y'.repeat(990_000)])],
])('a log with %s says the same when it is packed, and when others were read before', async (_, text) => {
  const file = join(dir, 'usage.jsonl');
  writeFileSync(file, text);
  const alone = await read(file);
  expect(alone.report.turns).toBeGreaterThan(14_000);
  const plain = new PlainLines();
  const before = join(dir, 'before.jsonl');
  writeFileSync(before, logOf(200, 7));
  await read(before, plain);
  expectSame(await read(file, plain), alone);
  // A packed one is read in other pieces, and not where they lie.
  writeFileSync(file, gzipSync(text, { level: 1 }));
  expectSame(await read(file), { ...alone, report: { ...alone.report, bytes: statSync(file).size } });
});

/** One by one: a difference of two lists of thousands would take minutes to print. */
function expectSame(one: Awaited<ReturnType<typeof read>>, other: typeof one): void {
  expect(one.report).toEqual(other.report);
  const at = one.turns.findIndex((turn, nth) => JSON.stringify(turn) !== JSON.stringify(other.turns[nth]));
  expect([at, one.turns[at]]).toEqual([-1, undefined]);
}
