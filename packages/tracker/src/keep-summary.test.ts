import { appendFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TrackerEvent } from '@ccp/contracts';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { rollupChecks } from './commands/rollup-checks.ts';
import { openBook } from './events/book.ts';
import type { Book, NewRow } from './events/book.ts';
import { turnOfSample } from './events/turn-event.ts';
import { verifyJournals } from './events/verify.ts';
import { summaryKeeper } from './keep-summary.ts';
import { PROGRESS_FILE, SUMMARY_FILE } from './summary-files.ts';
import type { Refreshed, SummaryKeeper } from './keep-summary.ts';
import { PRICES } from './rollups/cost/price-map.ts';
import { arbitraryRow, arbitraryRows } from './testing/arbitrary-rows.ts';
import { sampleAt } from './testing/samples.ts';
import { tempDir } from './testing/temp-dir.ts';

const OPTIONS = { prices: PRICES, tz: 'Europe/Berlin', isTzChosen: false };

const keeperOf = (book: Book): SummaryKeeper => summaryKeeper(book, OPTIONS);

async function refreshed(keeper: SummaryKeeper, how?: 'added' | 'anew'): Promise<Refreshed> {
  const outcome = await keeper.refresh(how);
  if (!outcome.ok) throw new Error(outcome.problem.message);
  return outcome.value;
}

const filesOf = (dir: string): string[] =>
  [SUMMARY_FILE, PROGRESS_FILE].map((file) => readFileSync(join(dir, file), 'utf8'));
const turn = (nth: number, over: Parameters<typeof sampleAt>[1] = {}): NewRow =>
  turnOfSample(sampleAt(nth, over), 1_893_456_000 + nth) as NewRow;

/** Turns of few exchanges, told by several sources and sometimes twice, with sums that numbers can't add exactly. */
const specs = fc.record({
  nth: fc.nat(200_000),
  exchange: fc.option(fc.nat(6), { nil: null }),
  source: fc.constantFrom('shim', 'backfill', 'api', 'claude-log', 'codex-log', 'a b'),
  model: fc.constantFrom('claude-haiku-4-5', 'claude-sonnet-4-5', 'glm-4.6', 'made-up', '__proto__', ''),
  session: fc.constantFrom('', 's-1', 's-2', 'a session with a longer name'),
  input: fc.constantFrom(0, 1, 250_000, 2 ** 53 - 1, 1e20),
  share: fc.constantFrom(1, 1, 1, 0.1, 0.7),
  measurement: fc.option(fc.record({ feature_delta: fc.constantFrom(null, 1, 0.1), cls: fc.constantFrom(0.1, 1e16) })),
  capacity: fc.constantFrom(null, null, null, 0.1, 0.2, 1e15),
  unit: fc.constantFrom(undefined, 'pp', 'prompts'),
});
type Spec = typeof specs extends fc.Arbitrary<infer One> ? One : never;

/** @param later so many seconds later, and another record of the same exchange */
function rowOf(spec: Spec, later = 0): NewRow {
  const { exchange, source, model, session, input, share, measurement, capacity, unit } = spec;
  const nth = spec.nth + later;
  const epoch = later === 0 ? 'e1' : 'e'.repeat(3000);
  const sample = sampleAt(nth, { model, session_id: session, input_tokens: input, epoch });
  const row = turnOfSample(sample, 1_893_456_000 + nth);
  return {
    ...row,
    source,
    ...(measurement !== null && { measurement }),
    turn: {
      ...(row as Required<TrackerEvent>).turn,
      request_id: exchange === null ? null : `req_${exchange}`,
      attribution: { [model]: share },
      capacity_used: capacity,
      ...(unit !== undefined && { capacity_unit: unit }),
    },
  } as NewRow;
}

const turns = specs.map((spec) => rowOf(spec));
/** So many that a scan learns of them. */
const manyTurns = fc
  .array(specs, { minLength: 3, maxLength: 12 })
  .map((some) => Array.from({ length: 330 }, (_, nth) => rowOf(some[nth % some.length]!, nth * 3600)));

