import type { Reading } from '../../reading.ts';
import { endsMs, isSameReset, resetName, toMs } from './identity.ts';
import type { MeterKey, WindowIdentity } from './identity.ts';

/** The reading to go by for one meter, and why the others are not it. */
export interface BestReading {
  readonly key: MeterKey;
  /** Its window; null without a reading to go by. */
  readonly identity: WindowIdentity | null;
  /** Null: every reading is void. The meter may stand anywhere then, not at 0. */
  readonly best: Reading | null;
  /** Seconds since it was observed; null without one. */
  readonly age_s: number | null;
  /** Also of the current window, but less to be trusted; the best first. */
  readonly others: readonly Reading[];
  readonly voided: readonly Voided[];
}

export interface Voided {
  readonly reading: Reading;
  /** Its window is over, it is of an earlier window than the best one, it has no number, or its time can't be. */
  readonly why: 'expired' | 'older-window' | 'no-number' | 'bad-time';
}

/** A clock may be ahead of ours by as much. */
const SKEW_MS = 5 * 60_000;

/**
 * The best reading per provider, account, scope and window length. A void reading is never chosen; of the live ones the
 * latest window wins, then confidence, then the newest, then the source nearest to the vendor. Readings of a known and of
 * an unknown account are different meters: which account the unknown one is can't be told. `nowTs` is epoch seconds.
 */
export function bestReadings(readings: readonly Reading[], nowTs: number): readonly BestReading[] {
  const shared = severalLanes(readings);
  const groups = new Map<string, { key: MeterKey; readings: Reading[] }>();
  for (const reading of readings) {
    const key = keyOf(reading, shared);
    const name = nameOf(key);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, { key, readings: [reading] });
    else group.readings.push(reading);
  }
  return [...groups.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, group]) => choose(group.key, group.readings, nowTs));
}

function choose(key: MeterKey, readings: readonly Reading[], nowTs: number): BestReading {
  const nowMs = nowTs * 1000;
  const voided: Voided[] = [];
  const live = readings.filter((reading) => {
    const why = voidNow(reading, nowMs);
    if (why !== null) voided.push({ reading, why });
    return why === null;
  });
  const resets = live.flatMap(({ resets_at: resetsAt }) => toMs(resetsAt) ?? []);
  const latestMs = resets.length === 0 ? null : Math.max(...resets);
  const current = live.filter((reading) => {
    const older = latestMs !== null && isOfOlderWindow(reading, latestMs);
    if (older) voided.push({ reading, why: 'older-window' });
    return !older;
  });
  const [best = null, ...others] = current.toSorted(byTrust);
  const observedMs = toMs(best?.observed_at);
  return {
    key,
    // A live reading that tells no reset is of the current window too.
    identity: best === null ? null : { ...key, reset: resetName(best.resets_at ?? isoOf(latestMs)) },
    best,
    age_s: observedMs === null ? null : Math.max(0, (nowMs - observedMs) / 1000),
    others,
    voided: voided.toSorted((a, b) => byTrust(a.reading, b.reading)),
  };
}

function isoOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function voidNow(reading: Reading, nowMs: number): Voided['why'] | null {
  const observedMs = toMs(reading.observed_at);
  if (observedMs === null || observedMs > nowMs + SKEW_MS) return 'bad-time';
  const ends = endsMs(reading);
  if (ends !== null && ends <= nowMs) return 'expired';
  return (reading.used_pp ?? null) === null && (reading.used ?? null) === null ? 'no-number' : null;
}

/** Of two windows of one meter the one that ends later is the fresher. */
function isOfOlderWindow(reading: Reading, latestMs: number): boolean {
  const resetsMs = toMs(reading.resets_at);
  if (resetsMs !== null) return resetsMs < latestMs && !isSameReset(resetsMs, latestMs);
  const { window_min: minutes } = reading;
  const observedMs = toMs(reading.observed_at) ?? 0;
  return typeof minutes === 'number' && observedMs < latestMs - minutes * 60_000;
}

function byTrust(a: Reading, b: Reading): number {
  return (
    rank(CONFIDENCES, confidenceOf(a)) - rank(CONFIDENCES, confidenceOf(b)) ||
    (toMs(b.observed_at) ?? 0) - (toMs(a.observed_at) ?? 0) ||
    rank(SOURCES, a.source) - rank(SOURCES, b.source) ||
    // Seen at the same moment: the higher one is the safe one.
    (b.used_pp ?? -1) - (a.used_pp ?? -1) ||
    compare(JSON.stringify(a), JSON.stringify(b))
  );
}

const CONFIDENCES = ['official', 'local', 'estimate'];
const SOURCES = [
  'header',
  'get_usage',
  'codex-app-server',
  'rate_limit_event',
  'glm-api',
  'statusline',
  'rollout',
  'cache',
  'pane',
  'override',
  'ccusage',
  'claude-monitor',
  'estimate',
];
const LOCAL: ReadonlySet<string> = new Set(['ccusage', 'claude-monitor', 'override']);

/** How far a reading can be trusted, from its source where it does not say. */
export function confidenceOf({ confidence, source }: Reading): string {
  if (confidence !== undefined) return confidence;
  if (LOCAL.has(source)) return 'local';
  return source === 'estimate' || !SOURCES.includes(source) ? 'estimate' : 'official';
}

function rank(order: readonly string[], word: string): number {
  const at = order.indexOf(word);
  return at === -1 ? order.length : at;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Providers without a known account that are reached over several lanes: those may be several accounts. */
function severalLanes(readings: readonly Reading[]): ReadonlySet<string> {
  const lanes = new Map<string, Set<string>>();
  for (const { provider, account, lane } of readings) {
    if ((account ?? null) !== null || lane === undefined) continue;
    lanes.set(provider, (lanes.get(provider) ?? new Set()).add(lane));
  }
  return new Set([...lanes].filter(([, found]) => found.size > 1).map(([provider]) => provider));
}

function keyOf(reading: Reading, shared: ReadonlySet<string>): MeterKey {
  const account = reading.account ?? null;
  return {
    provider: reading.provider,
    account,
    lane: account === null && shared.has(reading.provider) ? (reading.lane ?? null) : null,
    scope: reading.scope ?? 'all',
    window_min: reading.window_min ?? null,
  };
}

function nameOf({ provider, account, lane, scope, window_min: minutes }: MeterKey): string {
  return JSON.stringify([provider, account, lane, scope, minutes]);
}
