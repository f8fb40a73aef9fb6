import type { Reading } from '../../reading.ts';
import { confidenceOf } from '../meters/best-reading.ts';
import type { MeterStanding } from '../standing.ts';
import type { MeterBar } from './board.ts';
import { forecastOf } from './forecast.ts';

/** Every bar of a vendor as a row to draw, the shorter window before the longer one. */
export function meterBars(
  standings: readonly MeterStanding[],
  readings: readonly Reading[],
  nowTs: number,
): readonly MeterBar[] {
  return standings.map((standing) => toBar(standing, readings, nowTs)).toSorted(inOrder);
}

function toBar(standing: MeterStanding, readings: readonly Reading[], nowTs: number): MeterBar {
  const { provider, account, lane, scope, window_min, reading, pace, verdict, others } = standing;
  const used = reading?.used_pp ?? null;
  return {
    provider,
    account,
    lane,
    scope,
    window_min,
    used_pp: used,
    expected_pp: pace?.expected_pp ?? null,
    ahead_pp: pace?.ahead_pp ?? null,
    pace: pace?.pace ?? null,
    resets_at: reading?.resets_at ?? null,
    resets_in_s: pace?.resets_in_s ?? null,
    observed_at: reading?.observed_at ?? null,
    age_s: standing.age_s,
    source: reading?.source ?? null,
    source_letter: reading === null ? null : letterOf(reading),
    confidence: reading === null ? null : confidenceOf(reading),
    buffer: {
      status: verdict.status,
      reserve_pp: verdict.reserve_pp,
      need_pp: verdict.projected_pp,
      headroom_pp: used === null ? null : verdict.limit_pp - used,
      sentence: verdict.sentence,
    },
    deltas_pp: standing.deltas_pp,
    others: others.map((other) => ({
      source: other.source,
      used_pp: other.used_pp ?? null,
      observed_at: other.observed_at,
    })),
    forecast: reading === null ? null : forecastOf(reading, readings, nowTs),
  };
}

const LETTERS: Readonly<Record<string, string>> = {
  header: 'H',
  get_usage: 'Q',
  'codex-app-server': 'A',
  rate_limit_event: 'E',
  'glm-api': 'G',
  statusline: 'S',
  rollout: 'R',
  cache: 'C',
  pane: 'P',
  override: 'O',
  ccusage: 'U',
  'claude-monitor': 'M',
};

/** Where a reading comes from, in one character; an estimate is `~` wherever it comes from. */
export function letterOf(reading: Reading): string {
  return confidenceOf(reading) === 'estimate' ? '~' : (LETTERS[reading.source] ?? '?');
}

function inOrder(a: MeterBar, b: MeterBar): number {
  const byName = compare(a.provider, b.provider) || compare(a.account ?? '', b.account ?? '');
  const byScope = (a.scope === 'all' ? 0 : 1) - (b.scope === 'all' ? 0 : 1) || compare(a.scope, b.scope);
  return byName || compare(a.lane ?? '', b.lane ?? '') || byScope || (a.window_min ?? 0) - (b.window_min ?? 0);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
