import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QuotaConfig } from './config/catalog.ts';
import { parseQuotaConfig } from './config/load-quotas.ts';
import type { Tokens } from './exchange.ts';
import { limitFinder } from './quota/limit-of.ts';
import { Quotas } from './quota/quotas.ts';
import { foldModel, modelMatcher } from './route/glob.ts';
import { maintain } from './store/db/maintenance.ts';
import type { ModelRollup } from './store/db/read-store.ts';
import type { Sample } from './store/db/sample.ts';
import { openDatabase } from './store/db/sqlite.ts';
import { UsageStore } from './store/db/usage-store.ts';

const HOUR_S = 3_600;
const DAY_S = 86_400;
const WEEK_S = 7 * DAY_S;
/** Two days before Europe sets its clocks back. */
const START_TS = Date.UTC(2026, 9, 23, 9) / 1000;

interface Turn extends Tokens {
  readonly ts: number;
  readonly lane: string;
  readonly model: string;
  readonly dirtyS: number;
}

/** Weeks of work: bursts of turns, pauses, nights, and a restart now and then. */
const step = fc.record({
  gapS: fc.oneof(
    { weight: 6, arbitrary: fc.double({ min: 1, max: 240, noNaN: true }) },
    { weight: 3, arbitrary: fc.double({ min: 240, max: 2 * HOUR_S, noNaN: true }) },
    { weight: 1, arbitrary: fc.double({ min: 6 * HOUR_S, max: 14 * HOUR_S, noNaN: true }) },
  ),
  lane: fc.constantFrom('anthropic', 'zai'),
  model: fc.constantFrom('claude-opus-4-1', 'claude-haiku-4-5'),
  tokens: fc.record({
    input: fc.nat(5_000),
    output: fc.nat(3_000),
    cacheWrite: fc.nat(9_000),
    cacheRead: fc.nat(90_000),
  }),
  dirtyS: fc.double({ min: 0.1, max: 90, noNaN: true }),
  restart: fc.nat(40).map((n) => n === 0),
});

const QUOTAS = parseQuotaConfig(
  'quotas.json',
  JSON.stringify({
    models: {
      'claude-opus*': { provider: 'anthropic', rolling_tokens: 900_000, weekly_limit_value: 9_000_000, warn_pct: 0.8 },
      'claude-haiku*': { rolling_tokens: 500_000, anchor: null, weights: { cache_read: 0.1 } },
    },
  }),
  0,
) as QuotaConfig;

/** The provider's week turns over in the middle of the fourth day. */
const RESET_TS = START_TS + 3.5 * DAY_S;

class Household {
  nowTs = START_TS;
  readonly turns: Turn[] = [];
  readonly path: string;
  store: UsageStore;
  quotas: Quotas;

  constructor(folder: string) {
    this.path = join(folder, 'ccp.sqlite3');
    [this.store, this.quotas] = this.#open();
  }

  spend({ lane, model, tokens, dirtyS }: { lane: string; model: string; tokens: Tokens; dirtyS: number }): void {
    const asked = { lane, model, spends: true, bodyBytes: 400, maxTokens: 100, nowTs: this.nowTs };
    const settled = this.quotas.reserve(asked, QUOTAS).settle(tokens, dirtyS, this.nowTs);
    this.turns.push({ ...tokens, ts: this.nowTs, lane, model, dirtyS });
    const minute = { ...tokens, lane, model, minute: settled!.minute, firstTs: this.nowTs, dirtyS, count: 1 };
    this.store.record({ sample: this.#sample(this.turns.length, this.turns.at(-1)!), minute, decision: null });
  }

  /** As after a crash: only what the store has is known. */
  restart(): void {
    this.store.close();
    const { error, pendingRows } = this.store.status();
    if (error !== null || pendingRows > 0) throw new Error(`not all was written: ${error}`);
    [this.store, this.quotas] = this.#open();
    this.quotas.ledger.restore(this.store.load(this.nowTs - WEEK_S - DAY_S).minutes);
  }

  #open(): [UsageStore, Quotas] {
    const store = new UsageStore({ path: this.path, nowTs: () => this.nowTs });
    const quotas = new Quotas(QUOTAS, {
      limitOf: limitFinder({ fold: foldModel, matcher: modelMatcher }),
      warnPctOf: (_lane, _model, configured) => configured,
      vendorWeekReset: (lane) => (lane === 'anthropic' ? RESET_TS : null),
    });
    return [store, quotas];
  }

  #sample(index: number, turn: Turn): Sample {
    return {
      ts: turn.ts,
      rid: index.toString(16).padStart(8, '0'),
      epoch: 'e',
      model: turn.model,
      lane: turn.lane,
      op: 'stream',
      inputTokens: turn.input,
      outputTokens: turn.output,
      cacheWriteTokens: turn.cacheWrite,
      cacheReadTokens: turn.cacheRead,
      usageKnown: true,
      dirtyS: turn.dirtyS,
      streamS: turn.dirtyS / 2,
      ttftMs: Math.round(turn.dirtyS * 100),
      status: 200,
      ended: 'complete',
      errType: '',
      decision: 'pass_through',
      rerouteMode: 'hybrid',
      warnPctAuto: null,
      gapSecondsP50: null,
      gapSecondsP95: null,
      gapSamples: 0,
      upstream: '',
      h2: false,
      headerMode: '',
      requestId: null,
      sessionId: null,
      agentId: null,
    };
  }
}

