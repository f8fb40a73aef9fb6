import type { MeterReading } from '@ccp/contracts';
import { describe, expect, it } from 'vitest';
import { Cooldowns } from './cooldown.ts';
import { hear, type ProviderWord } from './hear.ts';

const NOW_TS = 1_760_000_000;

function word(part: Partial<ProviderWord> = {}): ProviderWord {
  return {
    lane: 'one',
    model: 'm',
    sentTs: NOW_TS,
    nowTs: NOW_TS + 1,
    served: true,
    rejection: null,
    readings: [],
    blockOverage: false,
    ...part,
  };
}

function reading(part: Partial<MeterReading>): MeterReading {
  return {
    lane: 'one',
    meter: 'unified-5h',
    value: 1,
    unit: 'fraction',
    resets_at: new Date((NOW_TS + 9000) * 1000).toISOString(),
    observed_at: new Date(NOW_TS * 1000).toISOString(),
    status: 'allowed',
    ...part,
  };
}

const OVERAGE = reading({ meter: 'unified-overage', value: null, resets_at: null, status: 'in_use' });
const REJECTED = {
  kind: 'five_hour',
  scope: 'lane',
  endsTs: NOW_TS + 9000,
  relative: false,
  meters: ['unified-5h'],
  reason: 'full',
} as const;

describe('hear', () => {
  it('lets a lane rest by a rejection and work again by a success sent later', () => {
    const cooldowns = new Cooldowns(60);
    expect(hear(word({ served: false, rejection: REJECTED }), cooldowns)).toMatchObject({ untilTs: NOW_TS + 9000 });
    // Told once, however many were in flight.
    expect(hear(word({ served: false, rejection: REJECTED }), cooldowns)).toBeNull();
    hear(word({ sentTs: NOW_TS - 10, nowTs: NOW_TS + 5 }), cooldowns);
    expect(cooldowns.ask('one', 'm', NOW_TS + 10).state).toBe('resting');
    hear(word({ sentTs: NOW_TS + 10, nowTs: NOW_TS + 12 }), cooldowns);
    expect(cooldowns.ask('one', 'm', NOW_TS + 12).state).toBe('none');
  });

  it('ends a rest by a newer reading, also one that came with an answer of another kind', () => {
    const cooldowns = new Cooldowns(60);
    hear(word({ served: false, rejection: REJECTED }), cooldowns);
    hear(word({ served: false, sentTs: NOW_TS + 10, readings: [reading({ value: 0.1 })] }), cooldowns);
    expect(cooldowns.ask('one', 'm', NOW_TS + 12).state).toBe('none');
  });

  it('rests while the provider bills on top, where the owner does not want that, until the full window resets', () => {
    const cooldowns = new Cooldowns(60);
    expect(hear(word({ readings: [reading({}), OVERAGE] }), cooldowns)).toBeNull();
    const began = hear(word({ readings: [reading({}), OVERAGE], blockOverage: true }), cooldowns);
    expect(began).toMatchObject({ kind: 'overage', model: null, untilTs: NOW_TS + 9000 });
    hear(word({ sentTs: NOW_TS + 5, readings: [{ ...OVERAGE, status: 'allowed' }], blockOverage: true }), cooldowns);
    expect(cooldowns.billedBeyond('one', NOW_TS + 6)).toBeNull();
  });

  it('rests no longer than the plan window, though the bill for what is on top is closed weeks later', () => {
    const cooldowns = new Cooldowns(60);
    const bill = { ...OVERAGE, resets_at: new Date((NOW_TS + 23 * 86_400) * 1000).toISOString() };
    expect(hear(word({ readings: [reading({}), bill], blockOverage: true }), cooldowns)).toMatchObject({
      untilTs: NOW_TS + 9000,
    });
  });

  it('ends as soon as the owner allows it, or an answer says nothing of it any more', () => {
    for (const part of [{ blockOverage: false }, { blockOverage: true }]) {
      const cooldowns = new Cooldowns(60);
      hear(word({ readings: [reading({}), OVERAGE], blockOverage: true }), cooldowns);
      hear(word({ sentTs: NOW_TS + 5, ...part }), cooldowns);
      expect(cooldowns.billedBeyond('one', NOW_TS + 6)).toBeNull();
    }
  });
});
