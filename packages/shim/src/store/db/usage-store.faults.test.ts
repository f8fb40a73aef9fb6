import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BatchItem } from './batch-writer.ts';
import { minuteOf, sampleOf } from './sample.ts';
import { numberOf, openDatabase, PAGE_BYTES, type Database } from './sqlite.ts';
import type { UsageStoreOptions } from './store-status.ts';
import { UsageStore } from './usage-store.ts';

const T0 = Date.UTC(2026, 0, 14, 12) / 1000;
/** Of the shim; all turns are before it. */
const NOW_TS = T0 + 5 * 3_600;
let folder: string;
let path: string;
let rebuilt: string[];
let opened: UsageStore[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shim-db-faults-'));
  path = join(folder, 'ccp.sqlite3');
  rebuilt = [];
  opened = [];
});
afterEach(() => {
  for (const store of opened) store.close();
  rmSync(folder, { recursive: true, force: true });
});

function openStore(part: Partial<UsageStoreOptions> = {}): UsageStore {
  const store = new UsageStore({ path, nowTs: () => NOW_TS, onRebuilt: (reason) => rebuilt.push(reason), ...part });
  opened.push(store);
  return store;
}

function itemAt(index: number): BatchItem {
  const row = { ts: T0 + index, rid: `r${index}`, model: `m${index % 3}`, lane: 'a', op: 'stream', status: 200 };
  const sample = sampleOf({ ...row, input_tokens: 1, output_tokens: 2, dirty_s: 1, ttft_ms: 100, ended: 'complete' });
  const json = JSON.stringify({ index, pad: 'x'.repeat(300) });
  return { sample, minute: minuteOf(sample), decision: { json } };
}

function fill(store: UsageStore, from: number, to: number): void {
  for (let index = from; index < to; index += 1) store.record(itemAt(index));
  store.flush();
}

function ridsOf(store: UsageStore): string[] {
  return [...store.speedSamples(0)].map(({ rid }) => rid);
}

function countsOf(store: UsageStore): { minutes: number; hours: number; days: number } {
  const sum = (granularity: 'hour' | 'day'): number =>
    store
      .rollups({ granularity, sinceTs: 0, model: null, limit: 1e6, after: null })
      .reduce((total, { row }) => total + row.count, 0);
  const minutes = store.load(0).minutes.reduce((total, { count }) => total + count, 0);
  return { minutes, hours: sum('hour'), days: sum('day') };
}

/** Everything but the times of writing. */
function exactSums(store: UsageStore): unknown {
  const all = { sinceTs: 0, model: null, limit: 1e6, after: null };
  const byPlace = (a: { lane: string; model: string; minute: number }, b: typeof a): number =>
    a.minute - b.minute || (a.model < b.model ? -1 : 1);
  return [
    store.load(0).minutes.toSorted(byPlace),
    store.rollups({ ...all, granularity: 'hour' }),
    store.rollups({ ...all, granularity: 'day' }),
  ];
}

/** What a database knows of `count` turns when nothing goes wrong. */
function undamaged(count: number): UsageStore {
  const store = openStore({ path: join(folder, 'undamaged.sqlite3') });
  fill(store, 0, count);
  return store;
}

/** Turns that `decision` does not answer with one record. */
function decisionsOf(store: UsageStore, count: number): string[] {
  const odd: string[] = [];
  for (let index = count - 1; index > 0; index -= 97) {
    const found = store.decision(`r${index}`).filter(({ rid }) => rid === `r${index}`);
    if (found.length !== 1) odd.push(`r${index}: ${found.length}`);
  }
  return odd;
}

/** Root page of a table. */
function pageOf(table: string): number {
  const db = openDatabase(path, { readOnly: true });
  try {
    return numberOf(db, 'SELECT rootpage FROM sqlite_master WHERE name = ?', table) ?? 0;
  } finally {
    db.close();
  }
}

function scribbleAll(byte: number): void {
  for (const suffix of ['', '-wal']) {
    const fd = openSync(path + suffix, 'r+');
    const bytes = Buffer.alloc(statSync(path + suffix).size, byte);
    writeSync(fd, bytes, 0, bytes.length, 0);
    closeSync(fd);
  }
}

