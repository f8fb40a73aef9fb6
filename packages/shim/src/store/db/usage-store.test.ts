import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSample } from '@ccp/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BatchItem } from './batch-writer.ts';
import { minuteOf, sampleOf, usageSampleOf, type Sample } from './sample.ts';
import { openDatabase, numberOf } from './sqlite.ts';
import { UsageStore } from './usage-store.ts';
import type { UsageStoreOptions } from './store-status.ts';

const T0 = Date.UTC(2026, 0, 14, 12) / 1000;
let folder: string;
let path: string;
let clockTs: number;
const opened: UsageStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shim-db-'));
  path = join(folder, 'state', 'ccp.sqlite3');
  clockTs = T0;
});
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  rmSync(folder, { recursive: true, force: true });
});

function openStore(part: Partial<UsageStoreOptions> = {}): UsageStore {
  const store = new UsageStore({ path, nowTs: () => clockTs, ...part });
  opened.push(store);
  return store;
}

function sampleAt(ts: number, rid: string, part: Partial<Sample> = {}): Sample {
  const row = {
    ts,
    rid,
    model: 'm',
    lane: 'a',
    op: 'stream',
    input_tokens: 10,
    output_tokens: 5,
    dirty_s: 2,
    stream_s: 1,
  };
  return { ...sampleOf({ ...row, ttft_ms: 500, status: 200, ended: 'complete' }), ...part };
}

function itemOf(sample: Sample): BatchItem {
  const json = (): string => JSON.stringify({ rid: sample.rid });
  return { sample, minute: minuteOf(sample), decision: { rid: sample.rid, ts: sample.ts, json } };
}

const ALL = { sinceTs: 0, model: null, limit: 1_000, after: null };