type Step = { readonly add: readonly NewRow[] } | { readonly takeBack: number } | { readonly again: true };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .array(fc.oneof(turns, arbitraryRow('turn'), arbitraryRows), { maxLength: 5 })
        .map((add) => ({ add }) as Step),
    },
    { weight: 1, arbitrary: fc.nat(20).map((takeBack) => ({ takeBack })) },
    { weight: 1, arbitrary: fc.constant({ again: true } as const) },
  ),
  { maxLength: 8 },
);

const manySteps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: manyTurns.map((add) => ({ add }) as Step) },
    { weight: 1, arbitrary: fc.nat(200).map((takeBack) => ({ takeBack })) },
    { weight: 1, arbitrary: fc.constant({ again: true } as const) },
    { weight: 1, arbitrary: turns.map((add) => ({ add: [add] }) as Step) },
  ),
  { minLength: 1, maxLength: 5 },
);

test.each([
  ['few rows', steps, 15],
  ['so many rows that they are read by what was learned', manySteps, 8],
])('%s in any portions give the bytes that all give at once, whoever reads them when', async (_what, all, numRuns) => {
  await fc.assert(
    fc.asyncProperty(all, async (todo) => {
      using dir = tempDir();
      const book = openBook(dir.path);
      let keeper = keeperOf(book);
      for (const step of todo) {
        if ('add' in step) {
          const added = await book.appendMany(step.add);
          if (!added.ok) throw new Error(added.problem.message);
        } else if ('takeBack' in step) {
          const rows = [...book.rows('windows.jsonl')].flatMap((found) => (found.ok ? [found.value] : []));
          const target = rows[step.takeBack % Math.max(1, rows.length)];
          if (target !== undefined) await book.takeBack(target as Parameters<Book['takeBack']>[0]);
        } else keeper = keeperOf(book);
        await refreshed(keeper);
      }
      await refreshed(keeper);
      const portions = filesOf(dir.path);
      expect(verifyJournals(dir.path, rollupChecks(dir.path, PRICES)).rollups.map(({ state }) => state)).toEqual([
        'same',
        'same',
      ]);
      await refreshed(keeperOf(book), 'anew');
      expect(filesOf(dir.path)).toEqual(portions);
    }),
    { numRuns },
  );
});

test('with nothing new nothing is written, and files that are gone come back', async () => {
  using dir = tempDir();
  const book = openBook(dir.path);
  await book.appendMany([turn(1), turn(2)]);
  const keeper = keeperOf(book);
  expect((await refreshed(keeper)).summary?.turns).toBe(2);
  const state = join(dir.path, 'state', 'summary.json');
  const before = statSync(state).ino;
  expect((await refreshed(keeper)).summary).toBe(null);
  expect((await refreshed(keeperOf(book))).summary).toBe(null);
  expect(statSync(state).ino).toBe(before);
  const texts = filesOf(dir.path);
  rmSync(join(dir.path, SUMMARY_FILE));
  writeFileSync(join(dir.path, PROGRESS_FILE), 'edited');
  await refreshed(keeper);
  expect(filesOf(dir.path)).toEqual(texts);
});

test.each(['state', 'records'])('a damaged %s file is noticed, and the journals are read again', async (which) => {
  using dir = tempDir();
  const book = openBook(dir.path);
  await book.appendMany([turn(1), turn(2)]);
  await refreshed(keeperOf(book));
  const { records } = JSON.parse(
    readFileSync(join(dir.path, 'state', 'summary.json'), 'utf8').split('\n')[1] ?? '',
  ) as {
    records: { name: string };
  };
  const file = join(dir.path, 'state', which === 'state' ? 'summary.json' : records.name);
  const bytes = readFileSync(file);
  bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  await book.appendMany([turn(3)]);
  expect((await refreshed(keeperOf(book))).summary).toMatchObject({ turns: 3, sessions: 1 });
});

