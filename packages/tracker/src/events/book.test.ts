import { appendFileSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../problem.ts';
import { arbitraryRows } from '../testing/arbitrary-rows.ts';
import { olderRows } from '../testing/older-rows.ts';
import { sampleAt } from '../testing/samples.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { VERSION } from '../version.ts';
import { openBook } from './book.ts';
import type { Book, NewRow } from './book.ts';
import { journalNames, journalOf } from './journal-files.ts';
import type { KeptRow } from './read-rows.ts';
import { turnOfSample } from './turn-event.ts';
import { verifyJournals } from './verify.ts';

const NOW = (): Date => new Date('2030-01-02T00:00:00Z');
const HEADER = { schema_version: '1.0.0', tool_version: VERSION };
const turn = (nth: number): NewRow => ({ ...turnOfSample(sampleAt(nth), 1_893_456_000), kind: 'turn' }) as NewRow;
const snapshot = (window: string): NewRow => ({
  ...{ kind: 'snapshot', window, provider: 'codex', phase: 'before', captured_at: '2030-01-01T00:00:00Z' },
  parsed: { weekly_pct: 82 },
});

function valuesOf<T>(outcomes: Iterable<Outcome<T>>): T[] {
  return [...outcomes].map((found) => {
    if (!found.ok) throw new Error(found.problem.message);
    return found.value;
  });
}
const keptIn = (book: Book): KeptRow<NewRow>[] => valuesOf(book.rows('windows.jsonl')) as KeptRow<NewRow>[];
const windowsIn = (book: Book): string[] => valuesOf(book.rows('snapshots.jsonl')).map(({ row }) => row.window);

test('every kind of row reads back as it was, with kind and versions, in the journal of its kind', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arbitraryRows, { maxLength: 8 }), async (rows) => {
      using dir = tempDir();
      const book = openBook(dir.path);
      expect(await book.appendMany(rows)).toEqual({ ok: true, value: { added: rows.length, known: 0, notes: [] } });
      for (const name of journalNames) {
        const expected = rows.filter(({ kind }) => journalOf(kind) === name);
        const found = valuesOf(book.rows(name)).map(({ row }) => row);
        // Through JSON: -0 and fields that are not there are written as JSON has them.
        expect(found).toEqual(expected.map((row) => JSON.parse(JSON.stringify({ ...row, ...HEADER })) as unknown));
        for (const { row } of valuesOf(book.rows(name)).slice(-1)) {
          expect(book.newest(row.kind)).toEqual({ ok: true, value: { row, passedOver: [] } });
        }
      }
    }),
    { numRuns: 60 },
  );
}, 30_000);

describe('what is refused is not written, and nothing beside it', () => {
  test.each<[string, object, object]>([
    [
      'a row that breaks its contract',
      { ...snapshot('b'), captured_at: 'soon' },
      { code: 'row-not-valid', pointer: '/captured_at' },
    ],
    ['a turn without a turn', { kind: 'turn' }, { code: 'row-not-valid', pointer: '/turn' }],
    [
      'a quality on another scale',
      { kind: 'window', window: 'W', finalized_at: '2030-01-01T00:00:00Z', quality_score: 4 },
      { code: 'row-not-valid', pointer: '/quality_score' },
    ],
    [
      'a row of more than a mebibyte',
      { ...snapshot('b'), raw_text: 'x'.repeat(1024 * 1024) },
      { code: 'row-too-large' },
    ],
  ])('%s', async (_what, row, problem) => {
    using dir = tempDir();
    const book = openBook(dir.path);
    expect(await book.appendMany([snapshot('a'), row as NewRow])).toMatchObject({ ok: false, problem });
    expect(windowsIn(book)).toEqual([]);
  });

  test('a row just below the limit is', async () => {
    using dir = tempDir();
    const book = openBook(dir.path);
    await book.appendMany([{ ...snapshot('a'), raw_text: 'x'.repeat(1024 * 1024 - 400) } as NewRow, snapshot('b')]);
    expect(windowsIn(book)).toEqual(['a', 'b']);
  });
});

