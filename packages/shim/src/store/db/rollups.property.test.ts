import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maintain } from './maintenance.ts';
import { recomputeRollups } from './recompute-rollups.ts';
import { minuteOf, sampleOf, type MinuteDelta, type Sample } from './sample.ts';
import { openDatabase } from './sqlite.ts';
import { UsageStore } from './usage-store.ts';

const T0 = Date.UTC(2026, 0, 14, 22) / 1000;
const EVERYTHING = { sinceTs: 0, model: null, limit: 1e6, after: null } as const;

const sample: fc.Arbitrary<Sample> = fc
  .record({
    ts: fc.integer({ min: 0, max: 4 * 3_600 }).map((s) => T0 + s),
    rid: fc.integer({ min: 0, max: 60 }).map((n) => n.toString(16).padStart(8, '0')),
    model: fc.constantFrom('m', 'n'),
    lane: fc.constantFrom('a', 'b'),
    input_tokens: fc.nat(1_000),
    output_tokens: fc.nat(1_000),
    cache_write_tokens: fc.nat(50),
    cache_read_tokens: fc.nat(50),
    dirty_s: fc.integer({ min: 1, max: 4_000 }).map((n) => n / 16),
    stream_s: fc.integer({ min: 0, max: 4_000 }).map((n) => n / 16),
    ttft_ms: fc.nat(60_000),
    status: fc.constantFrom(200, 200, 200, 429),
    ended: fc.constantFrom('complete', 'complete', 'truncated'),
  })
  // What makes two samples one is `ts` and `rid`: everything else follows from them.
  .map((row) => sampleOf({ ...row, rid: `${row.rid}-${row.model}${row.lane}${row.input_tokens}${row.ttft_ms}` }));

interface Sums {
  readonly count: number;
  readonly in: number;
  readonly out: number;
  readonly cache: number;
  readonly dirtyS: number;
  readonly streamS: number;
  readonly ttft: readonly number[];
}

/** Hour or day and model → sums, by brute force. */
function expected(samples: Iterable<Sample>, lengthS: number): Map<string, Sums> {
  const sums = new Map<string, Sums>();
  for (const one of samples) {
    const key = `${Math.floor(one.ts / lengthS) * lengthS} ${one.model}`;
    const known = sums.get(key) ?? { count: 0, in: 0, out: 0, cache: 0, dirtyS: 0, streamS: 0, ttft: [] };
    const isWhole = one.ended === 'complete' && one.status < 400 && one.ttftMs !== null;
    sums.set(key, {
      count: known.count + 1,
      in: known.in + one.inputTokens,
      out: known.out + one.outputTokens,
      cache: known.cache + one.cacheReadTokens + one.cacheWriteTokens * 1_000,
      dirtyS: known.dirtyS + one.dirtyS,
      streamS: known.streamS + (one.streamS > 0 ? one.streamS : one.dirtyS),
      ttft: isWhole ? [...known.ttft, one.ttftMs ?? 0] : known.ttft,
    });
  }
  return sums;
}

function quantile(values: readonly number[], p: number): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const rank = (sorted.length - 1) * p;
  const low = sorted[Math.floor(rank)] ?? 0;
  return low + ((sorted[Math.ceil(rank)] ?? 0) - low) * (rank - Math.floor(rank));
}

function expectSums(store: UsageStore, all: Iterable<Sample>): void {
  const distinct = [...all];
  for (const [granularity, lengthS] of [
    ['hour', 3_600],
    ['day', 86_400],
  ] as const) {
    const wanted = expected(distinct, lengthS);
    const rows = store.rollups({ ...EVERYTHING, granularity });
    expect(rows.map(({ model, row }) => `${row.window_start} ${model}`).toSorted()).toEqual(
      [...wanted.keys()].toSorted(),
    );
    for (const { model, row } of rows) {
      const one = wanted.get(`${row.window_start} ${model}`)!;
      expect([row.count, row.in_tokens, row.out_tokens]).toEqual([one.count, one.in, one.out]);
      expect((row.cache_read_tokens ?? 0) + (row.cache_write_tokens ?? 0) * 1_000).toBe(one.cache);
      // Sixteenths of seconds add up exactly.
      expect([row.dirty_s, row.stream_s]).toEqual([one.dirtyS, one.streamS]);
      for (const [name, p] of [
        ['p50', 0.5],
        ['p90', 0.9],
        ['p99', 0.99],
      ] as const) {
        const exact = quantile(one.ttft, p);
        const got = row.ttft_ms?.[name] ?? null;
        if (exact === null) expect(got).toBeNull();
        else expect(Math.abs((got ?? NaN) - exact)).toBeLessThanOrEqual(exact * 0.01 + 1e-6);
      }
    }
  }
}

function expectMinutes(store: UsageStore, all: Iterable<Sample>): void {
  const wanted = new Map<string, MinuteDelta>();
  for (const one of all) {
    const delta = minuteOf(one);
    if (delta === null) continue;
    const key = `${delta.lane} ${delta.model} ${delta.minute}`;
    const known = wanted.get(key);
    wanted.set(key, {
      ...delta,
      firstTs: Math.min(delta.firstTs, known?.firstTs ?? Infinity),
      input: delta.input + (known?.input ?? 0),
      output: delta.output + (known?.output ?? 0),
      cacheWrite: delta.cacheWrite + (known?.cacheWrite ?? 0),
      cacheRead: delta.cacheRead + (known?.cacheRead ?? 0),
      dirtyS: delta.dirtyS + (known?.dirtyS ?? 0),
      count: delta.count + (known?.count ?? 0),
    });
  }
  const got = store.load(0).minutes;
  expect(got.length).toBe(wanted.size);
  for (const minute of got) expect(minute).toEqual(wanted.get(`${minute.lane} ${minute.model} ${minute.minute}`));
}

describe('hour and day rows', () => {
  it('equal the sums over all distinct samples ever recorded, before and after retention and a recompute', () => {
    const batches = fc.array(fc.array(sample, { maxLength: 30 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(batches, fc.integer({ min: 0, max: 5 * 3_600 }), fc.boolean(), (parts, age, again) => {
        const folder = mkdtempSync(join(tmpdir(), 'shim-rollups-'));
        const path = join(folder, 'x.sqlite3');
        const store = new UsageStore({ path, nowTs: () => T0 + 4 * 3_600 });
        try {
          const all = new Map<string, Sample>();
          for (const part of parts) {
            for (const one of part) {
              const key = `${one.ts} ${one.rid}`;
              const known = all.get(key) ?? one;
              all.set(key, known);
              store.record({ sample: known, minute: minuteOf(known), decision: null });
            }
            store.flush();
          }
          expectSums(store, all.values());
          expectMinutes(store, all.values());
          const db = openDatabase(path);
          const ttl = { sampleTtlS: 0, hourTtlS: 1e9, decisionTtlS: 0, weeklySpanS: 1e6, maxBytes: 1e9 };
          const { samples } = maintain(db, { ...ttl, nowTs: T0 + age });
          expect(samples).toBe([...all.values()].filter(({ ts }) => ts < T0 + age).length);
          if (again) recomputeRollups(db, { fullyCoveredFromTs: 0 });
          db.close();
          expectSums(store, all.values());
          expectMinutes(store, all.values());
        } finally {
          store.close();
          rmSync(folder, { recursive: true, force: true });
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
