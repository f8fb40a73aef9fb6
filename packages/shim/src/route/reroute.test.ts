import { describe, expect, it } from 'vitest';
import { reroute, type RerouteQuestion } from './reroute.ts';

type Row = readonly [
  mode: RerouteQuestion['mode'],
  verdict: RerouteQuestion['verdict'],
  rest: RerouteQuestion['rest'],
  other: 'other' | 'alone',
  action: string,
  decision: string,
];

/** Every combination there is. */
const TABLE: readonly Row[] = [
  // Preemptive leaves at the warning.
  ['preemptive', 'allow', 'none', 'other', 'stay', 'quota_preemptive_pass'],
  ['preemptive', 'allow', 'none', 'alone', 'stay', 'quota_preemptive_pass'],
  ['preemptive', 'allow', 'due', 'other', 'stay', 'quota_preemptive_pass'],
  ['preemptive', 'allow', 'due', 'alone', 'stay', 'quota_preemptive_pass'],
  ['preemptive', 'allow', 'resting', 'other', 'next', 'quota_cooldown'],
  ['preemptive', 'allow', 'resting', 'alone', 'stay', 'quota_cooldown'],
  ['preemptive', 'warn', 'none', 'other', 'next', 'quota_preemptive_warn'],
  ['preemptive', 'warn', 'none', 'alone', 'stay', 'quota_warn_attempt'],
  ['preemptive', 'warn', 'due', 'other', 'next', 'quota_preemptive_warn'],
  ['preemptive', 'warn', 'due', 'alone', 'stay', 'quota_warn_attempt'],
  ['preemptive', 'warn', 'resting', 'other', 'next', 'quota_cooldown'],
  ['preemptive', 'warn', 'resting', 'alone', 'stay', 'quota_cooldown'],
  ['preemptive', 'block', 'none', 'other', 'next', 'quota_block'],
  ['preemptive', 'block', 'none', 'alone', 'refuse', 'quota_block'],
  ['preemptive', 'block', 'due', 'other', 'next', 'quota_block'],
  ['preemptive', 'block', 'due', 'alone', 'refuse', 'quota_block'],
  ['preemptive', 'block', 'resting', 'other', 'next', 'quota_cooldown'],
  ['preemptive', 'block', 'resting', 'alone', 'refuse', 'quota_block'],
  // Hybrid leaves when less is left than is needed.
  ['hybrid', 'allow', 'none', 'other', 'stay', 'quota_pass'],
  ['hybrid', 'allow', 'none', 'alone', 'stay', 'quota_pass'],
  ['hybrid', 'allow', 'due', 'other', 'stay', 'quota_pass'],
  ['hybrid', 'allow', 'due', 'alone', 'stay', 'quota_pass'],
  ['hybrid', 'allow', 'resting', 'other', 'next', 'quota_cooldown'],
  ['hybrid', 'allow', 'resting', 'alone', 'stay', 'quota_cooldown'],
  ['hybrid', 'warn', 'none', 'other', 'stay', 'quota_warn_attempt'],
  ['hybrid', 'warn', 'none', 'alone', 'stay', 'quota_warn_attempt'],
  ['hybrid', 'warn', 'due', 'other', 'stay', 'quota_warn_attempt'],
  ['hybrid', 'warn', 'due', 'alone', 'stay', 'quota_warn_attempt'],
  ['hybrid', 'warn', 'resting', 'other', 'next', 'quota_cooldown'],
  ['hybrid', 'warn', 'resting', 'alone', 'stay', 'quota_cooldown'],
  ['hybrid', 'block', 'none', 'other', 'next', 'quota_block'],
  ['hybrid', 'block', 'none', 'alone', 'refuse', 'quota_block'],
  ['hybrid', 'block', 'due', 'other', 'next', 'quota_block'],
  ['hybrid', 'block', 'due', 'alone', 'refuse', 'quota_block'],
  ['hybrid', 'block', 'resting', 'other', 'next', 'quota_cooldown'],
  ['hybrid', 'block', 'resting', 'alone', 'refuse', 'quota_block'],
  // run2cap goes on until the provider itself says no.
  ['run2cap', 'allow', 'none', 'other', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'allow', 'none', 'alone', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'allow', 'due', 'other', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'allow', 'due', 'alone', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'allow', 'resting', 'other', 'next', 'quota_cooldown'],
  ['run2cap', 'allow', 'resting', 'alone', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'warn', 'none', 'other', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'warn', 'none', 'alone', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'warn', 'due', 'other', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'warn', 'due', 'alone', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'warn', 'resting', 'other', 'next', 'quota_cooldown'],
  ['run2cap', 'warn', 'resting', 'alone', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'block', 'none', 'other', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'block', 'none', 'alone', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'block', 'due', 'other', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'block', 'due', 'alone', 'stay', 'quota_run_to_limit'],
  ['run2cap', 'block', 'resting', 'other', 'next', 'quota_cooldown'],
  ['run2cap', 'block', 'resting', 'alone', 'stay', 'quota_run_to_limit'],
];

describe('reroute', () => {
  it('has a row for every combination', () => {
    expect(new Set(TABLE.map((row) => row.slice(0, 4).join(' '))).size).toBe(3 * 3 * 3 * 2);
  });

  it.each(TABLE)('%s, %s, %s, %s: %s (%s)', (mode, verdict, rest, other, action, decision) => {
    expect(reroute({ mode, verdict, rest, hasOther: other === 'other' })).toEqual({ action, decision });
  });
});