/** A closed database with `count` samples in it. */
function made(count: number): void {
  const store = openStore();
  fill(store, 0, count);
  store.close();
}

function scribble(offset: number, bytes: Buffer): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, bytes, 0, bytes.length, offset);
  closeSync(fd);
}

function scribblePage(page: number): void {
  scribble((page - 1) * PAGE_BYTES, Buffer.alloc(PAGE_BYTES, 0xff));
}

function expectAside(): string {
  const aside = readdirSync(folder).filter((name) => /\.corrupt-\d{8}T\d{9}Z$/.test(name));
  expect(aside.length).toBe(1);
  return aside[0] ?? '';
}

describe('a damaged file', () => {
  it.each([
    ['a text file', () => writeFileSync(path, 'these are not the rows you are looking for\n'.repeat(500))],
    ['a destroyed header', () => (made(2_000), scribble(0, Buffer.alloc(100, 7)))],
    [
      'a file cut in half',
      () => (made(5_000), truncateSync(path, Math.floor(statSync(path).size / PAGE_BYTES / 2) * PAGE_BYTES)),
    ],
    ['zeros all over', () => (made(100), scribble(0, Buffer.alloc(statSync(path).size)))],
  ])('%s is moved aside and a new one takes the rows', async (_name, damage) => {
    damage();
    const store = openStore();
    fill(store, 10_000, 10_010);
    store.flush();
    await expect.poll(() => rebuilt.length, { timeout: 10_000 }).toBe(1);
    expect(rebuilt[0]).toContain(path);
    expectAside();
    expect(ridsOf(store)).toEqual(expect.arrayContaining(['r10000', 'r10009']));
    expect(store.status()).toMatchObject({ ok: true, pendingRows: 0, droppedRows: 0 });
  });

  it('with a bad page in the middle gives up that page and no more', async () => {
    made(6_000);
    const before = openStore();
    expect(countsOf(before)).toEqual({ minutes: 6_000, hours: 6_000, days: 6_000 });
    before.close();
    // Leaves of usage_sample: its rows carry rids, and most pages are of its kind.
    const db = openDatabase(path);
    const sql = `FROM dbstat WHERE name = 'usage_sample' AND pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET 20`;
    const page = numberOf(db, `SELECT pageno ${sql}`) ?? 0;
    const rows = numberOf(db, `SELECT ncell ${sql}`) ?? 0;
    db.close();
    expect(page).toBeGreaterThan(1);
    expect(rows).toBeGreaterThan(0);
    scribblePage(page);

    const store = openStore();
    expect(() => ridsOf(store)).not.toThrow();
    fill(store, 6_000, 6_001);
    await expect.poll(() => rebuilt.length, { timeout: 15_000 }).toBe(1);
    expect(rebuilt[0]).toContain('not all of usage_sample');
    const rids = ridsOf(store);
    expect(rids.length).toBe(6_001 - rows);
    expect(rids).toEqual(expect.arrayContaining(['r0', 'r5999', 'r6000']));
    // Sums knew of the lost ones, and still do.
    expect(countsOf(store)).toEqual({ minutes: 6_001, hours: 6_001, days: 6_001 });
    expect(store.decision('r17')[0]?.json).toContain('"index":17');

    // What the log brings back is not counted again.
    const sink = store.sink();
    for (let index = 0; index < 6_001; index += 500) {
      const samples = Array.from({ length: Math.min(500, 6_001 - index) }, (_, at) => itemAt(index + at).sample);
      sink.insert(samples, 'samples_only');
    }
    for (const _step of sink.settle()) expect(_step).toBeUndefined();
    expect(ridsOf(store).length).toBe(6_001);
    expect(countsOf(store)).toEqual({ minutes: 6_001, hours: 6_001, days: 6_001 });
  });

  it('that is found damaged while running costs no row', async () => {
    const store = openStore();
    fill(store, 0, 3_000);
    const db = openDatabase(path);
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    db.close();
    scribble(0, Buffer.alloc(statSync(path).size, 0xaa));
    store.record(itemAt(3_000));
    await expect.poll(() => rebuilt.length, { timeout: 15_000 }).toBe(1);
    store.flush();
    expect(ridsOf(store)).toContain('r3000');
    expect(store.status().pendingRows).toBe(0);
  });

  it('does not count the last two seconds twice', async () => {
    const store = openStore();
    fill(store, 0, 6_000);
    const db = openDatabase(path);
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    db.close();
    // Read by nobody who writes samples: everything that counts can still be read.
    const damage = pageOf('config_version');
    fill(store, 6_000, 6_200);
    scribblePage(damage);
    for (let index = 0; index < 40; index += 1) store.putConfigVersion(`v${index}`, '{}');
    store.record(itemAt(6_200));
    await expect.poll(() => (store.flush(), rebuilt.length), { timeout: 15_000 }).toBe(1);
    store.flush();
    expect(ridsOf(store)).toEqual(Array.from({ length: 6_201 }, (_, index) => `r${index}`));
    expect(countsOf(store)).toEqual({ minutes: 6_201, hours: 6_201, days: 6_201 });
    expect(exactSums(store)).toEqual(exactSums(undamaged(6_201)));
    expect(decisionsOf(store, 6_201)).toEqual([]);
    expect(store.status()).toMatchObject({ ok: true, pendingRows: 0, droppedRows: 0 });
  });

  it('of which nothing can be read loses nothing of the last two seconds, nor counts it twice', async () => {
    const store = openStore();
    store.putState('cooldowns', { a: 1 });
    store.putConfigVersion('v1', '{"x":1}');
    fill(store, 0, 4_000);
    const db = openDatabase(path);
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    db.close();
    fill(store, 4_000, 4_200);
    scribbleAll(0xaa);
    store.record(itemAt(4_200));
    await expect.poll(() => (ridsOf(store), store.flush(), rebuilt.length), { timeout: 15_000 }).toBe(1);
    store.flush();
    const rids = ridsOf(store);
    expect(rids).toEqual(expect.arrayContaining(['r4000', 'r4199', 'r4200']));
    expect(countsOf(store)).toEqual({ minutes: rids.length, hours: rids.length, days: rids.length });
    expect([...store.load(0).states]).toEqual(expect.arrayContaining([['cooldowns', { a: 1 }]]));
    expect(store.configVersion('v1')?.json).toBe('{"x":1}');
  });

  it('keeps decisions in order of time, so that old ones can leave', async () => {
    made(500);
    const page = pageOf('config_version');
    scribblePage(page);
    const store = openStore();
    store.putConfigVersion('v', '{}');
    await expect.poll(() => (store.record(itemAt(900)), store.flush(), rebuilt.length), { timeout: 15_000 }).toBe(1);
    store.flush();
    store.close();
    const db = openDatabase(path);
    const times = db.prepare('SELECT ts FROM decision ORDER BY rowid').all();
    const sorted = times.map((row) => Number(row['ts'])).toSorted((a, b) => a - b);
    expect(times.map((row) => row['ts'])).toEqual(sorted);
    db.close();
  });

  it('of no bytes is a new database', () => {
    writeFileSync(path, '');
    const store = openStore();
    fill(store, 0, 3);
    expect(ridsOf(store)).toEqual(['r0', 'r1', 'r2']);
    expect(rebuilt).toEqual([]);
  });
});