describe('UsageStore', () => {
  it('gives back what it was given, and nobody else may read the file', () => {
    const store = openStore();
    const sample = sampleAt(T0, 'aa', { epoch: 'e', requestId: 'req', sessionId: 's', agentId: 'g', warnPctAuto: 0.8 });
    store.record(itemOf(sample));
    expect(store.samples(ALL)).toEqual([]);
    store.flush();
    expect(store.samples(ALL)).toEqual([sample]);
    expect(parseSample(usageSampleOf(sample)).ok).toBe(true);
    expect(store.decision('a')).toEqual([{ rid: 'aa', ts: T0, json: '{"rid":"aa"}' }]);
    expect(store.decision('b')).toEqual([]);
    expect(store.status()).toMatchObject({ ok: true, error: null, pendingRows: 0, rowsWritten: 1, lastFlushTs: T0 });
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(path + suffix).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'state')).mode & 0o777).toBe(0o700);
  });

  it('writes by itself within the flush time, and at once when much has gathered', async () => {
    const heard: string[] = [];
    const store = openStore({ onDurable: (items) => heard.push(...items.map(({ sample }) => sample.rid)) });
    store.record(itemOf(sampleAt(T0, 'one')));
    await expect.poll(() => heard, { timeout: 2_000 }).toEqual(['one']);
    for (let index = 0; index < 1_200; index += 1) store.record(itemOf(sampleAt(T0 + index, `r${index}`)));
    await expect.poll(() => heard.length, { timeout: 5_000 }).toBe(1_201);
    expect(heard.slice(1)).toEqual(Array.from({ length: 1_200 }, (_, index) => `r${index}`));
  });

  it('counts a sample once, whoever sends it twice', () => {
    const store = openStore({ costOf: () => 0.5 });
    const item = itemOf(sampleAt(T0, 'aa'));
    store.record(item);
    store.record(item);
    store.flush();
    store.record(item);
    store.flush();
    const { minutes } = store.load(0);
    expect(minutes).toEqual([minuteOf(item.sample)]);
    const [hour] = store.rollups({ ...ALL, granularity: 'hour' });
    expect(hour?.row).toMatchObject({ window_start: T0, count: 1, in_tokens: 10, cost_usd: 0.5 });
    const [day] = store.rollups({ ...ALL, granularity: 'day' });
    expect(day?.row).toMatchObject({ window_start: Date.UTC(2026, 0, 14) / 1000, count: 1, out_tokens: 5 });
  });

  it('keeps failures out of the time to first token', () => {
    const store = openStore();
    store.record(itemOf(sampleAt(T0, '1', { ttftMs: 1_000 })));
    store.record(itemOf(sampleAt(T0, '2', { ttftMs: 1, ended: 'truncated' })));
    store.record(itemOf(sampleAt(T0, '3', { ttftMs: 1, status: 529 })));
    store.record(itemOf(sampleAt(T0, '4', { ttftMs: null })));
    store.flush();
    const [hour] = store.rollups({ ...ALL, granularity: 'hour' });
    expect(hour?.row.count).toBe(4);
    expect(Math.abs((hour?.row.ttft_ms?.p99 ?? 0) - 1_000)).toBeLessThanOrEqual(10);
  });

  it('starts from what former runs left, and knows whether the last one ended well', () => {
    const first = openStore();
    expect(first.load(0)).toEqual({ minutes: [], states: new Map(), lastSession: null, problems: [] });
    first.beginSession('one', T0, '1.0.0');
    const cooldowns = { a: 1 };
    first.putState('cooldowns', { a: 0 });
    first.putState('cooldowns', cooldowns);
    first.putConfigVersion('v1', '{"x":1}');
    first.record(itemOf(sampleAt(T0, 'aa')));
    first.record(itemOf(sampleAt(T0 - 86_400, 'old')));
    clockTs += 60;
    first.close();
    const second = openStore();
    const loaded = second.load(T0 - 3_600);
    expect(loaded.minutes).toEqual([minuteOf(sampleAt(T0, 'aa'))]);
    expect(loaded.states).toEqual(new Map([['cooldowns', { a: 1 }]]));
    expect(loaded.lastSession).toEqual({ epoch: 'one', startedTs: T0, endedTs: T0 + 60, clean: true });
    expect(second.configVersion('v1')).toEqual({ id: 'v1', ts: T0 + 60, json: '{"x":1}' });
    expect(second.configVersion('v2')).toBeNull();
    second.beginSession('two', T0 + 100, '1.0.0');
    second.flush();
    expect(second.load(0).lastSession?.epoch).toBe('one');
    const third = openStore();
    expect(third.load(0).lastSession).toEqual({ epoch: 'two', startedTs: T0 + 100, endedTs: null, clean: false });
  });

  it('names a state it cannot read and goes on', () => {
    openStore().close();
    const db = openDatabase(path);
    db.exec(`INSERT INTO state VALUES ('bad', '{', 0), ('good', '1', 0)`);
    db.close();
    const { states, problems } = openStore().load(0);
    expect([...states]).toEqual([['good', 1]]);
    expect(problems.join()).toContain('"bad"');
  });

  it('pages through equal times without losing or repeating a row', () => {
    const store = openStore();
    for (let index = 0; index < 97; index += 1)
      store.record(itemOf(sampleAt(T0 + Math.floor(index / 40), `r${index}`, { model: index % 2 ? 'm' : 'n' })));
    store.flush();
    for (const model of [null, 'm']) {
      const seen: string[] = [];
      for (let after: Sample | null = null; ;) {
        const page: Sample[] = store.samples({ sinceTs: 0, model, limit: 7, after });
        seen.push(...page.map(({ rid }) => rid));
        after = page.at(-1) ?? null;
        if (after === null) break;
      }
      expect(seen.length).toBe(model === null ? 97 : 48);
      expect(new Set(seen).size).toBe(seen.length);
    }
    expect(store.samples({ ...ALL, sinceTs: T0 + 2 }).length).toBe(17);
    expect(store.samples({ ...ALL, lane: 'b' })).toEqual([]);
    expect([...store.speedSamples(T0 + 1)].length).toBe(57);
    const rows = (after: { windowStart: number; model: string } | null): string[] =>
      store.rollups({ ...ALL, granularity: 'day', limit: 1, after }).map(({ model }) => model);
    expect(rows(null)).toEqual(['m']);
    expect(rows({ windowStart: Date.UTC(2026, 0, 14) / 1000, model: 'm' })).toEqual(['n']);
  });

  it('drops a row that can never be written, and only that one', () => {
    const store = openStore();
    store.record(itemOf(sampleAt(T0, 'good')));
    const thrower = (): string => {
      throw new TypeError('no JSON');
    };
    const bad = itemOf(sampleAt(T0, 'bad'));
    store.record({ ...bad, decision: { rid: 'bad', ts: T0, json: thrower } });
    store.putState('circle', { self: 1n });
    store.putState('fine', 1);
    store.record(itemOf(sampleAt(T0, 'also')));
    store.flush();
    expect(store.samples(ALL).map(({ rid }) => rid)).toEqual(['also', 'good']);
    expect([...store.load(0).states]).toEqual([['fine', 1]]);
    expect(store.status()).toMatchObject({ ok: true, droppedRows: 1, pendingRows: 0 });
  });

  it('waits for a folder that can be made', async () => {
    // Permissions stop nobody who is root; a file where the folder is to be does.
    rmSync(folder, { recursive: true });
    writeFileSync(folder, '');
    const store = openStore();
    store.record(itemOf(sampleAt(T0, 'aa')));
    store.flush();
    expect(store.status()).toMatchObject({ ok: false, pendingRows: 1 });
    rmSync(folder);
    await expect.poll(() => store.status().ok, { timeout: 5_000 }).toBe(true);
  });

  it('asks SQLite for what the server needs', () => {
    openStore().flush();
    const db = openDatabase(path);
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(numberOf(db, 'PRAGMA auto_vacuum')).toBe(2);
    expect(numberOf(db, 'PRAGMA synchronous')).toBe(1);
    expect(numberOf(db, 'PRAGMA wal_autocheckpoint')).toBe(0);
    db.close();
  });
});
