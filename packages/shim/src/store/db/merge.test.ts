import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRollups } from '@ccp/contracts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { maintain } from './maintenance.ts';
import { mergeRollups } from './merge.ts';
import { minuteOf, sampleOf, type Sample } from './sample.ts';
import { openDatabase } from './sqlite.ts';
import { UsageStore } from './usage-store.ts';

const NOON = Date.UTC(2026, 0, 14, 12) / 1000;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shim-merge-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function sampleAt(index: number, model = 'm'): Sample {
  const row = { ts: NOON + index * 700.1, rid: `r${index}`, model, lane: 'a', op: 'stream', status: 200 };
  return sampleOf({ ...row, input_tokens: index, output_tokens: 3, dirty_s: 0.1 * index, ttft_ms: 100 + index });
}

function made(name: string, samples: readonly Sample[]): string {
  const path = join(folder, name);
  const store = new UsageStore({ path, nowTs: () => NOON, costOf: () => 0.25 });
  for (const sample of samples) store.record({ sample, minute: minuteOf(sample), decision: null });
  store.flush();
  store.close();
  return path;
}

function totals({ models }: { models: Record<string, readonly { count: number; in_tokens: number }[]> }): unknown {
  const rows = Object.values(models).flat();
  return [rows.reduce((sum, row) => sum + row.count, 0), rows.reduce((sum, row) => sum + row.in_tokens, 0)];
}

describe('mergeRollups', () => {
  it('counts a sample once that lies in several files, whatever their order', () => {
    const all = Array.from({ length: 40 }, (_, index) => sampleAt(index, index % 3 ? 'm' : 'n'));
    const paths = [made('a', all.slice(0, 25)), made('b', all.slice(15)), made('c', all.slice(10, 20))];
    const whole = made('whole', all);
    const wanted = mergeRollups([whole]);
    expect(totals(wanted.hour)).toEqual([40, 780]);
    expect(totals(wanted.day)).toEqual([40, 780]);
    expect(parseRollups(wanted.hour).ok && parseRollups(wanted.day).ok).toBe(true);
    const ignoringCost = (text: string): string => text.replaceAll(/"cost_usd":[^,]+/g, '');
    const first = JSON.stringify(mergeRollups(paths));
    expect(ignoringCost(first)).toBe(ignoringCost(JSON.stringify(wanted)));
    fc.assert(
      fc.property(fc.shuffledSubarray([...paths, ...paths], { minLength: 6, maxLength: 6 }), (order) => {
        expect(JSON.stringify(mergeRollups(order))).toBe(first);
      }),
      { numRuns: 10 },
    );
    expect(mergeRollups([whole]).hour.models['m']?.[0]?.cost_usd).toBe(0.25 * 4);
  });

  it('adds rows whose samples are gone', () => {
    const a = made('a', [sampleAt(1), sampleAt(2), sampleAt(30)]);
    const b = made('b', [sampleAt(3), sampleAt(31)]);
    const db = openDatabase(a);
    const ttl = { sampleTtlS: 0, hourTtlS: 1e9, decisionTtlS: 0, weeklySpanS: 1e6, maxBytes: 1e9 };
    maintain(db, { ...ttl, nowTs: NOON + 2 * 3_600 });
    db.close();
    const { hour, day } = mergeRollups([a, b]);
    expect(totals(hour)).toEqual([5, 67]);
    expect(totals(day)).toEqual([5, 67]);
    expect(hour.models['m']?.[0]?.cost_usd).toBe(0.75);
    expect(JSON.stringify(mergeRollups([b, a]))).toBe(JSON.stringify({ hour, day, problems: [] }));
  });

  it('reads files of the original program, and names what it can not read', () => {
    const path = join(folder, 'original');
    const db = openDatabase(path);
    db.exec(`CREATE TABLE usage_sample (ts REAL NOT NULL, rid TEXT NOT NULL, model TEXT, lane TEXT, input_tokens INTEGER,
      output_tokens INTEGER, dirty_s REAL, stream_s REAL, ttft_ms INTEGER, status INTEGER, PRIMARY KEY (ts, rid));
      CREATE TABLE usage_rollup_hour (window_start REAL, model TEXT, in_tokens INTEGER, out_tokens INTEGER, dirty_s REAL,
        stream_s REAL, count INTEGER, p50_ttft REAL, p90_ttft REAL, p99_ttft REAL, UNIQUE(window_start, model));
      INSERT INTO usage_rollup_hour VALUES (${NOON - 7_200}, 'm', 100, 1, 1, 1, 9, 1, 2, 3);
      INSERT INTO usage_sample VALUES (${NOON + 1}, 'x', 'm', 'a', 7, 1, 1, 1, 50, 200)`);
    db.close();
    const text = join(folder, 'text');
    writeFileSync(text, 'no database '.repeat(100));
    const copy = join(folder, 'copy');
    copyFileSync(path, copy);
    const { hour, day, problems } = mergeRollups([path, text]);
    expect(hour.models['m']?.map(({ count }) => count)).toEqual([9, 1]);
    expect(hour.models['m']?.[0]?.ttft_ms).toEqual({ p50: 1, p90: 2, p99: 3 });
    expect(totals(day)).toEqual([1, 7]);
    expect(problems).toEqual([expect.stringContaining('text')]);
    expect(mergeRollups([]).hour).toEqual({ granularity: 'hour', models: {}, ts: 0 });
  });
});
