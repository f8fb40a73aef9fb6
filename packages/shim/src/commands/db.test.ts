import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openDatabase } from '../store/db/sqlite.ts';
import { startRig, until } from '../testing/rig.ts';
import { runToEnd, type Run } from '../testing/run-to-end.ts';

const NOON = Date.UTC(2026, 0, 14, 12) / 1000;
// Each command is a process of its own, which takes a second or more to start on a busy machine.
vi.setConfig({ testTimeout: 90_000 });
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shim-db-cli-'));
  path = join(folder, 'ccp.sqlite3');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function db(...args: readonly string[]): Promise<Run> {
  return runToEnd(['db', ...args], { CCP_STATE_DIR: folder });
}

function line(index: number, part: Readonly<Record<string, unknown>> = {}): string {
  const tokens = { input_tokens: index, output_tokens: 5, latency_ms: 100 };
  return JSON.stringify({
    ts: NOON + index,
    rid: `r${index}`,
    model: 'm',
    lane: 'a',
    op: 'stream',
    status: 200,
    ...tokens,
    ...part,
  });
}

function logOf(name: string, lines: readonly string[]): string {
  const file = join(folder, 'logs', name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, lines.map((text) => `${text}\n`).join(''));
  return file;
}

function expectOneLine({ code, out, err }: Run, pattern: RegExp): void {
  expect({ code, out, lines: err.trim().split('\n').length }).toEqual({ code: 1, out: '', lines: 1 });
  expect(err).toMatch(pattern);
}

