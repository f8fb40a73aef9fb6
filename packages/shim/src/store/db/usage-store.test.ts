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
  return { sample, minute: minuteOf(sample), decision: { json: JSON.stringify({ rid: sample.rid }) } };
}

/** The database takes its sample and counts it, and then refuses what is written last. */
function unwritable(ts: number): BatchItem {
  const form = { id: 'form-0', json: {} as string };
  return { ...itemOf(sampleAt(ts, 'bad')), decision: { form, rollingUsed: 0, weeklyUsed: 0, pending: 0, need: 0 } };
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
    const store = openStore({ onDurable: (items) => heard.push(...items.rids()) });
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

  it('gives back every field as it was given', () => {
    const store = openStore();
    const numbers = {
      inputTokens: 1,
      outputTokens: 2,
      cacheWriteTokens: 3,
      cacheReadTokens: 4,
      dirtyS: 5.5,
      streamS: 6.5,
    };
    const more = { ttftMs: 7, status: 208, warnPctAuto: 0.9, gapSecondsP50: 10.5, gapSecondsP95: 11.5, gapSamples: 12 };
    const words = { epoch: 'e', model: 'mo', lane: 'la', op: 'o', ended: 'en', errType: 'er', decision: 'd' };
    const names = { rerouteMode: 'r', upstream: 'u', headerMode: 'h', requestId: 'q', sessionId: 's', agentId: 'g' };
    const sample = { ts: T0, rid: 'aa', usageKnown: false, h2: true, ...numbers, ...more, ...words, ...names };
    store.record(itemOf(sample));
    store.flush();
    expect(store.samples(ALL)).toEqual([sample]);
  });

  it('counts on where a count is too large for a JavaScript number', () => {
    const store = openStore();
    store.record(itemOf(sampleAt(T0, 'huge', { outputTokens: 1e16 })));
    store.flush();
    store.record(itemOf(sampleAt(T0 + 1, 'next')));
    store.flush();
    const again = openStore();
    again.record(itemOf(sampleAt(T0 + 2, 'last')));
    again.flush();
    expect(again.status()).toMatchObject({ ok: true, rowsWritten: 1, droppedRows: 0 });
    expect(again.samples(ALL).map(({ rid, outputTokens }) => [rid, outputTokens])).toEqual([
      ['huge', 1e16],
      ['next', 5],
      ['last', 5],
    ]);
    expect(again.load(0).minutes.map(({ count, input }) => [count, input])).toEqual([[3, 30]]);
    for (const granularity of ['hour', 'day'] as const)
      expect(again.rollups({ ...ALL, granularity })[0]?.row).toMatchObject({ count: 3, in_tokens: 30 });
  });

  it('takes what is no amount for nothing, and keeps the sums it has', () => {
    const store = openStore({ costOf: () => NaN });
    store.record(itemOf(sampleAt(T0, 'good')));
    const bad = { outputTokens: Infinity, inputTokens: NaN, dirtyS: -1, streamS: Infinity, ttftMs: Infinity };
    store.record(itemOf(sampleAt(T0 + 1, 'bad', bad)));
    store.flush();
    store.record(itemOf(sampleAt(T0 + 2, 'worse', bad)));
    store.flush();
    expect(store.samples(ALL)[1]).toMatchObject({
      outputTokens: 0,
      inputTokens: 0,
      dirtyS: 0,
      streamS: 0,
      ttftMs: null,
    });
    const { minutes, problems } = store.load(0);
    expect(problems).toEqual([]);
    expect(minutes).toEqual([{ ...minuteOf(sampleAt(T0, 'good')), count: 3 }]);
    const [hour] = store.rollups({ ...ALL, granularity: 'hour' });
    expect(hour?.row).toMatchObject({ count: 3, in_tokens: 10, out_tokens: 5, dirty_s: 2, cost_usd: null });
  });

  it('keeps a turn and its minute where a row of sums takes no more', () => {
    const store = openStore();
    store.flush();
    const db = openDatabase(path);
    db.exec(`CREATE TRIGGER no BEFORE INSERT ON usage_rollup_hour BEGIN SELECT raise(ABORT, 'no'); END`);
    db.close();
    store.record(itemOf(sampleAt(T0, 'aa')));
    store.flush();
    expect(store.status()).toMatchObject({ ok: true, droppedRows: 0 });
    expect(store.samples(ALL).length).toBe(1);
    expect(store.load(0).minutes.length).toBe(1);
    expect(store.rollups({ ...ALL, granularity: 'day' })[0]?.row.count).toBe(1);
  });

  it('starts although one cell was edited by hand, and says which minutes it left out', () => {
    const first = openStore();
    first.putState('cooldowns', 1);
    first.record(itemOf(sampleAt(T0, 'aa')));
    for (let index = 1; index < 6; index += 1) first.record(itemOf(sampleAt(T0 - index * 60, `r${index}`)));
    first.record(itemOf(sampleAt(T0, 'other', { lane: 'b' })));
    first.close();
    const db = openDatabase(path);
    const minute = Math.floor(T0 / 60);
    const edit = (set: string, ago: number): void =>
      db.exec(`UPDATE ledger_minute SET ${set} WHERE lane = 'a' AND minute = ${minute - ago}`);
    edit('dirty_s = 9e999', 1);
    edit('input = 9e999', 2);
    edit('output = -1', 3);
    edit('first_ts = 9e999', 4);
    edit(`cache_read = 'text'`, 5);
    db.close();
    const { states, minutes, problems } = openStore().load(0);
    expect(states.get('cooldowns')).toBe(1);
    expect(minutes.map(({ lane, minute: at, firstTs }) => [lane, minute - at, firstTs])).toEqual([
      ['a', 4, T0 - 240],
      ['a', 0, T0],
      ['b', 0, T0],
    ]);
    expect(problems).toEqual([expect.stringContaining('4 minutes of a and m')]);
  });

  it('reads on past a turn at no time at all', () => {
    openStore().close();
    const db = openDatabase(path);
    db.exec(`INSERT INTO usage_sample (ts, rid) VALUES (9e999, 'never'), (${T0}, 'now')`);
    db.close();
    const store = openStore();
    expect([...store.speedSamples(0)].map(({ rid }) => rid)).toEqual(['now']);
  });

  it('does not count minutes of the future again when their time comes', () => {
    const first = openStore();
    first.record(itemOf(sampleAt(T0 + 3_600, 'ahead')));
    first.record(itemOf(sampleAt(T0 + 7_200, 'further')));
    first.record(itemOf(sampleAt(T0 + 60, 'soon')));
    first.record(itemOf(sampleAt(T0, 'now')));
    first.close();
    const counts = (store: UsageStore): number[][] =>
      store.load(0).minutes.map(({ minute, count, input }) => [minute - T0 / 60, count, input]);
    const wanted = [
      [0, 3, 30],
      [1, 1, 10],
    ];
    const second = openStore();
    expect(counts(second)).toEqual(wanted);
    clockTs = T0 + 3_700;
    expect(counts(openStore())).toEqual(wanted);
    // Nor do rows that are read back.
    clockTs = T0;
    for (const _step of second.sink().settle()) expect(_step).toBeUndefined();
    expect(counts(second)).toEqual(wanted);
  });

  it('knows of a run that never said goodbye when its last turn ended', () => {
    const first = openStore();
    first.beginSession('one', T0, '1');
    first.flush();
    expect(openStore().load(0).lastSession).toEqual({ epoch: 'one', startedTs: T0, endedTs: null, clean: false });
    first.record(itemOf(sampleAt(T0 + 5, 'a', { epoch: 'one' })));
    first.record(itemOf(sampleAt(T0 + 9, 'b', { epoch: 'one' })));
    first.record(itemOf(sampleAt(T0 + 10, 'c', { epoch: 'older' })));
    first.flush();
    const second = openStore();
    second.beginSession('two', T0 + 100, '1');
    second.record(itemOf(sampleAt(T0 + 101, 'd', { epoch: 'two' })));
    second.flush();
    expect(second.load(0).lastSession).toEqual({ epoch: 'one', startedTs: T0, endedTs: T0 + 9, clean: false });
  });

  it('answers with the hour that the time asked for lies in', () => {
    const store = openStore();
    store.record(itemOf(sampleAt(T0 + 600, 'aa')));
    store.flush();
    for (const granularity of ['hour', 'day'] as const)
      expect(store.rollups({ ...ALL, granularity, sinceTs: T0 + 1_800 }).length).toBe(1);
    expect(store.rollups({ ...ALL, granularity: 'hour', sinceTs: T0 + 3_600 })).toEqual([]);
  });

  it('adds to what another process has written meanwhile', () => {
    const one = openStore();
    const other = openStore();
    for (let index = 0; index < 6; index += 1) {
      const store = index % 2 ? one : other;
      store.record(itemOf(sampleAt(T0, `r${index}`)));
      store.flush();
    }
    one.sink().insert([sampleAt(T0, 'imported')]);
    one.record(itemOf(sampleAt(T0, 'last')));
    one.flush();
    for (const granularity of ['hour', 'day'] as const)
      expect(one.rollups({ ...ALL, granularity })[0]?.row).toMatchObject({ count: 8, in_tokens: 80 });
  });

  it('does not count what was rolled back', () => {
    const store = openStore();
    store.record(itemOf(sampleAt(T0, 'first')));
    store.flush();
    for (let index = 0; index < 3; index += 1) store.record(itemOf(sampleAt(T0, `r${index}`)));
    store.record(unwritable(T0));
    store.flush();
    expect(store.rollups({ ...ALL, granularity: 'hour' })[0]?.row).toMatchObject({ count: 4, in_tokens: 40 });
  });

  it('answers with one decision of a turn that was written twice, the newest turns first', () => {
    const store = openStore();
    const decision = (ts: number, json: string): BatchItem => {
      const item = itemOf(sampleAt(ts, 'aa'));
      return { ...item, decision: { json } };
    };
    for (const [ts, json] of [
      [T0 + 1, '1'],
      [T0, '2'],
      [T0, '3'],
    ] as const)
      store.record(decision(ts, json));
    store.flush();
    expect(store.decision('a')).toEqual([
      { rid: 'aa', ts: T0 + 1, json: '1' },
      { rid: 'aa', ts: T0, json: '3' },
    ]);
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

  it('what a clock that was set back has put behind the reader is listed by the row it follows, page by page', () => {
    const store = openStore();
    expect(store.newestRow()).toBe(0);
    const write = (samples: readonly Sample[]): void => {
      for (const sample of samples) store.record(itemOf(sample));
      store.flush();
    };
    write([sampleAt(T0, 'aa'), sampleAt(T0 + 1, 'bb')]);
    const writtenAfter = store.newestRow();
    write([sampleAt(T0 - 600, 'ee'), sampleAt(T0 - 600, 'dd'), sampleAt(T0 - 9, 'cc', { model: 'n' })]);
    write([sampleAt(T0 + 2, 'ff')]);
    const query = { ...ALL, sinceTs: T0 + 1, writtenAfter };
    const ridsOf = (samples: readonly Sample[]): string[] => samples.map(({ rid }) => rid);
    expect(ridsOf(store.samples({ ...ALL, sinceTs: T0 + 1 }))).toEqual(['bb', 'ff']);
    expect(ridsOf(store.samples(query))).toEqual(['dd', 'ee', 'cc', 'bb', 'ff']);
    expect(ridsOf(store.samples({ ...query, model: 'n' }))).toEqual(['cc']);
    expect(ridsOf(store.samples({ ...query, writtenAfter: store.newestRow() }))).toEqual(['bb', 'ff']);
    const found: string[] = [];
    let after = null;
    for (;;) {
      const page: Sample[] = store.samples({ ...query, limit: 2, after });
      const last = page.at(-1);
      if (last === undefined) break;
      found.push(...ridsOf(page));
      after = { ts: last.ts, rid: last.rid };
    }
    expect(found).toEqual(['dd', 'ee', 'cc', 'bb', 'ff']);
  });

  it('drops a row that can never be written, and only that one', () => {
    const store = openStore();
    store.record(itemOf(sampleAt(T0, 'good')));
    store.record(unwritable(T0));
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
