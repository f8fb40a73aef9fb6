import { describe, expect, it } from 'vitest';
import type { Attempted, Refusal } from '../exchange.ts';
import { visits } from './visits.ts';

function refusal(decision: string, kind?: string): Refusal {
  const rest = { state: 'resting', cooldown: kind === undefined ? null : { kind } };
  // Only what a visit goes by.
  return { permit: { decided: { answer: { action: 'next', decision }, rest } } } as unknown as Refusal;
}

function order(lanes: number, refused: Refusal[], tried: Attempted[] = []): string[] {
  return [...visits(lanes, { tried, refused })].map(({ index, lastResort }) => `${index}${lastResort ? '!' : ''}`);
}

describe('visits', () => {
  it('goes through all lanes, and asks once where there is none', () => {
    expect(order(3, [], [{} as Attempted])).toEqual(['0', '1', '2']);
    expect(order(0, [])).toEqual(['0']);
  });

  it('comes back to the first lane that was only left for another, when none took the request', () => {
    expect(order(2, [refusal('quota_preemptive_warn'), refusal('quota_block')])).toEqual(['0', '1', '0!']);
    expect(order(2, [refusal('quota_block'), refusal('quota_cooldown', 'bare')])).toEqual(['0', '1', '1!']);
  });

  it('comes back to no lane that is spent or would cost extra', () => {
    expect(order(2, [refusal('quota_block'), refusal('quota_block')])).toEqual(['0', '1']);
    expect(order(2, [refusal('quota_cooldown', 'overage'), refusal('quota_block')])).toEqual(['0', '1']);
  });
});
