import { appendFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startModule, startModuleWithLimit } from '../testing/child.ts';
import type { Child } from '../testing/child.ts';
import { sampleAt } from '../testing/samples.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { openBook } from './book.ts';
import type { NewRow } from './book.ts';
import { turnOfSample } from './turn-event.ts';
import { verifyJournals } from './verify.ts';

const built = (path: string): string => JSON.stringify(new URL(`../../dist/events/${path}`, import.meta.url).href);

/** A real process with a built book and a maker of turns (which refers to nothing outside itself); it says `ready` and waits for a line before it begins. */
function writerOf(dir: string, work: string): string {
  return `
    import { once } from 'node:events';
    import { openBook } from ${built('book.js')};
    import { turnOfSample } from ${built('turn-event.js')};
    ${sampleAt.toString()}
    const book = openBook(${JSON.stringify(dir)});
    const turn = (nth) => ({ ...turnOfSample(sampleAt(nth), 1_893_456_000), kind: 'turn' });
    const say = (words) => process.stdout.write(words + '\\n');
    say('ready');
    await once(process.stdin, 'data');
    process.stdin.destroy();
    ${work}
  `;
}

async function begin(writers: readonly Child[]): Promise<void> {
  await Promise.all(writers.map((writer) => writer.until((child) => child.stdout().startsWith('ready'))));
  for (const writer of writers) writer.process.stdin.write('go\n');
}

function turnsIn(dir: string): number[] {
  return [...openBook(dir).rows('windows.jsonl', ['turn'])].map((found) => {
    if (!found.ok) throw new Error(found.problem.message);
    return found.value.row.turn.tokens_in - 100;
  });
}

const sorted = (numbers: Iterable<number>): number[] => [...numbers].toSorted((a, b) => a - b);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, nth) => nth);

test('50 processes that write at once lose nothing and mix nothing up; what they share is there once', async () => {
  using dir = tempDir();
  const WRITERS = 50;
  // Each adds four rows of its own, one at a time, and two batches that overlap with its neighbours.
  const work = (nth: number): string => `
    let added = 0;
    for (let own = 0; own < 4; own += 1) {
      const result = await book.appendMany([turn(${10_000 + 4 * nth} + own)]);
      if (!result.ok) say(result.problem.message);
    }
    for (const from of [${nth}, ${nth + 3}]) {
      const result = await book.appendNew(Array.from({ length: 10 }, (_, at) => turn(from + at)));
      if (result.ok) added += result.value.added; else say(result.problem.message);
    }
    say('added ' + added);
  `;
  const writers = upTo(WRITERS).map((nth) => startModule(writerOf(dir.path, work(nth))));
  await begin(writers);
  const ended = await Promise.all(writers.map((writer) => writer.ended));
  for (const { code, stdout, stderr } of ended)
    expect([code, stderr, stdout]).toEqual([0, '', expect.stringMatching(/^ready\nadded \d+\n$/)]);
  const shared = ended.reduce((sum, { stdout }) => sum + Number(/added (\d+)/.exec(stdout)?.[1]), 0);
  expect(shared).toBe(WRITERS + 12);
  const expected = [...upTo(WRITERS + 12), ...upTo(4 * WRITERS).map((own) => 10_000 + own)];
  expect(sorted(turnsIn(dir.path))).toEqual(expected);
  expect(verifyJournals(dir.path).problems).toEqual([]);
}, 120_000);

test('writers killed at any moment lose no row they reported; those that come after add the rest once', async () => {
  using dir = tempDir();
  const reported = new Set<number>();
  // Both add the same turns, in batches, from where the other kills left them.
  const work = `
    for (let from = 0; ; from += 5) {
      const batch = Array.from({ length: 5 }, (_, at) => from + at);
      const result = await book.appendNew(batch.map(turn));
      say(result.ok ? batch.join(' ') : result.problem.message);
    }
  `;
  for (const lines of [3, 9, 20]) {
    const writers = [startModule(writerOf(dir.path, work)), startModule(writerOf(dir.path, work))];
    await begin(writers);
    await Promise.all(writers.map((writer) => writer.until((child) => child.stdout().split('\n').length > lines)));
    for (const writer of writers) writer.process.kill('SIGKILL');
    for (const { stdout } of await Promise.all(writers.map((writer) => writer.ended))) {
      // The last line may itself be cut.
      for (const line of stdout.split('\n').slice(1, -1)) for (const nth of line.split(' ')) reported.add(Number(nth));
    }
  }
  expect([...reported].every(Number.isInteger)).toBe(true);
  expect(reported.size).toBeGreaterThanOrEqual(15);
  const most = Math.max(...reported);
  const rows = upTo(most + 10).map(
    (nth) => ({ ...turnOfSample(sampleAt(nth), 1_893_456_000), kind: 'turn' }) as NewRow,
  );
  const before = turnsIn(dir.path);
  expect(sorted(reported).filter((nth) => !before.includes(nth))).toEqual([]);
  expect(await openBook(dir.path).appendNew(rows)).toMatchObject({ ok: true });
  expect(new Set(turnsIn(dir.path)).size).toBe(turnsIn(dir.path).length);
  expect(verifyJournals(dir.path).problems).toEqual([]);
}, 120_000);

test('a disk that fills up in the middle of a row keeps the rows before, and the rest comes later', async () => {
  using dir = tempDir();
  const book = openBook(dir.path);
  const LIMIT_KIB = 4096;
  const rows = upTo(4).map((nth) => ({ ...turnOfSample(sampleAt(nth), 1_893_456_000), kind: 'turn' }) as NewRow);
  const [first] = rows;
  if (first === undefined) throw new Error('no row');
  await book.appendNew([first]);
  const file = book.pathOf('windows.jsonl');
  const { size } = statSync(file);
  // Room for one row and a half.
  appendFileSync(file, '\n'.repeat(LIMIT_KIB * 1024 - Math.round(2.5 * size)));
  const writer = startModuleWithLimit(
    writerOf(dir.path, `say(JSON.stringify(await book.appendNew([1, 2, 3].map(turn))));`),
    LIMIT_KIB,
  );
  await begin([writer]);
  const { stdout } = await writer.ended;
  expect(JSON.parse(stdout.split('\n')[1] ?? '')).toMatchObject({
    ok: false,
    problem: { code: 'journal-unwritable', message: expect.stringContaining('after 1 of 3 rows') },
  });
  expect(verifyJournals(dir.path).problems).toMatchObject([{ code: 'torn-tail' }]);
  expect(await book.appendNew(rows)).toMatchObject({
    ok: true,
    value: { added: 2, known: 2, notes: [{ code: 'torn-tail' }] },
  });
  const read = [...book.rows('windows.jsonl', ['turn'])].flatMap((found) =>
    found.ok ? [found.value.row.turn.tokens_in - 100] : [],
  );
  expect(read).toEqual([0, 1, 2, 3]);
}, 60_000);