describe('a place that can not be written', () => {
  it('is named, and rows wait for it', async () => {
    mkdirSync(path);
    const problems: string[] = [];
    const store = openStore({ onProblem: (message) => problems.push(message) });
    fill(store, 0, 3);
    expect(store.status()).toMatchObject({ ok: false, pendingRows: 3 });
    expect(store.status().error).toContain(`EISDIR: can't use ${path}`);
    expect(() => store.samples({ sinceTs: 0, model: null, limit: 1, after: null })).toThrow('EISDIR');
    expect(store.load(0).problems.join()).toContain('EISDIR');
    rmSync(path, { recursive: true });
    await expect.poll(() => store.status().ok, { timeout: 5_000 }).toBe(true);
    expect(ridsOf(store)).toEqual(['r0', 'r1', 'r2']);
    expect(problems.length).toBe(2);
  });

  it('below a file stops nothing', () => {
    writeFileSync(path, '');
    const store = openStore({ path: join(path, 'below', 'x.sqlite3') });
    fill(store, 0, 1);
    expect(store.status()).toMatchObject({ ok: false, pendingRows: 1 });
    expect(store.status().error).toMatch(/^(ENOTDIR|EEXIST)/);
    store.close();
  });

  it('keeps a bounded number of rows and says how many it lost', () => {
    const store = openStore({ path: '/proc/nowhere/x.sqlite3', mostPending: 1_000 });
    for (let index = 0; index < 1_500; index += 1) store.record(itemAt(index));
    const { pendingRows, droppedRows, error } = store.status();
    expect(pendingRows).toBeLessThanOrEqual(1_000);
    expect(pendingRows + droppedRows).toBe(1_500);
    expect(error).toContain(`${droppedRows} samples lost`);
  });
});