/** Counted tokens of every turn whose minute has not wholly left the window, the slow way. */
function plainSum(turns: readonly Turn[], fromTs: number, cacheRead: number): number {
  return turns
    .filter(({ ts }) => (Math.floor(ts / 60) + 1) * 60 > fromTs)
    .reduce((sum, turn) => sum + turn.input + turn.output + turn.cacheWrite + cacheRead * turn.cacheRead, 0);
}

function expectSums({ quotas, turns, nowTs }: Household): void {
  const opus = turns.filter(({ lane, model }) => lane === 'anthropic' && model.includes('opus'));
  const anchored = RESET_TS + Math.floor((nowTs - RESET_TS) / WEEK_S) * WEEK_S;
  const { verdict } = quotas.standing('anthropic', 'claude-opus-4-1', QUOTAS, nowTs);
  expect(verdict.weeklyAnchored).toBe(true);
  expect(verdict.rolling.used).toBe(plainSum(opus, nowTs - 5 * HOUR_S, 0));
  expect(verdict.weekly.used).toBe(plainSum(opus, anchored, 0));
  // One limit over both lanes, sliding, with cache reads at a tenth.
  const haiku = turns.filter(({ model }) => model.includes('haiku'));
  const both = quotas.standing('zai', 'claude-haiku-4-5', QUOTAS, nowTs).verdict;
  expect(both.rolling.used).toBeCloseTo(plainSum(haiku, nowTs - 5 * HOUR_S, 0.1), 3);
  expect(both.weekly.used).toBeCloseTo(plainSum(haiku, nowTs - WEEK_S, 0.1), 3);
}

/** Every bucket there ever was, summed from the turns. */
function plainRollups(turns: readonly Turn[], spanS: number): Map<string, { output: number; count: number }> {
  const sums = new Map<string, { output: number; count: number }>();
  for (const { ts, model, output } of turns) {
    const key = `${Math.floor(ts / spanS) * spanS} ${model}`;
    const sum = sums.get(key) ?? { output: 0, count: 0 };
    sums.set(key, { output: sum.output + output, count: sum.count + 1 });
  }
  return sums;
}

function rollups({ store }: Household, granularity: 'hour' | 'day'): Map<string, { output: number; count: number }> {
  const rows: readonly ModelRollup[] = store.rollups({
    granularity,
    sinceTs: 0,
    model: null,
    limit: 100_000,
    after: null,
  });
  return new Map(
    rows.map(({ model, row }) => [`${row.window_start} ${model}`, { output: row.out_tokens, count: row.count }]),
  );
}

describe('weeks under a clock of their own', () => {
  it('every window equals a plain sum, over restarts, resets and retention; hours and days equal their turns', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 300, maxLength: 700 }), (steps) => {
        const folder = mkdtempSync(join(tmpdir(), 'shim-week-'));
        const home = new Household(folder);
        try {
          let sinceMaintenance = 0;
          for (const { gapS, restart, ...spent } of steps) {
            home.nowTs += gapS;
            expectSums(home);
            home.spend(spent);
            expectSums(home);
            if (restart) home.restart();
            sinceMaintenance += gapS;
            if (sinceMaintenance > DAY_S) {
              sinceMaintenance = 0;
              home.store.flush();
              keepTwoDays(home);
            }
          }
          home.store.flush();
          expect(rollups(home, 'hour')).toEqual(plainRollups(home.turns, HOUR_S));
          expect(rollups(home, 'day')).toEqual(plainRollups(home.turns, DAY_S));
          keepTwoDays(home);
          expect(rollups(home, 'hour')).toEqual(plainRollups(home.turns, HOUR_S));
          expect(rollups(home, 'day')).toEqual(plainRollups(home.turns, DAY_S));
          expectSums(home);
        } finally {
          home.store.close();
          rmSync(folder, { recursive: true, force: true });
        }
      }),
      { numRuns: 12, endOnFailure: true },
    );
  }, 120_000);
});

/** Turns older than two days go; their sums stay. */
function keepTwoDays({ path, nowTs }: Household): void {
  const db = openDatabase(path, { create: false, busyTimeoutMs: 1_000 });
  try {
    const retention = { sampleTtlS: 2 * DAY_S, hourTtlS: 60 * DAY_S, decisionTtlS: DAY_S, weeklySpanS: WEEK_S };
    maintain(db, { nowTs, ...retention, maxBytes: 1e9 });
  } finally {
    db.close();
  }
}
