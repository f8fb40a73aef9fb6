import { describe, expect, it, vi } from 'vitest';
import type { ConfigSnapshot } from '../config/catalog.ts';
import { parseCatalog } from '../config/load-catalog.ts';
import { parseQuotaConfig } from '../config/load-quotas.ts';
import { readSettings, type RerouteMode } from '../config/settings.ts';
import type { Accepted, Permit, Refusal, Routed } from '../exchange.ts';
import { foldModel, modelMatcher } from '../route/glob.ts';
import { reroute } from '../route/reroute.ts';
import { admit, type AdmitOptions } from './admit.ts';
import { clockTimeIn } from './clock-time.ts';
import { Cooldowns } from './cooldown.ts';
import { limitFinder } from './limit-of.ts';
import { Quotas } from './quotas.ts';

/** A Wednesday. */
const NOW_TS = Date.UTC(2026, 0, 14, 12) / 1000;
const BERLIN = clockTimeIn('Europe/Berlin');

interface World {
  readonly quotas: Quotas;
  readonly cooldowns: Cooldowns;
  ask(
    index: number,
    part?: {
      readonly mode?: RerouteMode;
      readonly needs?: number;
      readonly waiting?: Promise<() => void>;
      readonly lastResort?: boolean;
    },
  ): Promise<Permit | Refusal>;
}

function worldOf(quotasFile: object, features: string): World {
  const settings = readSettings({}, { HOME: '/nowhere' });
  const text = `providers: {one: {base_url: 'http://one'}, two: {base_url: 'http://two', overage: block}}\n${features}`;
  const catalog = parseCatalog('providers.yaml', text, settings, 0);
  const quotaConfig = parseQuotaConfig('quotas.json', JSON.stringify(quotasFile), 0);
  if (!('lanes' in catalog) || !('limits' in quotaConfig)) throw new Error('not usable');
  const config: ConfigSnapshot = { catalog, quotas: quotaConfig, manualModel: null };
  const quotas = new Quotas(quotaConfig, {
    limitOf: limitFinder({ fold: foldModel, matcher: modelMatcher }),
    warnPctOf: (_lane, _model, configured) => configured,
    vendorWeekReset: () => null,
  });
  const cooldowns = new Cooldowns(60);
  const refused: Refusal[] = [];
  return {
    quotas,
    cooldowns,
    ask: async (index, { mode = 'hybrid', needs = 10, waiting, lastResort = false } = {}) => {
      const facts = { model: 'm', modelSpan: null, stream: true, maxTokens: 0, sessionId: null, agentId: null };
      // Only what admission looks at.
      const accepted = { facts, bodyBytes: needs * 4, op: 'messages', atMs: 0 } as Accepted;
      const lanes = [...catalog.lanes.values()].map((lane) => ({ lane, model: 'm' }));
      const routed: Routed = {
        accepted,
        config,
        choice: { lanes, decision: 'pass_through', reason: 'route * → one', skipped: [] },
      };
      const options: AdmitOptions = {
        quotas,
        mode,
        reroute,
        restOf: (lane, model, nowTs) => cooldowns.ask(lane, model, nowTs),
        billedBeyond: (lane, nowTs) => cooldowns.billedBeyond(lane, nowTs),
        takeProbe: (lane, model, nowTs) => cooldowns.takeProbe(lane, model, nowTs),
        takeSlot: () => waiting ?? (() => undefined),
        bookName: (model) => model,
        nowTs: () => NOW_TS,
        clockTime: BERLIN,
      };
      // Lanes are asked in order, and each one hears how those before it answered.
      if (index === 0 && !lastResort) refused.length = 0;
      const visit = { index, isLast: lastResort || index + 1 === lanes.length, lastResort };
      const trail = { tried: [], refused: [...refused] };
      const answer = await admit({ routed, visit, trail, onGone: () => undefined }, options);
      if ('refused' in answer) refused.push(answer);
      return answer;
    },
  };
}

/** Lane `one` may spend 1000 and has spent `used`; lane `two` has no limit. */
function spent(used: number, extra: object = {}, windows: object = {}, features = ''): World {
  const models = { m: { provider: 'one', rolling_tokens: 1000, warn_pct: 0.8, ...extra } };
  const world = worldOf({ windows, models }, features);
  const config = worldConfig(windows, extra);
  const reservation = world.quotas.reserve(
    { lane: 'one', model: 'm', spends: true, bodyBytes: 0, maxTokens: 0, nowTs: NOW_TS },
    config,
  );
  reservation.settle({ input: used, output: 0, cacheWrite: 0, cacheRead: 0 }, 1, NOW_TS - 3600);
  return world;
}

