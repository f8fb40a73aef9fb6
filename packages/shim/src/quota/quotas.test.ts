import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QuotaConfig } from '../config/catalog.ts';
import { parseQuotaConfig } from '../config/load-quotas.ts';
import type { Tokens } from '../exchange.ts';
import { foldModel, modelMatcher } from '../route/glob.ts';
import { limitFinder } from './limit-of.ts';
import { Quotas, type AdmissionQuestion } from './quotas.ts';
import type { Reservation } from './reservation.ts';
import type { Verdict } from './verdict.ts';

const NOW_TS = 1_760_000_000;
const NOTHING: Tokens = { input: 0, output: 0, cacheWrite: 0, cacheRead: 0 };

function configOf(models: Readonly<Record<string, object>>, windows: object = {}): QuotaConfig {
  const parsed = parseQuotaConfig('quotas.json', JSON.stringify({ windows, models }), 0);
  if ('limits' in parsed) return parsed;
  throw new Error(parsed.message);
}

function quotasFor(config: QuotaConfig): Quotas {
  return new Quotas(config, {
    limitOf: limitFinder({ fold: foldModel, matcher: modelMatcher }),
    warnPctOf: (_lane, _model, configured) => configured,
    vendorWeekReset: () => null,
  });
}

/** A request that, before anything was learned, is expected to need exactly `needs` input tokens. */
function asking(needs: number, part: Partial<AdmissionQuestion> = {}): AdmissionQuestion {
  return { lane: 'zai', model: 'm-1', spends: true, bodyBytes: needs * 4, maxTokens: 0, nowTs: NOW_TS, ...part };
}

/** What the answer would be; nothing stays set aside. */
function judged(quotas: Quotas, question: AdmissionQuestion, config: QuotaConfig): Verdict {
  const reservation = quotas.reserve(question, config);
  reservation.release();
  return reservation.verdict;
}

function input(tokens: number): Tokens {
  return { ...NOTHING, input: tokens };
}

