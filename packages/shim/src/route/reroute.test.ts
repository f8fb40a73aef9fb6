import { describe, expect, it } from 'vitest';
import { reroute, type RerouteQuestion } from './reroute.ts';

type Row = readonly [
  mode: RerouteQuestion['mode'],
  verdict: RerouteQuestion['verdict'],
  coolingDown: 'cooling' | 'warm',
  other: 'other' | 'alone',
  action: string,
  decision: string,
];

/** Every combination there is. */
const TABLE: readonly Row[] = [
  // Preemptive leaves at the warning.
  ['preemptive', 'allow', 'warm', 'other', 'stay', 'quota_pass'],
  ['preemptive', 'allow', 'warm', 'alone', 'stay', 'quota_pass'],
  ['preemptive', 'allow', 'cooling', 'other', 'next', 'quota_cooldown'],
  ['preemptive', 'allow', 'cooling', 'alone', 'stay', 'quota_pass'],
  ['preemptive', 'warn', 'warm', 'other', 'next', 'quota_preemptive_warn'],
  ['preemptive', 'warn', 'warm', 'alone', 'stay', 'quota_warn_attempt'],
  ['preemptive', 'warn', 'cooling', 'other', 'next', 'quota_cooldown'],
  ['preemptive', 'warn', 'cooling', 'alone', 'stay', 'quota_warn_attempt'],
  ['preemptive', 'block', 'warm', 'other', 'next', 'quota_block'],
  ['preemptive', 'block', 'warm', 'alone', 'refuse', 'quota_block'],
  ['preemptive', 'block', 'cooling', 'other', 'next', 'quota_cooldown'],
  ['preemptive', 'block', 'cooling', 'alone', 'refuse', 'quota_block'],
  // Hybrid leaves at the block.
  ['hybrid', 'allow', 'warm', 'other', 'stay', 'quota_pass'],
  ['hybrid', 'allow', 'warm', 'alone', 'stay', 'quota_pass'],
  ['hybrid', 'allow', 'cooling', 'other', 'next', 'quota_cooldown'],
  ['hybrid', 'allow', 'cooling', 'alone', 'stay', 'quota_pass'],
  ['hybrid', 'warn', 'warm', 'other', 'stay', 'quota_warn_attempt'],
  ['hybrid', 'warn', 'warm', 'alone', 'stay', 'quota_warn_attempt'],
  ['hybrid', 'warn', 'cooling', 'other', 'next', 'quota_cooldown'],
  ['hybrid', 'warn', 'cooling', 'alone', 'stay', 'quota_warn_attempt'],
  ['hybrid', 'block', 'warm', 'other', 'next', 'quota_block'],
  ['hybrid', 'block', 'warm', 'alone', 'refuse', 'quota_block'],
  ['hybrid', 'block', 'cooling', 'other', 'next', 'quota_cooldown'],
  ['hybrid', 'block', 'cooling', 'alone', 'refuse', 'quota_block'],
  // run2cap goes on until the provider itself says no.
  ['run2cap', 'allow', 'warm', 'other', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'allow', 'warm', 'alone', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'allow', 'cooling', 'other', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'allow', 'cooling', 'alone', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'warn', 'warm', 'other', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'warn', 'warm', 'alone', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'warn', 'cooling', 'other', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'warn', 'cooling', 'alone', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'block', 'warm', 'other', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'block', 'warm', 'alone', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'block', 'cooling', 'other', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'block', 'cooling', 'alone', 'stay', 'quota_run_to_limit'],
];

describe('reroute', () => {
  it('has a row for every combination', () => {
    expect(new Set(TABLE.map((row) => row.slice(0, 4).join(' '))).size).toBe(3 * 3 * 2 * 2);
  });

  it.each(TABLE)('%s, %s, %s, %s: %s (%s)', (mode, verdict, coolingDown, other, action, decision) => {
    expect(reroute({ mode, verdict, coolingDown: coolingDown === 'cooling', hasOther: other === 'other' })).toEqual({
      action,
      decision,
    });
  });
});
