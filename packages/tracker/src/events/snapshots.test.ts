import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CccSnapshot } from '@ccp/contracts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Outcome, Problem } from '../problem.ts';
import { snapshotOf, usageWith } from '../testing/fixtures.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { VERSION } from '../version.ts';
import { openBook } from './book.ts';
import { dataDir } from './data-dir.ts';
import { linesForward, linesFromEnd } from './lines.ts';

const row = (reqs: number): CccSnapshot => snapshotOf(usageWith(reqs));

/** The snapshots of a data folder, through the one door to its journals. */
function snapshotsIn(dir: string) {
  const book = openBook(dir);
  return {
    append: async (one: CccSnapshot): Promise<Outcome<readonly Problem[]>> => {
      const added = await book.append('ccc_snapshot', one);
      return added.ok ? { ok: true, value: added.value.notes } : added;
    },
    rows: () => [...book.rows('windows.jsonl', ['ccc_snapshot'])],
    newest: (accept?: (one: CccSnapshot) => boolean) => book.newest('ccc_snapshot', accept),
  };
}

function requestsIn(dir: string): (number | string)[] {
  return snapshotsIn(dir)
    .rows()
    .map((read) =>
      read.ok
        ? (read.value.row.usage.models['claude-sonnet-4-5']?.reqs ?? 'none')
        : `${read.problem.code}:${read.problem.line}`,
    );
}

const codeOf = (outcome: Outcome<unknown>): string | null => (outcome.ok ? null : outcome.problem.code);

describe('append', () => {
  test('writes a row that reads back the same, in a file and a folder nobody else may read', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'deep', 'data', 'windows.jsonl');
    const journal = snapshotsIn(join(dir.path, 'deep', 'data'));
    expect(await journal.append(row(1))).toEqual({ ok: true, value: [] });
    const header = { schema_version: '1.0.0', tool_version: VERSION };
    expect(journal.rows()).toMatchObject([{ ok: true, value: { row: { ...row(1), ...header } } }]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir.path, 'deep')).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir.path, 'deep', 'data')).mode & 0o777).toBe(0o700);
  });

  test('a row that breaks its contract is not written', async () => {
    using dir = tempDir();
    const journal = snapshotsIn(dir.path);
    const broken = { ...row(1), captured_at: 'yesterday' };
    expect(await journal.append(broken)).toMatchObject({
      ok: false,
      problem: { code: 'row-not-valid', pointer: '/captured_at' },
    });
    expect(journal.rows()).toEqual([]);
  });

  test.each(['{"kind":"ccc_sn', '{"name":"caf\u00E9'])(
    'a torn tail is closed, said, and spoils no other row: %s',
    async (tail) => {
      using dir = tempDir();
      const file = join(dir.path, 'windows.jsonl');
      const journal = snapshotsIn(dir.path);
      await journal.append(row(1));
      // Cut inside the last character, as a crash would.
      appendFileSync(file, Buffer.from(tail).subarray(0, -1));
      const { size } = statSync(file);
      const before = readFileSync(file);

      expect(await journal.append(row(2))).toMatchObject({
        ok: true,
        value: [{ code: 'torn-tail', message: expect.stringContaining(`byte ${size}`) }],
      });
      expect(await journal.append(row(3))).toEqual({ ok: true, value: [] });
      expect(requestsIn(dir.path)).toEqual([1, 'row-not-json:2', 2, 3]);
      expect(readFileSync(file).subarray(0, size)).toEqual(before);
    },
  );

  test('a whole last row without its line end is kept as a row', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'windows.jsonl');
    writeFileSync(file, JSON.stringify(row(1)));
    const journal = snapshotsIn(dir.path);
    expect(requestsIn(dir.path)).toEqual([1]);
    await journal.append(row(2));
    expect(requestsIn(dir.path)).toEqual([1, 2]);
  });

  test('a folder that cannot be made is a problem with a remedy', async () => {
    using dir = tempDir();
    writeFileSync(join(dir.path, 'taken'), '');
    const journal = snapshotsIn(join(dir.path, 'taken'));
    const appended = await journal.append(row(1));
    expect(appended).toMatchObject({
      ok: false,
      problem: { code: 'journal-unwritable', remedy: expect.stringContaining('--data-dir') },
    });
  });

  test('appends of one process are not mixed up', async () => {
    using dir = tempDir();
    const journal = snapshotsIn(dir.path);
    const appended = await Promise.all(Array.from({ length: 30 }, (_, n) => journal.append(row(n))));
    expect(appended.every(({ ok }) => ok)).toBe(true);
    const kept = requestsIn(dir.path);
    expect(kept).toHaveLength(30);
    expect(new Set(kept)).toEqual(new Set(Array.from({ length: 30 }, (_, n) => n)));
  });
});