describe('Quotas', () => {
  it('sets tokens aside until they are settled or given back', () => {
    const config = configOf({ 'm-*': { rolling_tokens: 1000 } });
    const quotas = quotasFor(config);
    const first = quotas.reserve(asking(600), config);
    expect(first.verdict.verdict).toBe('allow');
    expect(first.estimate).toEqual(input(600));
    expect(judged(quotas, asking(600), config)).toMatchObject({ verdict: 'block', reason: 'rolling' });
    first.release();
    const second = quotas.reserve(asking(600), config);
    expect(second.verdict.verdict).toBe('allow');
    second.settle(input(100), 1, NOW_TS);
    expect(quotas.standing('zai', 'm-1', config, NOW_TS).verdict.rolling.used).toBe(100);
  });

  it.each([
    ['two days', 172_800],
    ['ten minutes', 600],
  ])('a lane that was closed by a clock %s ahead opens after its window, though nothing is added', (_what, aheadS) => {
    const config = configOf({ 'm-*': { rolling_tokens: 1000 } }, { rolling_seconds: 60 });
    const quotas = quotasFor(config);
    const aheadTs = NOW_TS + aheadS;
    quotas.reserve(asking(1000, { nowTs: aheadTs }), config).settle(input(1000), 1, aheadTs);
    expect(quotas.standing('zai', 'm-1', config, NOW_TS).verdict.etaRollingSec).toBeLessThanOrEqual(120);
    const closed = judged(quotas, asking(100), config);
    expect(closed.verdict).toBe('block');
    expect(closed.etaClearSec).toBeLessThanOrEqual(120);
    expect(judged(quotas, asking(100, { nowTs: NOW_TS + 120 }), config).verdict).toBe('allow');
  });

  it('shows the standing without what is in flight', () => {
    const config = configOf({ m: { rolling_tokens: 100 } });
    const quotas = quotasFor(config);
    const reservation = quotas.reserve(asking(100, { model: 'm' }), config);
    const { verdict, limit } = quotas.standing('zai', 'm', config, NOW_TS);
    expect(limit?.model).toBe('m');
    expect(verdict).toMatchObject({ verdict: 'allow', rolling: { used: 0, cap: 100, pct: 0 } });
    reservation.settle(input(100), 1, NOW_TS);
    expect(quotas.standing('zai', 'm', config, NOW_TS).verdict.verdict).toBe('block');
  });

  it('counts only the first settle or release', () => {
    const end = fc.constantFrom('settle', 'release');
    fc.assert(
      fc.property(fc.array(end, { minLength: 1, maxLength: 6 }), (ends) => {
        const config = configOf({ 'm-*': { rolling_tokens: 1000 } });
        const quotas = quotasFor(config);
        const reservation = quotas.reserve(asking(500), config);
        for (const one of ends) {
          if (one === 'settle') reservation.settle(input(300), 1, NOW_TS);
          else reservation.release();
        }
        const used = ends[0] === 'settle' ? 300 : 0;
        expect(quotas.standing('zai', 'm-1', config, NOW_TS).verdict.rolling.used).toBe(used);
        // Exactly the rest fits: nothing is left pending, and nothing was taken off twice.
        expect(quotas.reserve(asking(1000 - used, { model: 'm-fresh' }), config).verdict.verdict).toBe('allow');
        expect(judged(quotas, asking(1, { model: 'm-fresh-too' }), config).verdict).toBe('block');
      }),
    );
  });

  it('holds requests that spend nothing against no quota', () => {
    const config = configOf({ 'm-*': { rolling_tokens: 100, warn_pct: 0.5 } });
    const quotas = quotasFor(config);
    quotas.reserve(asking(50), config).settle(input(500), 1, NOW_TS);
    const counting = quotas.reserve(asking(1000, { spends: false }), config);
    expect(counting.verdict.verdict).toBe('allow');
    expect(counting.estimate).toEqual(NOTHING);
    counting.settle(NOTHING, 1, NOW_TS);
    expect(quotas.standing('zai', 'm-1', config, NOW_TS).verdict.rolling.used).toBe(500);
  });

  it('still books what a request spends that goes on although it is blocked', () => {
    // The mode run2cap sends it: the provider says when it is enough.
    const config = configOf({ 'm-*': { rolling_tokens: 100 } });
    const quotas = quotasFor(config);
    quotas.reserve(asking(100), config).settle(input(100), 1, NOW_TS);
    const over = quotas.reserve(asking(100), config);
    expect(over.verdict.verdict).toBe('block');
    over.settle(input(70), 1, NOW_TS);
    over.settle(input(70), 1, NOW_TS);
    expect(quotas.standing('zai', 'm-1', config, NOW_TS).verdict.rolling.used).toBe(170);
  });

  it('pools every model of a glob, and lets an exact name out of the pool', () => {
    const config = configOf({ 'm-*': { rolling_tokens: 1000 }, 'm-own': { rolling_tokens: 1000 } });
    const quotas = quotasFor(config);
    quotas.reserve(asking(400, { model: 'm-a' }), config).settle(input(400), 1, NOW_TS);
    quotas.reserve(asking(500, { model: 'm-b', lane: 'anthropic' }), config).settle(input(500), 1, NOW_TS);
    quotas.reserve(asking(900, { model: 'm-own' }), config).settle(input(900), 1, NOW_TS);
    for (const model of ['m-a', 'm-b', 'm-new'])
      expect(quotas.standing('zai', model, config, NOW_TS).verdict.rolling.used).toBe(900);
    expect(judged(quotas, asking(101, { model: 'm-new' }), config).verdict).toBe('block');
    expect(judged(quotas, asking(100, { model: 'm-new' }), config).verdict).toBe('allow');
    expect(judged(quotas, asking(100, { model: 'm-own' }), config).verdict).toBe('allow');
  });

  it('counts a lane for itself when the limit names one', () => {
    const config = configOf({ 'm-*': { provider: 'zai', rolling_tokens: 1000 } });
    const quotas = quotasFor(config);
    quotas.reserve(asking(10), config).settle(input(2000), 1, NOW_TS);
    quotas.reserve(asking(10, { lane: 'anthropic' }), config).settle(input(3000), 1, NOW_TS);
    expect(quotas.standing('zai', 'm-2', config, NOW_TS).verdict).toMatchObject({
      verdict: 'block',
      rolling: { used: 2000 },
    });
    expect(quotas.standing('anthropic', 'm-1', config, NOW_TS)).toMatchObject({
      limit: null,
      verdict: { verdict: 'allow', rolling: { used: 3000, cap: null } },
    });
  });

  it('applies new caps and new windows to what was already spent', () => {
    const before = configOf({ 'm-*': { rolling_tokens: 1000 } });
    const quotas = quotasFor(before);
    quotas.reserve(asking(10), before).settle(input(500), 1, NOW_TS - 3000);
    const tighter = configOf({ 'm-1': { rolling_tokens: 400 } });
    expect(quotas.standing('zai', 'm-1', tighter, NOW_TS).verdict.verdict).toBe('block');
    const shorter = configOf({ 'm-1': { rolling_tokens: 400 } }, { rolling_seconds: 1200 });
    expect(quotas.standing('zai', 'm-1', shorter, NOW_TS).verdict).toMatchObject({
      verdict: 'allow',
      rolling: { used: 0 },
      weekly: { used: 500 },
    });
    expect(quotas.standing('zai', 'm-1', before, NOW_TS).verdict.rolling.used).toBe(500);
  });
});