describe('shim db', () => {
  it('imports lines that were written into one another, once, and says what is in the database', async () => {
    const old = logOf('archive/usage-1.jsonl', ['{}' + line(1) + line(2), line(3)]);
    const live = logOf('usage.jsonl', [
      '',
      line(3),
      line(4).slice(0, 40) + line(5, { model: 'n' }),
      '{"ts":5}',
      line(6, { status: -1 }),
    ]);
    const first = await db('import', '--jsonl', join(folder, 'logs'), '--json');
    expect({ code: first.code, err: first.err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(first.out)).toEqual({
      lines: 7,
      inserted: 4,
      already: 1,
      skipped: 2,
      problems: [
        { file: live, line: 3, message: 'no JSON at column 1' },
        { file: live, line: 4, message: 'has no status' },
      ],
      more_problems: 0,
      path,
      made: true,
    });
    const again = await db('import', '--jsonl', old, live);
    expect(again).toMatchObject({ code: 0, out: '7 lines: 0 inserted, 5 there already, 2 skipped, 2 problems\n' });
    expect(again.err).toBe(`${live}:3: no JSON at column 1\n${live}:4: has no status\n`);

    const [status, checked] = await Promise.all([db('status', '--json'), db('status', '--check')]);
    expect(status.code).toBe(0);
    expect(JSON.parse(status.out)).toEqual({
      path,
      size_bytes: expect.any(Number),
      schema_version: 1,
      samples: 4,
      ts_min: NOON + 1,
      ts_max: NOON + 5,
      hour_rows: 2,
      day_rows: 2,
      minute_rows: 2,
      decisions: 0,
      sessions: { count: 0, last: null },
      integrity: 'ok',
    });
    expect(checked.out).toContain('samples       4 (2026-01-14 12:00:01 UTC to 2026-01-14 12:00:05 UTC)\n');
    expect(checked.out).toMatch(/^integrity\s+ok$/m);
  });

  it('fails an import only when nothing could be read', async () => {
    const bad = logOf('bad.jsonl', ['no json', '']);
    const missing = join(folder, 'none.jsonl');
    const both = await db('import', '--jsonl', bad, missing, '--json');
    expect(both.code).toBe(1);
    expect((JSON.parse(both.out) as { problems: { file: string; line: number }[] }).problems).toMatchObject([
      { file: bad, line: 1 },
      { file: missing, line: 0 },
    ]);
    expect(both.err).toMatch(/^shim: nothing could be read from .*bad\.jsonl .*none\.jsonl: give usage logs/);
    const one = await db('import', '--jsonl', bad, logOf('good.jsonl', [line(1)]));
    expect(one).toMatchObject({ code: 0, out: '3 lines: 1 inserted, 0 there already, 0 skipped, 1 problems\n' });
    expect((await db('import')).code).toBe(2);
  });

  it('exports what was asked for, to a file or a pipe', async () => {
    logOf('usage.jsonl', [line(1), line(2, { model: "o'n,e" }), line(3)]);
    await db('import', '--jsonl', join(folder, 'logs'));
    const file = join(folder, 'out', 'all.csv');
    const [all, since, model, badTime, noFile] = await Promise.all([
      db('export', '--csv', file, '--json'),
      db('export', '--csv', '-', '--since', '2026-01-14T12:00:02Z'),
      db('export', '--csv', '-', '--since', '0', '--model', "o'n,e"),
      db('export', '--csv', '-', '--since', 'yesterday'),
      db('export'),
    ]);
    const rows = readFileSync(file, 'utf8').trimEnd().split('\r\n');
    expect(JSON.parse(all.out)).toEqual({ ok: true, path: file, rows: 3, bytes: rows.join('\r\n').length + 2 });
    expect(rows[0]).toMatch(/^ts,rid,model,lane,op,input_tokens,output_tokens,/);
    expect(rows.slice(1).map((row) => row.split(',')[1])).toEqual(['r1', 'r2', 'r3']);
    expect(since.out.trimEnd().split('\r\n').slice(1)).toEqual(rows.slice(2));
    expect(model.out.trimEnd().split('\r\n').slice(1)).toEqual([rows[2]]);
    expect(rows[2]).toContain(`r2,"o'n,e",a`);
    expect([badTime.code, noFile.code]).toEqual([2, 2]);
    expectOneLine(await db('export', '--csv', folder), /can't be written \(EISDIR\): check the path/);
  });

  it('gives back the room of what was deleted', async () => {
    logOf(
      'usage.jsonl',
      Array.from({ length: 3_000 }, (_, index) => line(index, { err_type: 'x'.repeat(200) })),
    );
    await db('import', '--jsonl', join(folder, 'logs'));
    const direct = openDatabase(path);
    direct.exec('DELETE FROM usage_sample WHERE ts > 1');
    direct.close();
    const done = await db('vacuum', '--json');
    const { bytes_before: before, bytes_after: after, shrunk } = JSON.parse(done.out) as Record<string, number>;
    expect({ code: done.code, shrunk }).toEqual({ code: 0, shrunk: true });
    expect(after).toBeLessThan(before! / 5);
    expect((await db('vacuum')).out).toBe(
      `${after!.toLocaleString('en-US')} bytes before, ${after!.toLocaleString('en-US')} after\n`,
    );
  });

  it('leaves the file as it is when somebody else writes to it for long', async () => {
    logOf('usage.jsonl', [line(1)]);
    await db('import', '--jsonl', join(folder, 'logs'));
    const other = openDatabase(path);
    other.exec('BEGIN IMMEDIATE');
    const [refused, read] = await Promise.all([db('vacuum'), db('status', '--json')]);
    other.exec('ROLLBACK');
    other.close();
    expectOneLine(
      refused,
      /was left as it is: another process has been writing to it for 5 s: try again .* or stop the shim/,
    );
    expect((JSON.parse(read.out) as { samples: number }).samples).toBe(1);
  });

  it('works beside a running shim', async () => {
    await using rig = await startRig();
    const env = { CCP_STATE_DIR: join(rig.folder, 'state') };
    await rig.ask();
    await until(async () => (await rig.get('/v1/usage/samples')).text.includes('"rid"'), 'the sample to be on disk');
    const log = logOf('usage.jsonl', [line(1, { ts: Date.now() / 1000 - 60, model: 'imported' })]);
    const imported = await runToEnd(['db', 'import', '--jsonl', log], env);
    expect(imported).toMatchObject({ code: 0, out: '1 lines: 1 inserted, 0 there already, 0 skipped, 0 problems\n' });
    expect((await runToEnd(['db', 'vacuum'], env)).code).toBe(0);
    expect((await rig.get('/v1/usage/samples')).text).toContain('"imported"');
    await rig.ask();
    await until(
      async () => (await rig.get('/v1/usage/samples')).text.split('"rid"').length === 4,
      'a sample written after the file was made anew',
    );
    const status = await runToEnd(['db', 'status', '--json'], env);
    const last = { epoch: (await rig.usage()).epoch, started_ts: expect.any(Number), ended_ts: null, clean: false };
    expect(JSON.parse(status.out)).toMatchObject({ samples: 3, decisions: 2, sessions: { count: 1, last } });
  });

  it('says where it looked for a database and how one comes to be', async () => {
    const commands = [['status'], ['export', '--csv', '-'], ['vacuum']];
    for (const run of await Promise.all(commands.map((args) => db(...args))))
      expectOneLine(run, new RegExp(`^shim: there is no database at ${path}: shim serve makes one .*CCP_DB_PATH`));
    expect(existsSync(path)).toBe(false);
    const elsewhere = await runToEnd(['db', 'status', '--state-dir', join(folder, 'x')], { CCP_STATE_DIR: folder });
    expectOneLine(elsewhere, /there is no database at .*\/x\/ccp\.sqlite3/);
    expectOneLine(
      await runToEnd(['db', 'status'], { CCP_PERSIST: '0' }),
      /CCP_PERSIST=0: no database is kept: unset it/,
    );
  });

  it('names damage, and leaves files alone that are not ours', async () => {
    writeFileSync(path, 'this is no database, but a text that somebody wants to keep');
    expectOneLine(await db('status'), /SQLITE_NOTADB.*: check the path/);
    rmSync(path);
    const foreign = openDatabase(path);
    foreign.exec('PRAGMA journal_mode = DELETE; CREATE TABLE t (a); PRAGMA application_id = 7');
    foreign.close();
    const before = readFileSync(path);
    const log = logOf('usage.jsonl', [line(1)]);
    const [status, vacuumed] = await Promise.all([db('status'), db('vacuum')]);
    for (const run of [status, vacuumed]) expectOneLine(run, /is a database of another program: name ours/);
    expect(readFileSync(path).equals(before)).toBe(true);
    expectOneLine(await db('import', '--jsonl', log), /is a database of another program/);
    rmSync(path, { force: true });

    await db(
      'import',
      '--jsonl',
      logOf(
        'usage.jsonl',
        Array.from({ length: 300 }, (_, index) => line(index)),
      ),
    );
    const bytes = readFileSync(path);
    // Past the schema: rows that can't be read, in a file that opens.
    bytes.fill(0xff, 8_192, 20_480);
    writeFileSync(path, bytes);
    const damaged = await db('status', '--json');
    expect(damaged.code).toBe(1);
    expect((JSON.parse(damaged.out) as { integrity: string }).integrity).not.toBe('ok');
    expect(damaged.err).toMatch(/^shim: .*ccp\.sqlite3 is damaged: .*: start the shim/);
  });
});
