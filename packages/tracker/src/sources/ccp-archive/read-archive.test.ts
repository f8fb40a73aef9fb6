import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../testing/temp-dir.ts';
import { originalDatabase } from '../../testing/usage-database.ts';
import type { ArchiveTurn, TurnDetails } from './archive-turn.ts';
import { readArchive } from './read-archive.ts';
import type { ArchiveReport } from './read-archive.ts';
import { readLog } from './read-log.ts';

const FIXTURES = fileURLToPath(new URL('../../../../../fixtures/shim/logs/', import.meta.url));

type ReadTurn = ArchiveTurn & TurnDetails;

interface Read extends ArchiveReport {
  readonly turns: readonly ReadTurn[];
}

async function read(root: string): Promise<Read> {
  const turns: ReadTurn[] = [];
  const reading = readArchive([root]);
  for (;;) {
    const next = await reading.next();
    if (next.done === true) return { turns, ...next.value };
    for (const turn of next.value.turns) turns.push({ ...turn, ...turn.details() });
  }
}

function put(root: string, name: string, text: string | Uint8Array): string {
  const file = join(root, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const line = (n: number, more: object = {}): string =>
  JSON.stringify({
    ...{ ts: 1768392000 + n, rid: n.toString(16).padStart(8, '0'), lane: 'zai', model: 'glm-4.6', status: 200 },
    ...{ input_tokens: n, output_tokens: 1, latency_ms: 5, reason: 'ok', op: 'stream', ...more },
  });
const lines = (from: number, count: number): string =>
  Array.from({ length: count }, (_, index) => `${line(from + index)}\n`).join('');
const ridsOf = ({ turns }: Read): string[] => turns.map((turn) => turn.sample.rid);
const codesOf = ({ files, problems }: Read): string[] =>
  [...problems, ...files.flatMap((file) => file.problems)].map(({ code }) => code);

test('logs of the original program and of ours, as damaged disks leave them', async () => {
  using dir = tempDir();
  mkdirSync(join(dir.path, 'logs/archive'), { recursive: true });
  cpSync(join(FIXTURES, 'original-usage.jsonl'), join(dir.path, 'logs/archive/usage-20260114-120000.jsonl'));
  cpSync(join(FIXTURES, 'usage.jsonl'), join(dir.path, 'logs/usage.jsonl'));
  const result = await read(dir.path);
  expect(ridsOf(result)).toEqual(['00000001', '00000002', '00000003', '00000004', '00000005', '00000007', '0000000a']);
  expect(result.files.map(({ passed }) => passed)).toEqual([
    { seeds: 1, 'decision lines': 1, 'early stream lines': 1 },
    { 'decision lines': 1, 'other requests': 1 },
  ]);
  expect(result.files[0]?.problems.map(({ code, line: at }) => [code, at])).toEqual([
    ['line-not-json', 6],
    ['line-not-usable', 8],
    ['line-not-json', 9],
    ['line-not-json', 10],
  ]);
});

test('rotated logs of every name, packed ones too, the oldest first', async () => {
  using dir = tempDir();
  put(dir.path, 'logs/usage.jsonl', lines(6, 1));
  put(dir.path, 'logs/usage.jsonl.1', lines(5, 1));
  put(dir.path, 'logs/usage.jsonl.2.gz', gzipSync(lines(4, 1)));
  put(dir.path, 'logs/usage.jsonl.10', lines(3, 1));
  put(dir.path, 'logs/archive/usage-20260114-120000.jsonl', lines(1, 1));
  // By its first bytes, whatever it is called.
  put(dir.path, 'logs/archive/usage-20260115T000000000Z.jsonl', gzipSync(lines(2, 1)));
  put(dir.path, 'logs/anomalies.jsonl', line(9));
  put(dir.path, 'logs/other-usage.txt', line(9));
  const result = await read(dir.path);
  expect(ridsOf(result)).toEqual([1, 2, 3, 4, 5, 6].map((n) => `0000000${n}`));
  expect(codesOf(result)).toEqual([]);
});

test('a log cut at every byte gives every line before the cut, and the same turns in pieces of any size', async () => {
  using dir = tempDir();
  const text = Buffer.from(`{}${line(1)}\n${line(2, { model: 'modèle' })}${line(3)}\n\n${line(4)}\n`);
  const ends = [...text.toString('latin1').matchAll(/"op":"stream"[^}]*}/g)].map(
    ({ index, 0: found }) => index + found.length,
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(text.length), async (cut) => {
      const file = put(dir.path, 'usage.jsonl', text.subarray(0, cut));
      const result = await read(dir.path);
      expect(result.turns).toHaveLength(ends.filter((end) => end <= cut).length);
      const torn = !ends.includes(cut) && text[cut - 1] !== 0x0a && cut !== 2;
      expect(codesOf(result)).toEqual(cut === 0 ? ['empty-text'] : torn ? ['line-not-json'] : []);
      rmSync(file);
    }),
    { numRuns: 150 },
  );
});