describe('Quotas under many requests at once', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('reserve' as const),
      needs: fc.integer({ min: 0, max: 400 }),
      model: fc.constantFrom('m-a', 'm-b', 'm-c'),
      lane: fc.constantFrom('zai', 'anthropic'),
    }),
    // `share`: what is really used, in thousandths of the estimate.
    fc.record({ kind: fc.constant('settle' as const), which: fc.nat(30), share: fc.nat(1000) }),
    fc.record({ kind: fc.constant('release' as const), which: fc.nat(30) }),
  );
  interface Open {
    readonly reservation: Reservation;
    readonly need: number;
  }
  const CAP = 1000;

  it('admits exactly what fits, never passes a cap by more than one wrong estimate, and leaves nothing pending', () => {
    let admitted = 0;
    let refused = 0;
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 10, maxLength: 80 }),
        fc.nat(20),
        fc.nat(5000),
        (steps, wrongOne, error) => {
          const config = configOf({ 'm-*': { rolling_tokens: CAP } });
          const quotas = quotasFor(config);
          const open: Open[] = [];
          let used = 0;
          let settled = 0;
          let mistake = 0;
          const settle = (one: Open, share: number): void => {
            let spent = Math.floor((one.need * share) / 1000);
            if (settled === wrongOne) spent = one.need + (mistake = error);
            settled += 1;
            // Half of it as output: what counts is the sum.
            one.reservation.settle({ ...input(spent - (spent >> 1)), output: spent >> 1 }, 1, NOW_TS);
            used += spent;
          };
          for (const one of steps) {
            if (one.kind === 'reserve') {
              const { model, lane, needs } = one;
              const reservation = quotas.reserve(asking(needs, { model, lane, maxTokens: 300 }), config);
              const { estimate } = reservation;
              const need = estimate.input + estimate.output + estimate.cacheWrite;
              const pending = open.reduce((sum, other) => sum + other.need, 0);
              if (need > CAP) {
                // One wrong estimate teaches the next ones; what fits into no window at all is the verdict's own test.
                reservation.release();
                continue;
              }
              const fits = used < CAP && used + pending + need <= CAP;
              expect(reservation.verdict.verdict).toBe(fits ? 'allow' : 'block');
              expect(reservation.verdict.rolling.used).toBe(used);
              if (fits) open.push({ reservation, need });
              else reservation.release();
              if (fits) admitted += 1;
              else refused += 1;
            } else {
              const [taken] = open.splice(one.which % Math.max(1, open.length), 1);
              if (taken === undefined) continue;
              if (one.kind === 'settle') settle(taken, one.share);
              else taken.reservation.release();
            }
            expect(used).toBeLessThanOrEqual(CAP + mistake);
          }
          for (const one of open.splice(0)) settle(one, 1000);
          expect(used).toBeLessThanOrEqual(CAP + mistake);
          // Into an empty window anything may go, alone.
          if (used > 0 && used < CAP) {
            expect(judged(quotas, asking(CAP - used, { model: 'm-fresh' }), config).verdict).toBe('allow');
            expect(judged(quotas, asking(CAP - used + 1, { model: 'm-fresh' }), config).verdict).toBe('block');
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(Math.min(admitted, refused)).toBeGreaterThan(20);
  });
});