function worldConfig(windows: object, extra: object): ConfigSnapshot['quotas'] {
  const parsed = parseQuotaConfig(
    'quotas.json',
    JSON.stringify({ windows, models: { m: { provider: 'one', rolling_tokens: 1000, ...extra } } }),
    0,
  );
  if ('limits' in parsed) return parsed;
  throw new Error(parsed.message);
}

function permitOf(answer: Permit | Refusal): Permit {
  if ('refused' in answer) throw new Error(answer.refused.message);
  return answer;
}

function refusalOf(answer: Permit | Refusal): Refusal {
  if ('refused' in answer) return answer;
  throw new Error('was admitted');
}

describe('admit', () => {
  it('says which window is spent, and when it has room again in the configured zone', async () => {
    const { refused } = refusalOf(await spent(1000).ask(0, { needs: 25 }));
    expect(refused.code).toBe('quota_blocked');
    expect(refused.message).toMatch(/Quota for m on one is spent: 1,000 of 1,000 tokens used in the [^,.]*5 h/);
    expect(refused.message).toContain('needs about 25.');
    // Spent at 11:00 UTC, gone five hours later; the whole minute leaves at once. Berlin is one hour ahead.
    expect(refused.message).toMatch(/Wed,? 17:01 (CET|GMT\+1)/);
    expect(refused.headers).toEqual({ 'retry-after': String(4 * 3600 + 60), 'x-should-retry': 'false' });
  });

  it('names the window by its configured length', async () => {
    const { refused } = refusalOf(await spent(1000, {}, { rolling_seconds: 7200 }).ask(0));
    expect(refused.message).not.toContain('5 h');
    expect(refused.message).toMatch(/Wed,? 14:01/);
  });

  it('names the week when the week is spent', async () => {
    const { refused } = refusalOf(await spent(500, { rolling_tokens: 9000, weekly_limit_value: 500 }).ask(0));
    expect(refused.message).toMatch(/500 of 500 tokens used in the week/);
  });

  it('makes no formatter for each request that a spent lane turns away: memory grew by 100 MB in a minute of them', async () => {
    const world = spent(1000);
    const made = vi.spyOn(Intl, 'DateTimeFormat');
    try {
      for (let index = 0; index < 20; index += 1) refusalOf(await world.ask(0));
      expect(made).not.toHaveBeenCalled();
    } finally {
      made.mockRestore();
    }
  });

  it('keeps nothing set aside for a request it turned away', async () => {
    const world = spent(900);
    for (let index = 0; index < 5; index += 1) refusalOf(await world.ask(0, { needs: 200 }));
    const permit = permitOf(await world.ask(0, { needs: 0 }));
    expect(permit.lane.id).toBe('one');
  });

  it('calls a lane that was passed over for its block a block, also when only the request was too large', async () => {
    // At the warning, but hybrid leaves only at the block: that is what happened.
    const world = spent(850);
    refusalOf(await world.ask(0, { needs: 5000 }));
    const permit = permitOf(await world.ask(1, { needs: 5000 }));
    expect(permit).toMatchObject({ decision: 'quota_block', rerouteDecision: 'quota_block', preferred: false });
    expect(permit.decisionReason).toContain('one is at 85 %');
  });

  it('calls a lane that was left at the warning just that', async () => {
    const world = spent(850);
    refusalOf(await world.ask(0, { mode: 'preemptive', needs: 0 }));
    expect(permitOf(await world.ask(1, { mode: 'preemptive', needs: 0 }))).toMatchObject({
      decision: 'quota_preemptive_warn',
      preferred: false,
    });
  });

  it('goes on over the cap in run2cap, and counts what that spends', async () => {
    const world = spent(1000);
    const permit = permitOf(await world.ask(0, { mode: 'run2cap' }));
    expect(permit).toMatchObject({ decision: 'quota_run_to_limit', preferred: true });
    permit.reservation.settle({ input: 70, output: 0, cacheWrite: 0, cacheRead: 0 }, 1, NOW_TS);
    expect(refusalOf(await world.ask(0)).permit.reservation.verdict.rolling.used).toBe(1070);
  });

  const NO = {
    kind: 'five_hour',
    scope: 'lane',
    endsTs: NOW_TS + 600,
    relative: false,
    meters: [],
    reason: 'it is full',
  } as const;

  it('leaves a lane whose provider said no, in every mode, and says until when', async () => {
    for (const mode of ['hybrid', 'preemptive', 'run2cap'] as const) {
      const world = spent(10);
      world.cooldowns.reject({ lane: 'one', model: 'm' }, NO, NOW_TS - 5);
      const refusal = refusalOf(await world.ask(0, { mode }));
      expect(refusal.permit).toMatchObject({
        decision: 'quota_cooldown',
        decisionReason: 'one rests after it is full',
      });
      expect(refusal.refused.headers).toEqual({ 'retry-after': '600', 'x-should-retry': 'false' });
      expect(refusal.refused.message).toMatch(/^one takes no requests for m until Wed,? 13:10/);
      expect(permitOf(await world.ask(1, { mode }))).toMatchObject({ decision: 'quota_cooldown', preferred: false });
    }
  });

  it('tries a lane that rests when there is no other', async () => {
    const world = spent(10);
    world.cooldowns.reject({ lane: 'two', model: 'm' }, NO, NOW_TS - 5);
    const permit = permitOf(await world.ask(1));
    expect(permit).toMatchObject({ decision: 'quota_cooldown', releaseProbe: null });
    expect(permit.decisionReason).toContain('resting after it is full, and there is no other lane');
  });

  it('after the reset lets one request go first and keeps the others away until it has told something', async () => {
    const world = spent(10);
    world.cooldowns.reject({ lane: 'one', model: 'm' }, { ...NO, endsTs: NOW_TS - 1 }, NOW_TS - 60);
    const first = permitOf(await world.ask(0));
    expect(first.decisionReason).toContain('the first request since five_hour ended');
    refusalOf(await world.ask(0));
    refusalOf(await world.ask(0));
    first.releaseProbe?.();
    permitOf(await world.ask(0));
  });

  it('refuses what would be billed on top in every mode, also without another lane', async () => {
    const world = spent(10);
    world.cooldowns.reject({ lane: 'two', model: 'm' }, { ...NO, kind: 'overage' }, NOW_TS - 5);
    const { refused } = refusalOf(await world.ask(1, { mode: 'run2cap' }));
    expect(refused.message).toContain('Set overage: allow for two in providers.yaml');
  });

  it('in shadow mode lets pass what the quota would turn away, and says so', async () => {
    const permit = permitOf(await spent(1000, {}, {}, 'features: {quota_shadow: true}').ask(0, { needs: 25 }));
    expect(permit).toMatchObject({ decision: 'pass_through', decided: { shadow: 'quota_block' } });
  });

  it('judges anew after waiting for a place: those ahead have spent meanwhile', async () => {
    const world = spent(0);
    let enter: (release: () => void) => void = () => undefined;
    const waiting = new Promise<() => void>((resolve) => (enter = resolve));
    const asked = world.ask(0, { needs: 10, waiting });
    const ahead = permitOf(await world.ask(0, { needs: 10 }));
    ahead.reservation.settle({ input: 1000, output: 0, cacheWrite: 0, cacheRead: 0 }, 1, NOW_TS);
    let released = false;
    enter(() => (released = true));
    expect(refusalOf(await asked).permit.decision).toBe('quota_block');
    expect(released).toBe(true);
  });

  it('in shadow mode our quota refuses nothing, also on the only lane while it rests', async () => {
    const world = spent(1000, {}, {}, 'features: {quota_shadow: true}');
    world.cooldowns.reject({ lane: 'one', model: 'm' }, NO, NOW_TS - 5);
    const permit = permitOf(await world.ask(0, { needs: 25, lastResort: true }));
    expect(permit.decided).toMatchObject({ shadow: 'quota_block', answer: { decision: 'quota_cooldown' } });
  });

  it('as the last resort takes a lane at its warning', async () => {
    const world = spent(850);
    refusalOf(await world.ask(0, { mode: 'preemptive', needs: 0 }));
    const permit = permitOf(await world.ask(0, { mode: 'preemptive', needs: 0, lastResort: true }));
    expect(permit).toMatchObject({ decision: 'quota_warn_attempt', preferred: true });
    expect(permit.decisionReason).toContain('no other lane took it');
  });

  it('says so while one request is out to see whether a rest is over', async () => {
    const world = spent(10);
    world.cooldowns.reject({ lane: 'one', model: 'm' }, { ...NO, endsTs: NOW_TS - 1 }, NOW_TS - 60);
    permitOf(await world.ask(0));
    const { refused } = refusalOf(await world.ask(0));
    expect(refused.message).toBe('one is being asked whether it takes m again.');
    expect(refused.headers).toMatchObject({ 'retry-after': '15' });
  });

  it('passes with the decision of the route when no quota has a say', async () => {
    expect(permitOf(await spent(10).ask(0, { needs: 5 }))).toMatchObject({
      decision: 'pass_through',
      decisionReason: 'route * → one',
      rerouteDecision: 'quota_pass',
      attempt: 1,
      wastedMs: 0,
    });
  });
});