test('one kind is read without the others, and a damaged row of the others is not its problem', async () => {
  using dir = tempDir();
  const book = openBook(dir.path);
  await book.appendMany([turn(1), { kind: 'window', window: 'W', finalized_at: '2030-01-01T00:00:00Z' }, turn(2)]);
  appendFileSync(book.pathOf('windows.jsonl'), '{"kind":"turn","turn":7}\nnonsense\n');
  expect([...book.rows('windows.jsonl', ['window'])]).toMatchObject([
    { ok: true, value: { row: { window: 'W' }, line: 2, older: null } },
    { ok: false, problem: { code: 'row-not-json', line: 5 } },
  ]);
  expect([...book.rows('windows.jsonl', ['turn'])].map(({ ok }) => ok)).toEqual([true, true, false, false]);
});

describe('appendNew', () => {
  test('adds what is new, also between two books, and counts the rest', async () => {
    using dir = tempDir();
    const [one, other] = [openBook(dir.path), openBook(dir.path)];
    expect(await one.appendNew([turn(1), turn(2), turn(2)])).toMatchObject({ value: { added: 2, known: 1 } });
    expect(await other.appendNew([turn(2), turn(3)])).toMatchObject({ value: { added: 1, known: 1 } });
    expect(await one.appendNew([turn(3), turn(4), turn(1)])).toMatchObject({ value: { added: 1, known: 2 } });
    expect(keptIn(one)).toHaveLength(4);
    expect(one.knownKeys('windows.jsonl')).toMatchObject({ ok: true, value: { size: 4 } });
  });

  test('rows without a key stand for themselves; a key may be chosen', async () => {
    using dir = tempDir();
    const book = openBook(dir.path);
    const byWindow = (row: NewRow | { kind: string }): string | null => ('window' in row ? (row.window ?? null) : null);
    expect(await book.appendNew([snapshot('a'), snapshot('a')])).toMatchObject({ value: { added: 2 } });
    expect(await book.appendNew([snapshot('a'), snapshot('b')], byWindow)).toMatchObject({
      value: { added: 1, known: 1 },
    });
    expect(windowsIn(book)).toEqual(['a', 'a', 'b']);
  });

  test('a row whose writing was cut short is not known; one that only lacks its line end is', async () => {
    using dir = tempDir();
    const book = openBook(dir.path);
    const file = book.pathOf('windows.jsonl');
    await book.appendNew([turn(1), turn(2)]);
    const whole = readFileSync(file);
    for (const cut of [1, 2, 3, 20, 200]) {
      writeFileSync(file, whole.subarray(0, whole.length - cut));
      const again = await openBook(dir.path).appendNew([turn(1), turn(2)]);
      expect([cut, again]).toMatchObject([cut, { value: { added: cut === 1 ? 0 : 1 } }]);
      expect([...book.rows('windows.jsonl')].filter(({ ok }) => ok)).toHaveLength(2);
      rmSync(file);
    }
  });

  test.each<[string, string]>([
    ['written with blanks', JSON.stringify(turn(1), null, 1).replaceAll('\n', ' ')],
    [
      'with its key in front',
      JSON.stringify({ dedupe_key: (turn(1) as { dedupe_key?: string }).dedupe_key, ...turn(1) }),
    ],
    ['with an event id only', JSON.stringify({ ...turn(1), dedupe_key: undefined })],
  ])('a row of another writer %s is known by its key', async (_what, line) => {
    using dir = tempDir();
    const book = openBook(dir.path);
    writeFileSync(book.pathOf('windows.jsonl'), `${line}\r\n`);
    expect(await book.appendNew([turn(1)])).toMatchObject({ value: { added: 0, known: 1 } });
  });

  test('keys with quotes, backslashes and other letters are told apart', async () => {
    using dir = tempDir();
    const key = fc.oneof(
      fc.string({ maxLength: 4 }),
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom('"', '\\', '","dedupe_key":"x'),
    );
    const book = openBook(dir.path);
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(key, async (dedupe_key) => {
        const added = await book.appendNew([{ ...turn(1), dedupe_key } as NewRow]);
        expect(added).toMatchObject({ value: { added: seen.has(dedupe_key) ? 0 : 1 } });
        expect(await openBook(dir.path).appendNew([{ ...turn(1), dedupe_key } as NewRow])).toMatchObject({
          value: { added: 0 },
        });
        seen.add(dedupe_key);
      }),
      { numRuns: 60 },
    );
  });

  test('a file that was replaced or removed is read anew', async () => {
    using dir = tempDir();
    const book = openBook(dir.path);
    await book.appendNew([turn(1)]);
    rmSync(book.pathOf('windows.jsonl'));
    expect(await book.appendNew([turn(1)])).toMatchObject({ value: { added: 1 } });
    writeFileSync(book.pathOf('windows.jsonl'), '');
    expect(await book.appendNew([turn(1)])).toMatchObject({ value: { added: 1 } });
  });
});

