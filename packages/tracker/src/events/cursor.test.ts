import { appendFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { tempDir } from '../testing/temp-dir.ts';
import { openBook } from './book.ts';
import type { Book } from './book.ts';
import { parseCursor } from './cursor.ts';
import type { Cursor } from './cursor.ts';

/** Keeps its sum between looks, as a rollup does; `n` of every anomaly, and the lines of problems. */
function follower(book: () => Book) {
  let cursor: Cursor | null = null;
  let seen: string[] = [];
  return () => {
    const followed = book().follow('anomalies.jsonl', cursor);
    if (!followed.ok) throw new Error(followed.problem.message);
    const { restarted, rows, cursor: next, pendingBytes } = followed.value;
    if (restarted !== null) seen = [];
    for (const found of rows)
      seen.push(found.ok ? found.value.row.notes : `${found.problem.code}:${found.problem.line}`);
    // As it is kept between two runs.
    cursor = parseCursor(JSON.parse(JSON.stringify(next)));
    return { restarted, seen: [...seen], pendingBytes };
  };
}

const line = (notes: string): string =>
  `${JSON.stringify({ kind: 'anomaly', captured_at: '2030-01-01T00:00:00Z', notes })}\n`;

test('a look reads what came since; half a line is not read before it is whole', () => {
  using dir = tempDir();
  const file = join(dir.path, 'anomalies.jsonl');
  const look = follower(() => openBook(dir.path));
  expect(look()).toEqual({ restarted: null, seen: [], pendingBytes: 0 });
  writeFileSync(file, line('a') + line('b'));
  expect(look()).toEqual({ restarted: 'first', seen: ['a', 'b'], pendingBytes: 0 });
  expect(look()).toEqual({ restarted: null, seen: ['a', 'b'], pendingBytes: 0 });
  appendFileSync(file, line('c').slice(0, 10));
  expect(look()).toEqual({ restarted: null, seen: ['a', 'b'], pendingBytes: 10 });
  appendFileSync(file, `${line('c').slice(10)}nonsense\n`);
  expect(look()).toEqual({ restarted: null, seen: ['a', 'b', 'c', 'row-not-json:4'], pendingBytes: 0 });
});

test.each<[string, (file: string) => void, object]>([
  ['shrank', (file) => truncateSync(file, line('a').length), { restarted: 'shrunk', seen: ['a'] }],
  [
    'was replaced by a longer one',
    (file) => {
      writeFileSync(`${file}.new`, line('x') + line('y') + line('z') + line('z'));
      renameSync(`${file}.new`, file);
    },
    { restarted: 'replaced', seen: ['x', 'y', 'z', 'z'] },
  ],
  [
    'was written over in place',
    (file) => writeFileSync(file, line('x') + line('y') + line('z')),
    { restarted: 'replaced', seen: ['x', 'y', 'z'] },
  ],
  ['is gone', (file) => rmSync(file), { restarted: 'gone', seen: [] }],
])('a file that %s is read from its start', (_what, change, expected) => {
  using dir = tempDir();
  const file = join(dir.path, 'anomalies.jsonl');
  writeFileSync(file, line('a') + line('b'));
  const look = follower(() => openBook(dir.path));
  look();
  change(file);
  expect(look()).toMatchObject(expected);
  expect(look()).toMatchObject({ ...expected, restarted: null });
});

test('a row that is taken back after it was read is read no more', async () => {
  using dir = tempDir();
  const book = openBook(dir.path);
  writeFileSync(book.pathOf('anomalies.jsonl'), line('a') + line('b'));
  const look = follower(() => book);
  look();
  const [first] = [...book.rows('anomalies.jsonl')];
  if (!first?.ok) throw new Error('no row');
  await book.takeBack(first.value);
  expect(look()).toMatchObject({ restarted: 'taken-back', seen: ['b'] });
  appendFileSync(book.pathOf('anomalies.jsonl'), line('a'));
  expect(look()).toMatchObject({ restarted: null, seen: ['b', 'a'] });
});

test('rows may be read later: what was added meanwhile waits, a replaced file is a problem', () => {
  using dir = tempDir();
  const file = join(dir.path, 'anomalies.jsonl');
  writeFileSync(file, line('a'));
  const followed = openBook(dir.path).follow('anomalies.jsonl', null);
  if (!followed.ok) throw new Error(followed.problem.message);
  appendFileSync(file, line('b'));
  expect([...followed.value.rows]).toMatchObject([{ value: { row: { notes: 'a' } } }]);
  writeFileSync(file, line('x') + line('y'));
  expect([...followed.value.rows]).toMatchObject([{ problem: { code: 'journal-unreadable' } }]);
});

test('only new bytes are read', () => {
  using dir = tempDir();
  const file = join(dir.path, 'anomalies.jsonl');
  // Behind the head that tells one file from another.
  writeFileSync(file, line('a').repeat(100));
  const book = openBook(dir.path);
  const first = book.follow('anomalies.jsonl', null);
  if (!first.ok) throw new Error(first.problem.message);
  const spoilt = readFileSync(file);
  spoilt.fill('#', 4200, 4300);
  writeFileSync(file, spoilt);
  appendFileSync(file, line('b'));
  const second = book.follow('anomalies.jsonl', first.value.cursor);
  expect(second).toMatchObject({ ok: true, value: { restarted: null } });
  expect(second.ok && [...second.value.rows]).toMatchObject([{ ok: true, value: { row: { notes: 'b' }, line: 101 } }]);
});

test.each([
  null,
  7,
  {},
  { dev: '1' },
  { dev: '1', ino: '2', size: 1, headBytes: 1, headSha256: '', offset: -1, lines: 0 },
])('%j is no cursor', (value) => expect(parseCursor(value)).toBe(null));

type Step = ['write', string] | ['take back', number];
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'c', '漢').map(line) },
  fc.constantFrom(
    '\n',
    ' \n',
    'x\n',
    '{"kind":"tomb',
    line('d').slice(0, 20),
    line('d').slice(20),
    '{"kind":"weather"}\r\n',
  ),
);
const steps = fc.array<Step>(
  fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.constant('write' as const), piece) },
    fc.tuple(fc.constant('take back' as const), fc.nat(5)),
  ),
  { maxLength: 14 },
);

test('however a file grew, following it gives what reading it whole gives', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      using dir = tempDir();
      const book = openBook(dir.path);
      const look = follower(() => openBook(dir.path));
      for (const [what, how] of taken) {
        if (what === 'write') appendFileSync(book.pathOf('anomalies.jsonl'), how);
        else {
          const kept = [...book.rows('anomalies.jsonl')].flatMap((found) => (found.ok ? [found.value] : []))[how];
          if (kept !== undefined) await book.takeBack(kept);
        }
        const { seen, pendingBytes } = look();
        const whole = [...book.rows('anomalies.jsonl')].map((found) =>
          found.ok ? found.value.row.notes : `${found.problem.code}:${found.problem.line}`,
        );
        // The last line comes later when it has no end, if it is not blank.
        expect(whole.slice(0, seen.length)).toEqual(seen);
        expect(whole.length - seen.length).toBeLessThanOrEqual(pendingBytes > 0 ? 1 : 0);
      }
    }),
    { numRuns: 150 },
  );
}, 30_000);