test('a state of an older program is not used, and the journals are read again', async () => {
  using dir = tempDir();
  const book = openBook(dir.path);
  await book.appendMany([turn(1), turn(2)]);
  await refreshed(keeperOf(book));
  const file = join(dir.path, 'state', 'summary.json');
  const [head = '', body = ''] = readFileSync(file, 'utf8').split('\n');
  expect(JSON.parse(head)).toMatchObject({ format: 2 });
  writeFileSync(file, `${JSON.stringify({ ...(JSON.parse(head) as object), format: 1 })}\n${body}\n`);
  // Told again, by a record that an older hash would not know.
  await book.appendMany([turn(2, { rid: 'again', request_id: 'req_1' }), turn(3, { request_id: 'req_1' })]);
  expect((await refreshed(keeperOf(book))).summary).toMatchObject({ turns: 3, sessions: 1 });
  expect(JSON.parse(readFileSync(file, 'utf8').split('\n')[0] ?? '')).toMatchObject({ format: 2 });
});

test('two keepers take turns and count each row once', async () => {
  using dir = tempDir();
  const book = openBook(dir.path);
  const [one, other] = [keeperOf(book), keeperOf(openBook(dir.path))];
  for (let nth = 0; nth < 6; nth += 2) {
    await book.appendMany([turn(nth)]);
    await refreshed(one);
    await book.appendMany([turn(nth + 1)]);
    await refreshed(other);
  }
  expect((await refreshed(one)).summary).toBe(null);
  expect(JSON.parse(filesOf(dir.path)[0] ?? '')).toMatchObject({ turns: 6, model_value: { 'claude-sonnet-4-5': 6 } });
});

test('a row counts once its line has its end; what is no row is named by file and line', async () => {
  using dir = tempDir();
  const book = openBook(dir.path);
  await book.appendMany([turn(1)]);
  const file = join(dir.path, 'windows.jsonl');
  const line = readFileSync(file, 'utf8').replaceAll('00000001', '00000002');
  appendFileSync(file, `nonsense\n${line.slice(0, -1)}`);
  const keeper = keeperOf(book);
  const first = await refreshed(keeper);
  expect(first).toMatchObject({ summary: { turns: 1 }, notes: [{ file, line: 2, code: 'row-not-json' }] });
  appendFileSync(file, '\n');
  expect(await refreshed(keeper)).toMatchObject({ summary: { turns: 2 }, notes: [] });
});

test('the days are those of the zone that was chosen last, and the file names it', async () => {
  using dir = tempDir();
  const book = openBook(dir.path);
  // 23:30 in UTC is the next day in Berlin.
  await book.appendMany([turn(0, { ts: Date.parse('2030-01-31T23:30:00Z') / 1000 })]);
  await refreshed(keeperOf(book));
  expect(filesOf(dir.path)[1]).toMatch(/Days and weeks of Europe\/Berlin,[^]+\| 2030-02-01 Fri /);
  await refreshed(summaryKeeper(book, { ...OPTIONS, tz: 'UTC', isTzChosen: true }));
  expect(filesOf(dir.path)[1]).toMatch(/Days and weeks of UTC,[^]+\| 2030-01-31 Thu [^]+\| 2030-W05 /);
  expect((await refreshed(keeperOf(book))).summary).toBe(null);
  expect(verifyJournals(dir.path, rollupChecks(dir.path, PRICES)).problems).toEqual([]);
});

test('sums that rows were added behind are behind, not wrong; sums that were edited are wrong', async () => {
  using dir = tempDir();
  const book = openBook(dir.path);
  await book.appendMany([turn(0), turn(1)]);
  await refreshed(keeperOf(book));
  await book.appendMany([turn(2), turn(3), turn(4)]);
  const verified = (): ReturnType<typeof verifyJournals> => verifyJournals(dir.path, rollupChecks(dir.path, PRICES));
  expect(verified()).toMatchObject({
    rollups: [
      { state: 'behind', rowsSince: 3 },
      { state: 'behind', rowsSince: 3 },
    ],
    problems: [],
  });
  const summary = join(dir.path, SUMMARY_FILE);
  const text = readFileSync(summary, 'utf8');
  writeFileSync(summary, text.replace('"turns": 2', '"turns": 3'));
  expect(readFileSync(summary, 'utf8')).not.toBe(text);
  expect(verified().problems).toMatchObject([{ code: 'rollup-differs', file: summary }]);
  await refreshed(keeperOf(book));
  expect(verified()).toMatchObject({ rollups: [{ state: 'same' }, { state: 'same' }], problems: [] });
});