describe('takeBack', () => {
  test.each(olderRows)(
    'of $what: no reader sees it any more, and no byte of it is gone',
    async ({ file, row, kind }) => {
      using dir = tempDir();
      const book = openBook(dir.path, NOW);
      writeFileSync(
        book.pathOf(file),
        `${JSON.stringify({ ...row, nth: 1 })}\r\n${JSON.stringify({ ...row, nth: 2 })}`,
      );
      const before = readFileSync(book.pathOf(file));
      const [first] = valuesOf(book.rows(file)) as KeptRow<NewRow>[];
      if (first === undefined || kind === 'tombstone') throw new Error('no row');
      expect(await book.takeBack(first, 'a slip')).toEqual({ ok: true, value: true });
      expect(await book.takeBack(first, 'again')).toEqual({ ok: true, value: false });
      expect(valuesOf(book.rows(file)).map(({ row: kept }) => (kept as { nth?: number }).nth)).toEqual([2]);
      expect(book.newest(kind)).toMatchObject({ ok: true, value: { row: { nth: 2 }, passedOver: [] } });
      const after = readFileSync(book.pathOf(file));
      expect(after.subarray(0, before.length)).toEqual(before);
      expect(after.toString().trim().split('\n')).toHaveLength(3);
      const { problems, journals } = verifyJournals(dir.path);
      expect(problems).toEqual([]);
      expect(journals).toMatchObject([{ takenBack: 1, counts: { [kind]: 1, tombstone: 1 } }]);
    },
  );

  test('a row may be written again after it was taken back, and be taken back again', async () => {
    using dir = tempDir();
    const book = openBook(dir.path, NOW);
    for (let round = 0; round < 2; round += 1) {
      await book.appendMany([snapshot('a'), snapshot('b')]);
      expect(windowsIn(book)).toEqual(['b', 'a', 'b'].slice(1 - round));
      const last = valuesOf(book.rows('snapshots.jsonl')).find(({ row }) => row.window === 'a');
      if (last === undefined) throw new Error('no row');
      expect(await book.takeBack(last)).toEqual({ ok: true, value: true });
    }
    expect(windowsIn(book)).toEqual(['b', 'b']);
  });

  test('a turn that was taken back does not come again by itself', async () => {
    using dir = tempDir();
    const book = openBook(dir.path, NOW);
    await book.appendNew([turn(1)]);
    const [kept] = keptIn(book);
    if (kept !== undefined) await book.takeBack(kept);
    expect(await book.appendNew([turn(1)])).toMatchObject({ value: { added: 0, known: 1 } });
    expect(keptIn(book)).toEqual([]);
  });

  test('a row that is not there any more is a problem', async () => {
    using dir = tempDir();
    const book = openBook(dir.path, NOW);
    await book.appendMany([snapshot('a')]);
    const [kept] = valuesOf(book.rows('snapshots.jsonl'));
    if (kept === undefined) throw new Error('no row');
    const gone = { ok: false, problem: { code: 'no-such-row', line: 1 } };
    writeFileSync(book.pathOf('snapshots.jsonl'), `${JSON.stringify(snapshot('b'))}\n`);
    expect(await book.takeBack(kept)).toMatchObject(gone);
    rmSync(book.pathOf('snapshots.jsonl'));
    expect(await book.takeBack(kept)).toMatchObject(gone);
  });
});

test('files are 0600 in a folder of 0700', async () => {
  using dir = tempDir();
  const book = openBook(join(dir.path, 'data'));
  await book.appendMany([turn(1), snapshot('a')]);
  expect(statSync(book.dir).mode & 0o777).toBe(0o700);
  for (const name of ['windows.jsonl', 'snapshots.jsonl'] as const)
    expect(statSync(book.pathOf(name)).mode & 0o777).toBe(0o600);
});

test('a disk that is full is a problem, not a row', async () => {
  using dir = tempDir();
  const book = openBook(dir.path);
  symlinkSync('/dev/full', book.pathOf('windows.jsonl'));
  expect(await book.append('turn', turn(1) as never)).toMatchObject({
    ok: false,
    problem: { code: 'journal-unwritable', message: expect.stringContaining('ENOSPC') },
  });
  expect(await book.appendMany([snapshot('a')])).toMatchObject({ ok: true });
});