describe('a full disk', () => {
  it('holds rows back until there is room', async () => {
    const connections: Database[] = [];
    const store = openStore({
      onOpened: (db) => {
        connections.push(db);
        db.exec('PRAGMA max_page_count = 60');
      },
    });
    for (let round = 0; round < 20; round += 1) fill(store, round * 100, round * 100 + 100);
    expect(store.status()).toMatchObject({ ok: false });
    expect(store.status().error).toContain('SQLITE_FULL');
    const waiting = store.status().pendingRows;
    expect(waiting).toBeGreaterThan(0);
    expect(ridsOf(store).length).toBe(2_000 - waiting);
    expect(connections.length).toBe(1);
    connections[0]?.exec('PRAGMA max_page_count = 100000');
    await expect.poll(() => store.status().pendingRows, { timeout: 5_000 }).toBe(0);
    expect(ridsOf(store)).toEqual(Array.from({ length: 2_000 }, (_, index) => `r${index}`));
    expect(countsOf(store)).toEqual({ minutes: 2_000, hours: 2_000, days: 2_000 });
  });
});

describe('a file that goes away while it is in use', () => {
  it('is made anew, with the rows that went to the deleted one unseen', () => {
    const store = openStore();
    fill(store, 0, 5);
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    fill(store, 5, 10);
    store.close();
    const again = openStore();
    expect(ridsOf(again)).toEqual(expect.arrayContaining(['r5', 'r9']));
  });

  it('does not take what memory knows with it', async () => {
    const store = openStore();
    store.putState('cooldowns', { a: 1 });
    store.putConfigVersion('v1', '{"x":1}');
    fill(store, 0, 5);
    const known = store.load(0).minutes;
    expect(known.length).toBe(3);
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    await expect.poll(() => (store.record(itemAt(7)), store.flush(), rebuilt.length), { timeout: 5_000 }).toBe(1);
    expect(rebuilt[0]).toContain('deleted or replaced');
    store.flush();
    expect([...store.load(0).states]).toEqual([['cooldowns', { a: 1 }]]);
    expect(store.configVersion('v1')?.json).toBe('{"x":1}');
    // What the rows of the last two seconds have brought back already is not counted on top.
    store.putMinutes(known.map((minute) => ({ ...minute, count: minute.count + 10, input: 1_000 })));
    expect(store.putMinutes(known)).toBe(0);
    const { minutes } = store.load(0);
    expect(minutes.map(({ input }) => input)).toEqual([1_000, 1_000, 1_000]);
    expect(minutes.reduce((sum, { count }) => sum + count, 0)).toBe(35);
  });

  it('is found deleted by itself', async () => {
    const store = openStore();
    store.beginSession('e', T0, '1');
    fill(store, 0, 5);
    rmSync(path);
    await expect
      .poll(() => (store.record(itemAt(7)), store.flush(), existsSync(path)), { timeout: 5_000, interval: 100 })
      .toBe(true);
    expect(ridsOf(store)).toContain('r7');
    expect(store.status().ok).toBe(true);
    const db = openDatabase(path);
    expect(numberOf(db, 'SELECT count(*) FROM session')).toBe(1);
    db.close();
  });

  it('may be another one now', async () => {
    made(50);
    copyFileSync(path, `${path}.backup`);
    const store = openStore();
    fill(store, 50, 60);
    renameSync(`${path}.backup`, path);
    fill(store, 60, 61);
    store.close();
    const again = openStore();
    expect(ridsOf(again)).toEqual(expect.arrayContaining(['r0', 'r49', 'r60']));
  });
});