describe('what can not be read is named', () => {
  test('an empty file, a binary one, packed ones cut short', async () => {
    using dir = tempDir();
    const packed = gzipSync(Array.from({ length: 12_000 }, (_, n) => `${line(n, { x: Math.random() })}\n`).join(''));
    put(dir.path, 'logs/usage.jsonl.4', '');
    put(dir.path, 'logs/usage.jsonl.3', Buffer.concat([Buffer.from('\u007fELF\0\0'), Buffer.alloc(100_000, 7)]));
    put(dir.path, 'logs/usage.jsonl.2.gz', packed.subarray(0, packed.length - 1_000));
    put(dir.path, 'logs/usage.jsonl.1.gz', packed.subarray(0, 12));
    put(dir.path, 'logs/usage.jsonl', lines(1, 3));
    const result = await read(dir.path);
    const byFile = Object.fromEntries(
      result.files.map(({ file, turns, problems }) => [file.slice(-10), [turns, problems.map(({ code }) => code)]]),
    );
    expect(byFile).toMatchObject({
      'ge.jsonl.4': [0, ['empty-text']],
      'ge.jsonl.3': [0, ['binary-text']],
      'jsonl.1.gz': [0, ['gzip-damaged']],
      'sage.jsonl': [3, []],
    });
    const [saved, codes] = byFile['jsonl.2.gz'] as [number, string[]];
    expect(saved).toBeGreaterThan(10_000);
    expect(codes).toEqual(['line-not-json', 'gzip-damaged']);
  });

  test('a line of 64 MiB: one of junk is passed over, one of whole records is read', async () => {
    using dir = tempDir();
    const one = line(7);
    put(
      dir.path,
      'usage.jsonl.2',
      Buffer.concat([Buffer.from(lines(1, 1)), Buffer.alloc(64 << 20, 'x'), Buffer.from(`\n${lines(2, 1)}`)]),
    );
    put(
      dir.path,
      'usage.jsonl.1',
      Buffer.concat([Buffer.alloc(one.length * 60_000, one), Buffer.from(`\n${lines(3, 1)}`)]),
    );
    const result = await read(dir.path);
    expect(result.files.map(({ lines: count, turns }) => [count, turns])).toEqual([
      [3, 2],
      [2, 60_001],
    ]);
    expect(codesOf(result)).toEqual(['line-too-long']);
    expect(result.files[0]?.problems).toMatchObject([{ line: 2, file: join(dir.path, 'usage.jsonl.2') }]);
  });

  test('a line of whole records that is cut into pieces loses none of them', async () => {
    using dir = tempDir();
    const records = Array.from({ length: 40_000 }, (_, n) =>
      n % 9_000 === 8_000 ? `{"ts":1,"rid":"ab${line(n)}` : line(n),
    );
    const file = put(dir.path, 'usage.jsonl', records.join(''));
    const turns: ArchiveTurn[] = [];
    const reading = readLog(file, { mostLineBytes: 1_000 });
    for (let next = await reading.next(); ; next = await reading.next()) {
      if (next.done === true) {
        expect(next.value).toMatchObject({ turns: 40_000, lines: 1 });
        expect(next.value.problems.map(({ code }) => code)).toEqual(Array(4).fill('line-not-json'));
        break;
      }
      turns.push(...next.value.turns);
    }
    expect(turns.map(({ ts }) => ts - 1768392000)).toEqual(Array.from({ length: 40_000 }, (_, n) => n));
  });

  test('a folder that is not there, one that holds nothing, a file in its place', async () => {
    using dir = tempDir();
    const [missing, empty, file] = [await read(join(dir.path, 'no')), await read(dir.path), put(dir.path, 'file', 'x')];
    expect([codesOf(missing), codesOf(empty), codesOf(await read(file))]).toEqual([
      ['folder-missing'],
      ['archive-empty'],
      ['folder-missing'],
    ]);
  });

  test('what may not be read', async () => {
    using dir = tempDir();
    chmodSync(dir.path, 0o755);
    chmodSync(put(dir.path, 'logs/usage.jsonl.1', line(1)), 0);
    chmodSync(put(dir.path, 'logs/ccp.sqlite3', line(1)), 0);
    put(dir.path, 'logs/usage.jsonl', line(2));
    mkdirSync(join(dir.path, 'results'), { mode: 0 });
    const result = await asNobody(() => read(dir.path));
    expect(codesOf(result)).toEqual(['file-unreadable', 'file-unreadable', 'file-unreadable']);
    expect(ridsOf(result)).toEqual(['00000002']);
  });
});

