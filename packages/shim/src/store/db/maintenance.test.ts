import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RetentionOptions } from './maintenance.ts';
import { runMaintenance } from './run-maintenance.ts';
import { minuteOf, sampleOf } from './sample.ts';
import { numberOf, openDatabase } from './sqlite.ts';
import { UsageStore } from './usage-store.ts';

const NOON = Date.UTC(2026, 0, 14, 12) / 1000;
const DAY_S = 86_400;
const KEEP_ALL: RetentionOptions = {
  nowTs: NOON,
  sampleTtlS: 7 * DAY_S,
  hourTtlS: 30 * DAY_S,
  decisionTtlS: 7 * DAY_S,
  weeklySpanS: 7 * DAY_S,
  maxBytes: 1e9,
};
let folder: string;
let path: string;
let store: UsageStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shim-maintain-'));
  path = join(folder, 'x.sqlite3');
  store = new UsageStore({ path, nowTs: () => NOON });
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

function record(ts: number, rid: string, bytes = 0): void {
  const sample = sampleOf({
    ts,
    rid,
    model: 'm',
    lane: 'a',
    status: 200,
    input_tokens: 1,
    upstream: 'u'.repeat(bytes),
  });
  store.record({ sample, minute: minuteOf(sample), decision: { json: `"${'x'.repeat(bytes)}"` } });
}

function count(table: string): number | null {
  const db = openDatabase(path, { readOnly: true });
  try {
    return numberOf(db, `SELECT count(*) FROM ${table}`);
  } finally {
    db.close();
  }
}

function counted(granularity: 'hour' | 'day'): number {
  const rows = store.rollups({ granularity, sinceTs: 0, model: null, limit: 1e6, after: null });
  return rows.reduce((sum, { row }) => sum + row.count, 0);
}

describe('maintenance', () => {
  it('deletes by age on a thread of its own, while the server writes', async () => {
    for (let day = 0; day < 40; day += 1) {
      for (let index = 0; index < 150; index += 1) record(NOON - day * DAY_S - index, `${day}-${index}`);
    }
    store.flush();
    const running = runMaintenance({ path, retention: KEEP_ALL });
    for (let index = 0; index < 50; index += 1) record(NOON + 1 + index, `live-${index}`);
    const report = await running;
    store.flush();
    expect(report).toMatchObject({ samples: 33 * 150 - 1, decisions: 33 * 150 - 1, minutes: 127, hours: 19 });
    expect(count('usage_sample')).toBe(40 * 150 - (33 * 150 - 1) + 50);
    expect(counted('day')).toBe(40 * 150 + 50);
    expect(counted('hour')).toBe(30 * 150 + 1 + 50);
    expect(store.status()).toMatchObject({ ok: true, pendingRows: 0, droppedRows: 0 });
  });

  it('keeps the size, oldest first, and leaves the sums', async () => {
    for (let index = 0; index < 6_000; index += 1) record(NOON - 6_000 + index, `r${index}`, 400);
    store.flush();
    await runMaintenance({ path, retention: KEEP_ALL });
    const before = statSync(path).size;
    const report = await runMaintenance({ path, retention: { ...KEEP_ALL, maxBytes: before / 2 } });
    expect(report.samples).toBeGreaterThan(1_900);
    expect(report.pagesFreed).toBeGreaterThan(0);
    expect(report.checkpoint).not.toBe('busy');
    expect(statSync(path).size).toBeLessThanOrEqual(before / 2);
    const [oldest] = store.samples({ sinceTs: 0, model: null, limit: 1, after: null });
    expect(oldest?.rid).toBe(`r${report.samples}`);
    expect(counted('hour')).toBe(6_000);
    expect(counted('day')).toBe(6_000);
  });

  it('says what went wrong', async () => {
    const missing = join(folder, 'missing.sqlite3');
    await expect(runMaintenance({ path: missing, retention: KEEP_ALL })).rejects.toThrow('ENOENT');
    openDatabase(missing).close();
    await expect(runMaintenance({ path: missing, retention: KEEP_ALL })).rejects.toThrow('has format 0');
  });

  it('does not let an old log count again what is summed up already', () => {
    const old = sampleOf({ ts: NOON - 20 * DAY_S, rid: 'old', model: 'm', lane: 'a', status: 200, input_tokens: 1 });
    const sink = store.sink();
    expect(sink.insert([old])).toEqual({ inserted: 1, already: 0, tooOld: 0 });
    return runMaintenance({ path, retention: KEEP_ALL }).then((report) => {
      expect(report.samples).toBe(1);
      expect(store.sink().insert([old])).toEqual({ inserted: 0, already: 0, tooOld: 1 });
      const older = { ...old, ts: old.ts - DAY_S };
      expect(store.sink().insert([older, { ...older, rid: 'b' }])).toEqual({ inserted: 2, already: 0, tooOld: 0 });
      expect(counted('day')).toBe(3);
    });
  });
});
