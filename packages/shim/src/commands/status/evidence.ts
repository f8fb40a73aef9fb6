import type { CapacityFit } from '@ccp/contracts';
import { ABSENT, compact, countdown, signedSpan } from '../text/numbers.ts';
import type { Line } from '../text/line.ts';
import { table, type Column } from '../text/table.ts';
import { modelName, type Frame, type ModelRow } from './rows.ts';

/** What the verdicts rest on: reset gaps, tokens set aside, the kind of week, and the fitted capacities. */
export function evidence(rows: readonly ModelRow[], { width }: Frame): Line[] {
  const fits = rows.flatMap((row) => (row.fits ?? []).map((fit) => ({ ...fit, model: row.model })));
  const none = rows.every((row) => row.fits === undefined)
    ? 'Capacity fits are not reported by this shim.'
    : 'No capacity fits yet: no meter of a provider has moved enough.';
  return [
    ...table(GAPS, rows, width),
    ...(fits.length > 0 ? table(FITS, fits, width) : [[{ text: `  ${none}`, tone: 'dim' } as const]]),
  ];
}

const GAPS: readonly Column<ModelRow>[] = [
  { head: 'MODEL', cell: modelName, cut: { to: 20, at: 'middle' }, rank: 0 },
  { head: 'GAP p50/p95 (samples)', cell: (row) => ({ text: gap(row) }), rank: 1 },
  { head: 'PENDING', cell: (row) => ({ text: compact(row.pending_tokens) }), align: 'right', rank: 3 },
  { head: 'WEEK', cell: (row) => ({ text: week(row) }), rank: 2 },
  { head: 'ROLL ETA', cell: (row) => ({ text: countdown(row.eta_rolling_sec) }), align: 'right', rank: 4 },
  { head: 'WEEK ETA', cell: (row) => ({ text: countdown(row.eta_weekly_sec) }), align: 'right', rank: 5 },
];

type FitRow = CapacityFit & { readonly model: string };

const FITS: readonly Column<FitRow>[] = [
  { head: 'FIT OF', cell: modelName, cut: { to: 20, at: 'middle' }, rank: 0 },
  { head: 'LANE', cell: ({ lane }) => ({ text: lane }), cut: { to: 12, at: 'middle' }, rank: 4 },
  { head: 'METER', cell: ({ meter }) => ({ text: meter }), cut: { to: 12, at: 'middle' }, rank: 1 },
  { head: 'CAPACITY', cell: (fit) => ({ text: capacity(fit) }), align: 'right', rank: 0 },
  { head: '95 % INTERVAL', cell: (fit) => ({ text: interval(fit) }), rank: 2 },
  { head: 'PAIRS', cell: ({ pairs }) => ({ text: compact(pairs) }), align: 'right', rank: 3 },
  { head: 'MIXED', cell: ({ mixed }) => ({ text: compact(mixed) }), align: 'right', rank: 5 },
  { head: 'DISCARDED', cell: ({ discarded }) => ({ text: compact(discarded) }), align: 'right', rank: 6 },
];

function gap({ gap_seconds_p50: p50, gap_seconds_p95: p95, gap_samples: samples }: ModelRow): string {
  if (samples === undefined && p50 === undefined && p95 === undefined) return ABSENT;
  return `${signedSpan(p50)}/${signedSpan(p95)} (${compact(samples)})`;
}

function week({ weekly_anchored: anchored }: ModelRow): string {
  if (anchored === undefined) return ABSENT;
  return anchored ? 'anchored' : 'sliding';
}

function capacity({ capacity_tokens: tokens, rel_error: error }: CapacityFit): string {
  const spread = error === undefined || error === null ? '' : ` ±${Math.round(error * 100)}%`;
  return compact(tokens) + spread;
}

function interval({ low, high }: CapacityFit): string {
  if (low === undefined || low === null) return ABSENT;
  return `${compact(low)} to ${high === undefined || high === null ? 'open' : compact(high)}`;
}