describe('reading back', () => {
  test('blank lines are skipped; broken rows and rows of other families are named with file and line', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'windows.jsonl');
    const lines = [
      JSON.stringify(row(1)),
      '',
      '  \r',
      '{"window":"W0-01","finalized_at":"x"}',
      'nonsense',
      '{"kind":"ccc_snapshot"}',
      '42',
      JSON.stringify(row(2)),
    ];
    writeFileSync(file, lines.join('\n'));
    const journal = snapshotsIn(dir.path);
    expect(requestsIn(dir.path)).toEqual([
      1,
      'row-not-valid:4',
      'row-not-json:5',
      'row-not-valid:6',
      'foreign-row:7',
      2,
    ]);
    const problems = journal.rows().flatMap((read) => (read.ok ? [] : [read.problem]));
    expect(problems[2]).toMatchObject({
      file,
      line: 6,
      message: 'windows.jsonl:6: not a ccc_snapshot row: /captured_at is required',
    });
  });

  test('a file that is not there has no rows; one that cannot be read is a problem', async () => {
    using dir = tempDir();
    const missing = snapshotsIn(join(dir.path, 'none'));
    expect(missing.rows()).toEqual([]);
    expect(missing.newest()).toEqual({ ok: true, value: { row: null, passedOver: [] } });
    mkdirSync(join(dir.path, 'windows.jsonl'));
    const folder = snapshotsIn(dir.path);
    expect(folder.rows().map(codeOf)).toEqual(['journal-unreadable']);
    expect(codeOf(folder.newest())).toBe('journal-unreadable');
  });

  test('the newest row is found behind broken ones, which are named', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'windows.jsonl');
    writeFileSync(file, `${JSON.stringify(row(1))}\n${JSON.stringify(row(2))}\n{"window":"W"}\n{"kind":"ccc_`);
    const journal = snapshotsIn(dir.path);
    expect(journal.newest()).toMatchObject({
      ok: true,
      value: { row: row(2), passedOver: [{ code: 'row-not-json', file, line: 4 }] },
    });
    const first = journal.newest(({ usage }) => usage.models['claude-sonnet-4-5']?.reqs === 1);
    expect(first).toMatchObject({ ok: true, value: { row: row(1) } });
  });

  test('lines from the end are the lines from the start, backwards, whatever the bytes', () => {
    using dir = tempDir();
    const file = join(dir.path, 'any.jsonl');
    const piece = fc.oneof(
      fc.constantFrom('\n', '\n\n', ' ', 'é', '漢', 'x'.repeat(300_000)),
      fc.string({ maxLength: 20 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (parts) => {
        writeFileSync(file, parts.join(''));
        const fd = openSync(file, 'r');
        const { size } = statSync(file);
        const forward = [...linesForward(fd, { from: 0, to: size })];
        const backward = [...linesFromEnd(fd, size)];
        closeSync(fd);
        const shown = ({ bytes, offset }: { readonly bytes: Buffer; readonly offset: number }): string =>
          `${offset} ${bytes.toString()}`;
        expect(backward.map(shown).toReversed()).toEqual(forward.map(shown));
        const text = readFileSync(file);
        for (const { offset, line } of forward)
          expect(text.subarray(0, offset).filter((byte) => byte === 0x0a).length + 1).toBe(line);
      }),
      { numRuns: 40 },
    );
  });
});

test.each([
  ['/flag', { TRACKER_DATA_DIR: '/env', XDG_DATA_HOME: '/xdg' }, '/flag'],
  [undefined, { TRACKER_DATA_DIR: '/env', XDG_DATA_HOME: '/xdg' }, '/env'],
  [undefined, { TRACKER_DATA_DIR: '', XDG_DATA_HOME: '/xdg' }, '/xdg/ccp/tracker'],
  [undefined, { XDG_DATA_HOME: 'relative' }, '/home/a/.local/share/ccp/tracker'],
  [undefined, {}, '/home/a/.local/share/ccp/tracker'],
])('flag %s and %o keep journals in %s', (flag, env, dir) => {
  expect(dataDir(flag, env, '/home/a')).toBe(dir);
});
