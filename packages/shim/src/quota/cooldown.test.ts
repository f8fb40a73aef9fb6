import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cooldowns, type RestCause } from './cooldown.ts';

const NOW_TS = 1_760_000_000;

function cause(part: Partial<RestCause> = {}): RestCause {
  return {
    kind: 'five_hour',
    scope: 'lane',
    endsTs: NOW_TS + 9000,
    relative: false,
    meters: ['unified-5h'],
    reason: '5h window exhausted',
    ...part,
  };
}

const ONE = { lane: 'one', model: 'm' };

describe('Cooldowns', () => {
  it('lets a lane rest until its reset, for every model, and no other lane', () => {
    const cooldowns = new Cooldowns(60);
    cooldowns.reject(ONE, cause(), NOW_TS);
    expect(cooldowns.ask('one', 'm', NOW_TS + 8999)).toMatchObject({ state: 'resting', cooldown: { model: null } });
    expect(cooldowns.ask('one', 'another', NOW_TS + 8999).state).toBe('resting');
    expect(cooldowns.ask('two', 'm', NOW_TS).state).toBe('none');
    expect(cooldowns.ask('one', 'm', NOW_TS + 9000).state).toBe('due');
  });

  it('lets only the model rest whose week is spent', () => {
    const cooldowns = new Cooldowns(60);
    cooldowns.reject(ONE, cause({ kind: 'weekly_model', scope: 'model' }), NOW_TS);
    expect(cooldowns.ask('one', 'm', NOW_TS).state).toBe('resting');
    expect(cooldowns.ask('one', 'another', NOW_TS).state).toBe('none');
  });

  it('lets nothing rest for the sake of one request', () => {
    const cooldowns = new Cooldowns(60);
    expect(cooldowns.reject(ONE, cause({ scope: 'request' }), NOW_TS)).toBeNull();
    expect(cooldowns.ask('one', 'm', NOW_TS).state).toBe('none');
  });

  it.each([
    ['bare', 60],
    ['concurrency', 5],
    ['balance', 300],
  ])('a %s rejection that names no end rests %i s', (kind, seconds) => {
    const cooldowns = new Cooldowns(60);
    cooldowns.reject(ONE, cause({ kind, endsTs: null, scope: 'model' }), NOW_TS);
    expect(cooldowns.ask('one', 'm', NOW_TS + seconds - 1).state).toBe('resting');
    expect(cooldowns.ask('one', 'm', NOW_TS + seconds).state).toBe('due');
  });

  it('after the reset one request goes first; the others wait for what it finds', () => {
    const cooldowns = new Cooldowns(60);
    cooldowns.reject(ONE, cause(), NOW_TS);
    const afterTs = NOW_TS + 9001;
    const giveBack = cooldowns.takeProbe('one', 'm', afterTs);
    expect(cooldowns.ask('one', 'm', afterTs + 1).state).toBe('resting');
    expect(cooldowns.ask('one', 'another', afterTs + 1).state).toBe('resting');
    giveBack();
    expect(cooldowns.ask('one', 'm', afterTs + 1).state).toBe('due');
    cooldowns.takeProbe('one', 'm', afterTs + 2);
    cooldowns.succeeded('one', 'm', afterTs + 2);
    expect(cooldowns.ask('one', 'm', afterTs + 3).state).toBe('none');
  });

  it('does not wait for ever for a probe that says nothing', () => {
    const cooldowns = new Cooldowns(60);
    cooldowns.reject(ONE, cause(), NOW_TS);
    cooldowns.takeProbe('one', 'm', NOW_TS + 9000);
    expect(cooldowns.ask('one', 'm', NOW_TS + 9014).state).toBe('resting');
    expect(cooldowns.ask('one', 'm', NOW_TS + 9015).state).toBe('due');
  });

  it('ends early by a success, but not by that of a request sent before the rejection', () => {
    const cooldowns = new Cooldowns(60);
    cooldowns.reject(ONE, cause(), NOW_TS);
    cooldowns.succeeded('one', 'm', NOW_TS - 5);
    expect(cooldowns.ask('one', 'm', NOW_TS + 1).state).toBe('resting');
    cooldowns.succeeded('one', 'another', NOW_TS + 5);
    expect(cooldowns.ask('one', 'm', NOW_TS + 6).state).toBe('none');
  });

  it('ends by a newer reading that opens all of the meters it rests for', () => {
    const cooldowns = new Cooldowns(60);
    cooldowns.reject(ONE, cause({ meters: ['unified-5h', 'unified-7d'] }), NOW_TS);
    cooldowns.read('one', new Set(['unified-5h']), NOW_TS + 5);
    cooldowns.read('one', new Set(['unified-5h', 'unified-7d']), NOW_TS - 5);
    expect(cooldowns.ask('one', 'm', NOW_TS + 6).state).toBe('resting');
    cooldowns.read('one', new Set(['unified-5h', 'unified-7d']), NOW_TS + 5);
    expect(cooldowns.ask('one', 'm', NOW_TS + 6).state).toBe('none');
  });

  it('overage is not over because a request succeeded: that is what is paid for', () => {
    const cooldowns = new Cooldowns(60);
    cooldowns.reject(ONE, cause({ kind: 'overage', meters: [] }), NOW_TS);
    cooldowns.succeeded('one', 'm', NOW_TS + 5);
    expect(cooldowns.billedBeyond('one', NOW_TS + 6)).toMatchObject({ kind: 'overage' });
    // An answer to an older request says nothing about now.
    cooldowns.endOverage('one', NOW_TS - 5);
    expect(cooldowns.billedBeyond('one', NOW_TS + 6)).not.toBeNull();
    cooldowns.endOverage('one', NOW_TS + 5);
    expect(cooldowns.billedBeyond('one', NOW_TS + 6)).toBeNull();
  });

  it('overage is not hidden by another rejection of the lane, nor does it hide one', () => {
    const cooldowns = new Cooldowns(60);
    cooldowns.reject(ONE, cause({ kind: 'overage', meters: [], endsTs: NOW_TS + 100 }), NOW_TS);
    cooldowns.reject(ONE, cause(), NOW_TS + 1);
    expect(cooldowns.billedBeyond('one', NOW_TS + 50)).not.toBeNull();
    expect(cooldowns.ask('one', 'm', NOW_TS + 50)).toMatchObject({ state: 'resting', cooldown: { kind: 'five_hour' } });
    // Over by itself: the next answer says whether it goes on.
    expect(cooldowns.billedBeyond('one', NOW_TS + 100)).toBeNull();
  });

  it('a probe that was given up on does not free the place of the one after it', () => {
    const cooldowns = new Cooldowns(60);
    cooldowns.reject(ONE, cause(), NOW_TS);
    const first = cooldowns.takeProbe('one', 'm', NOW_TS + 9000);
    cooldowns.takeProbe('one', 'm', NOW_TS + 9020);
    first();
    expect(cooldowns.ask('one', 'm', NOW_TS + 9021).state).toBe('resting');
  });

  it('no slip of a provider or of a file makes a lane rest for more than 40 days', () => {
    const cooldowns = new Cooldowns(60);
    cooldowns.reject(ONE, cause({ endsTs: NOW_TS * 1000 }), NOW_TS);
    expect(cooldowns.resting(NOW_TS)[0]!.untilTs).toBeLessThanOrEqual(NOW_TS + 40 * 86_400);
    const other = new Cooldowns(60);
    other.restore([{ ...cooldowns.resting(NOW_TS)[0], untilTs: 1e15 }], NOW_TS);
    expect(other.toJSON()).toEqual([]);
  });

  it('a wait counted from a clock that was ahead moves along when the clock is set back', () => {
    const cooldowns = new Cooldowns(60);
    cooldowns.reject(ONE, cause({ endsTs: NOW_TS + 30, relative: true }), NOW_TS);
    const backTs = NOW_TS - 7200;
    expect(cooldowns.ask('one', 'm', backTs).state).toBe('resting');
    expect(cooldowns.ask('one', 'm', backTs + 30).state).toBe('due');
  });

  it('a wait is shown as it is after the clock was set back, also where nobody asks for it', () => {
    const cooldowns = new Cooldowns(60);
    cooldowns.reject(ONE, cause({ endsTs: NOW_TS + 30, relative: true }), NOW_TS);
    const backTs = NOW_TS - 172_800;
    expect(cooldowns.resting(backTs)).toMatchObject([{ startedTs: backTs, untilTs: backTs + 30 }]);
    expect(cooldowns.resting(backTs + 30)).toEqual([]);
  });

  it('a rest that began by a clock that was ahead can be ended by a success', () => {
    const cooldowns = new Cooldowns(60);
    cooldowns.reject(ONE, cause({ endsTs: NOW_TS + 28_800 + 9000 }), NOW_TS + 28_800);
    // A request that was under way when the clock was set right comes back with the reset as it is.
    cooldowns.reject(ONE, cause({ endsTs: NOW_TS + 10 }), NOW_TS);
    expect(cooldowns.ask('one', 'm', NOW_TS + 11).state).toBe('due');
    cooldowns.succeeded('one', 'm', NOW_TS + 12);
    expect(cooldowns.ask('one', 'm', NOW_TS + 13).state).toBe('none');
  });

  it('is the same after a restart, and tolerates garbage', () => {
    const cooldowns = new Cooldowns(60);
    cooldowns.reject(ONE, cause(), NOW_TS);
    cooldowns.reject({ lane: 'two', model: 'x' }, cause({ scope: 'model', kind: 'per_minute' }), NOW_TS);
    const again = new Cooldowns(60);
    again.restore(JSON.parse(JSON.stringify(cooldowns)), NOW_TS + 10);
    expect(again.resting(NOW_TS + 10)).toEqual(cooldowns.resting(NOW_TS + 10));
    expect(again.ask('one', 'm', NOW_TS + 9000).state).toBe('due');
    for (const garbage of [null, 3, 'x', {}, [null, {}, { lane: 1 }, { ...cause(), lane: 'a', model: null }]]) {
      const other = new Cooldowns(60);
      other.restore(garbage, NOW_TS);
      expect(other.toJSON()).toEqual([]);
    }
  });

  it('never rests past the latest reset it was told, whatever happens in between', () => {
    const event = fc.record({
      afterS: fc.integer({ min: 0, max: 4000 }),
      what: fc.constantFrom('reject', 'probe', 'probe back', 'success', 'reading'),
      resetS: fc.option(fc.integer({ min: 1, max: 20_000 }), { freq: 3 }),
      scope: fc.constantFrom('lane', 'model', 'request'),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const cooldowns = new Cooldowns(60);
        let nowTs = NOW_TS;
        let latestTs = 0;
        let probeTs = -Infinity;
        for (const { afterS, what, resetS, scope } of events) {
          nowTs += afterS;
          if (what === 'reject') {
            cooldowns.reject(
              ONE,
              cause({ scope: scope as RestCause['scope'], endsTs: resetS && nowTs + resetS }),
              nowTs,
            );
            latestTs = Math.max(latestTs, nowTs + (resetS ?? 60));
          } else if (what.startsWith('probe')) {
            const giveBack = cooldowns.takeProbe('one', 'm', nowTs);
            probeTs = nowTs;
            if (what === 'probe back') giveBack();
          } else if (what === 'success') {
            cooldowns.succeeded('one', 'm', nowTs);
          } else {
            cooldowns.read('one', new Set(['unified-5h']), nowTs);
          }
          const { state } = cooldowns.ask('one', 'm', Math.max(latestTs, probeTs + 15, nowTs));
          expect(state).not.toBe('resting');
        }
      }),
      { numRuns: 500 },
    );
  });
});
