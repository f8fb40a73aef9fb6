import { amountAt, fieldsAt, isFields, resetField, sharePp, textAt } from './json-fields.ts';
import type { Fields } from './json-fields.ts';
import { addMeter, modelKey, shareOf } from './meter.ts';
import type { Meter } from './meter.ts';
import type { Parsed, Sight } from './pane.ts';

/** What machine output of Codex says of the account; percentage points used, resets as ISO 8601 UTC. */
export interface CodexLimits extends Parsed {
  readonly fiveh_pct: number | null;
  readonly fiveh_resets: string | null;
  readonly weekly_pct: number | null;
  readonly weekly_resets: string | null;
  readonly credits_balance?: number;
}

export type CodexOrigin = Pick<Meter, 'source' | 'confidence'> & Partial<Pick<Meter, 'observedAt'>>;

interface Slot {
  readonly scope: string;
  readonly meter: string;
  readonly windowMin: number;
  readonly usedPp: number | null;
  readonly resetsAt: string | null;
}

/**
 * Adds the windows of one or more buckets of Codex limits, in either spelling (`usedPercent`, `used_percent`). A window
 * is told by its length, never by the slot it comes in: which one is primary has changed. A null slot was not given.
 */
export function addCodexLimits(
  sight: Sight,
  buckets: readonly Fields[],
  origin: CodexOrigin,
): Omit<CodexLimits, 'errors'> {
  const slots = new Map<string, Slot>();
  for (const slot of buckets.flatMap((bucket) => slotsOf(sight, bucket, origin))) {
    const key = `${slot.scope} ${slot.windowMin}`;
    const before = slots.get(key);
    if (before === undefined || before.usedPp === null) slots.set(key, slot);
    else if (slot.usedPp !== null && slot.usedPp !== before.usedPp) {
      slots.set(key, { ...before, usedPp: NaN });
      sight.note({ code: 'divergent', message: `${before.meter} is given with different numbers; none is used` });
    }
  }
  const known = (key: string): Slot | null => {
    const slot = slots.get(key);
    return slot === undefined || Number.isNaN(slot.usedPp) ? null : slot;
  };
  for (const key of slots.keys()) {
    const slot = known(key);
    if (slot !== null && slot.usedPp !== null) addMeter(sight, { ...origin, provider: 'codex', ...slot });
  }
  const balance = buckets.map((bucket) => addCredits(sight, bucket, origin)).find((amount) => amount !== null);
  const fiveh = known('all 300');
  const weekly = known('all 10080');
  return {
    fiveh_pct: fiveh?.usedPp ?? null,
    fiveh_resets: fiveh?.resetsAt ?? null,
    weekly_pct: weekly?.usedPp ?? null,
    weekly_resets: weekly?.resetsAt ?? null,
    ...(balance === undefined || balance === null ? {} : { credits_balance: balance }),
  };
}

function slotsOf(sight: Sight, bucket: Fields, { observedAt }: CodexOrigin): readonly Slot[] {
  const scope = scopeOf(bucket);
  return ['primary', 'secondary'].flatMap((name): Slot[] => {
    const slot = bucket[name];
    if (!isFields(slot)) return [];
    const windowMin = amountAt(slot, 'windowDurationMins') ?? amountAt(slot, 'window_minutes');
    if (windowMin === null || windowMin === 0) {
      sight.note({ code: 'meter-unknown', message: `${scope} ${name}: the length of this window is not given` });
      return [];
    }
    const meter = `${scope} ${windowMin} min`;
    const share = slot['usedPercent'] ?? slot['used_percent'];
    if (share === undefined) sight.note({ code: 'percent-unreadable', message: `${meter} has no share` });
    const usedPp = sharePp(sight, share, 'percent-used', meter);
    const resets = slot['resetsAt'] ?? slot['resets_at'] ?? resetAfter(slot, observedAt ?? sight.when.observedAt);
    return [{ scope, meter, windowMin, usedPp, resetsAt: resetField(sight, resets, meter) }];
  });
}

/** Older rollouts give the seconds that are left. */
function resetAfter(slot: Fields, observedAt: string): number | null {
  const seconds = amountAt(slot, 'resets_in_seconds');
  return seconds === null ? null : Math.round(Date.parse(observedAt) / 1000 + seconds);
}

/** The bucket called codex, or not called anything, is the account's. */
function scopeOf(bucket: Fields): string {
  const id = textAt(bucket, 'limitId') ?? textAt(bucket, 'limit_id');
  const name = textAt(bucket, 'limitName') ?? textAt(bucket, 'limit_name') ?? id;
  return id === null || id.toLowerCase() === 'codex' || name === null ? 'all' : `model:${modelKey(name)}`;
}

function addCredits(sight: Sight, bucket: Fields, origin: CodexOrigin): number | null {
  const base = { ...origin, provider: 'codex', scope: 'credits', windowMin: null, unit: 'credits' } as const;
  addOwnLimit(sight, bucket, base);
  const credits = fieldsAt(bucket, 'credits');
  const balance = amountAt(credits, 'balance');
  const has = credits['hasCredits'] ?? credits['has_credits'];
  const status =
    credits['unlimited'] === true ? 'unlimited' : balance === null || has !== true ? null : `balance ${balance}`;
  if (status !== null) addMeter(sight, { ...base, meter: 'credits', usedPp: null, resetsAt: null, status });
  return status === null || credits['unlimited'] === true ? null : balance;
}

/** `individualLimit{limit, used, remainingPercent, resetsAt}`: credits a month for one person. */
function addOwnLimit(
  sight: Sight,
  bucket: Fields,
  base: Pick<Meter, 'provider' | 'scope' | 'windowMin' | 'source' | 'confidence'>,
): void {
  const own = bucket['individualLimit'] ?? bucket['individual_limit'];
  if (!isFields(own)) return;
  const meter = 'individual limit';
  const used = amountAt(own, 'used');
  const limit = amountAt(own, 'limit');
  const left = own['remainingPercent'] ?? own['remaining_percent'];
  const counted = shareOf(used, limit);
  const usedPp = counted ?? sharePp(sight, left, 'percent-left', meter);
  const resetsAt = resetField(sight, own['resetsAt'] ?? own['resets_at'], meter);
  addMeter(sight, { ...base, meter, usedPp, used, limit, unit: 'credits', resetsAt });
}