describe('a lock held by somebody else', () => {
  it('delays rows and loses none', async () => {
    const store = openStore();
    fill(store, 0, 5);
    const other = openDatabase(path);
    other.exec('BEGIN IMMEDIATE');
    fill(store, 5, 10);
    expect(store.status()).toMatchObject({ ok: true, pendingRows: 5, writeErrors: 1 });
    expect(ridsOf(store).length).toBe(5);
    other.exec('ROLLBACK');
    other.close();
    await expect.poll(() => store.status().pendingRows, { timeout: 5_000 }).toBe(0);
    expect(ridsOf(store).length).toBe(10);
  });
});

describe('a process that is killed', () => {
  it('leaves whole rows, each once, and sums that fit', async () => {
    const program = `
      import { UsageStore } from ${JSON.stringify(join(import.meta.dirname, 'usage-store.ts'))};
      import { minuteOf, sampleOf } from ${JSON.stringify(join(import.meta.dirname, 'sample.ts'))};
      const store = new UsageStore({ path: ${JSON.stringify(path)}, nowTs: () => ${T0}, onDurable: (items) => {
        process.stdout.write(items.rids().map((rid) => rid + '\\n').join(''));
      } });
      let n = 0;
      setInterval(() => {
        for (let k = 0; k < 40; k += 1) {
          n += 1;
          const sample = sampleOf({ ts: ${T0} + n / 100, rid: 'k' + n, model: 'm', lane: 'a', status: 200, input_tokens: 1, dirty_s: 1, ended: 'complete' });
          store.record({ sample, minute: minuteOf(sample), decision: { json: '{}' } });
        }
      }, 1);`;
    const script = join(folder, 'load.ts');
    writeFileSync(script, program);
    const options = ['--conditions=source', '--import', 'tsx', script];
    const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'], cwd: process.cwd() });
    let heard = '';
    child.stdout.on('data', (text: Buffer) => (heard += text.toString()));
    await expect.poll(() => heard.length, { timeout: 15_000 }).toBeGreaterThan(20_000);
    child.kill('SIGKILL');
    await once(child, 'close');
    const told = heard.split('\n').slice(0, -1);
    const store = openStore();
    const rids = new Set(ridsOf(store));
    expect(told.filter((rid) => !rids.has(rid))).toEqual([]);
    expect(countsOf(store)).toEqual({ minutes: rids.size, hours: rids.size, days: rids.size });
    store.close();
    const db = openDatabase(path);
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    expect(numberOf(db, 'SELECT count(*) FROM decision')).toBe(rids.size);
    db.close();
  });

  it('whose files may not grow goes on without them', () => {
    const program = `
      import { UsageStore } from ${JSON.stringify(join(import.meta.dirname, 'usage-store.ts'))};
      import { minuteOf, sampleOf } from ${JSON.stringify(join(import.meta.dirname, 'sample.ts'))};
      process.on('SIGXFSZ', () => undefined);
      const store = new UsageStore({ path: ${JSON.stringify(path)}, nowTs: () => ${T0} });
      for (let n = 0; n < 3000; n += 1) {
        const sample = sampleOf({ ts: ${T0} + n, rid: 'k' + n, model: 'm', lane: 'a', status: 200, input_tokens: 1 });
        store.record({ sample, minute: minuteOf(sample), decision: null });
      }
      store.flush();
      console.log(JSON.stringify(store.status()));
      process.exit(0);`;
    const script = join(folder, 'full.ts');
    writeFileSync(script, program);
    const command = `ulimit -f 400; exec "$0" --conditions=source --import tsx "$1"`;
    const { stdout } = spawnSync('bash', ['-c', command, process.execPath, script], { encoding: 'utf8' });
    const status = JSON.parse(stdout) as { ok: boolean; pendingRows: number; rowsWritten: number };
    expect(status.ok).toBe(false);
    expect(status.pendingRows + status.rowsWritten).toBe(3_000);
    const store = openStore();
    expect(ridsOf(store).length).toBe(status.rowsWritten);
  });
});