describe('databases', () => {
  test('of the original program: samples, no decision lines, and the sums of deleted days are named', async () => {
    using dir = tempDir();
    mkdirSync(join(dir.path, 'logs'));
    originalDatabase(join(dir.path, 'logs/ccp.sqlite3'));
    const before = readdirSync(join(dir.path, 'logs'));
    const result = await read(dir.path);
    expect(result.turns.map(({ key }) => key)).toEqual(['00000001@1768392004000', '0000abcd@1768399999125']);
    expect(result.files[0]?.passed).toEqual({ 'decision lines': 1, 'early stream lines': 1 });
    expect(result.files[0]?.problems).toMatchObject([
      {
        code: 'sums-without-turns',
        message: expect.stringContaining('2026-01-01 to 2026-01-01, 3 exchanges') as string,
      },
    ]);
    // Nothing is left beside it.
    expect(readdirSync(join(dir.path, 'logs'))).toEqual(before);
  });

  test('rows that are only in its write-ahead log are read too', async () => {
    using dir = tempDir();
    const db = originalDatabase(join(dir.path, 'live.sqlite3'), { open: true });
    db.exec(`INSERT INTO usage_sample (ts, rid, model, lane, status) VALUES (1768400000, '0000ffff', 'm', 'zai', 200)`);
    expect(ridsOf(await read(dir.path))).toContain('0000ffff');
    db.close();
  });

  test('more rows than a page', async () => {
    using dir = tempDir();
    const db = originalDatabase(join(dir.path, 'many.sqlite3'), { open: true });
    db.exec(`INSERT INTO usage_sample (ts, rid, model, lane, status, input_tokens)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
      SELECT 1768400000 + i, printf('%08x', i + 1000000), 'm', 'zai', 200, 9007199254740993 FROM n`);
    const { turns } = await read(dir.path);
    expect(new Set(turns.map(({ key }) => key)).size).toBe(12_002);
    db.close();
  });

  test.each([
    ['database-newer', (file: string) => originalDatabase(file, { sql: 'PRAGMA user_version = 99' })],
    ['not-a-database', (file: string) => originalDatabase(file, { sql: 'PRAGMA application_id = 7' })],
    ['not-a-database', (file: string) => originalDatabase(file, { sql: 'DROP TABLE usage_sample' })],
    ['not-a-database', (file: string) => writeFileSync(file, 'no database at all'.repeat(100))],
    ['not-a-database', (file: string) => writeFileSync(file, '')],
    [
      'database-damaged',
      (file: string) => {
        originalDatabase(file);
        const bytes = readFileSync(file);
        writeFileSync(file, bytes.fill(0x55, 4096));
      },
    ],
  ])('%s', async (code, make) => {
    using dir = tempDir();
    make(join(dir.path, 'x.sqlite3'));
    put(dir.path, 'usage.jsonl', lines(1, 1));
    const result = await read(dir.path);
    expect(codesOf(result)).toEqual([code]);
    expect(ridsOf(result)).toEqual(['00000001']);
  });

  test('one that another process has locked', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'x.sqlite3');
    originalDatabase(file, { sql: 'PRAGMA journal_mode = DELETE' });
    const holder = spawn(process.execPath, [
      '-e',
      `const { DatabaseSync } = require(${JSON.stringify(require_('@photostructure/sqlite'))});
       const db = new DatabaseSync(${JSON.stringify(file)}); db.exec('BEGIN EXCLUSIVE'); console.log('locked'); setInterval(() => db, 1e6)`,
    ]);
    try {
      await new Promise((resolve) => holder.stdout.once('data', resolve));
      expect(codesOf(await read(dir.path))).toEqual(['database-locked']);
    } finally {
      holder.kill('SIGKILL');
    }
  });
});

/** Root may read everything: for that long it is somebody else. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.('nobody');
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

function require_(name: string): string {
  return fileURLToPath(import.meta.resolve(name));
}

test('summaries are listed with what they counted, and what is none is named', async () => {
  using dir = tempDir();
  put(dir.path, 'results/METRICS.json', '{"total": 9}');
  put(dir.path, 'results/METRICS_1.json', '{}');
  put(dir.path, 'results/METRICS_2.json', '[');
  put(dir.path, 'results/METRICS_3.json', '');
  const result = await read(dir.path);
  expect(result.files).toMatchObject([
    { kind: 'metrics', total: 9 },
    { total: null },
    { total: null },
    { total: null },
  ]);
  expect(codesOf(result)).toEqual(['line-not-usable', 'not-json', 'empty-text']);
});
