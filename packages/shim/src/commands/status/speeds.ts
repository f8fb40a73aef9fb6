import type { Rates, Speeds } from '@ccp/contracts';
import { ABSENT, milliseconds, rate, wholePct } from '../text/numbers.ts';
import type { Line, Span } from '../text/line.ts';
import { table, type Column } from '../text/table.ts';
import { capPct } from './quotas.ts';
import { modelName, type Frame, type ModelRow } from './rows.ts';

/** Per model: the verdicts and the calibrated threshold in short, and how fast it runs. */
export function speedTable(rows: readonly ModelRow[], { width }: Frame): Line[] {
  return table(COLUMNS, rows, width);
}

const COLUMNS: readonly Column<ModelRow>[] = [
  { head: 'MODEL', cell: modelName, cut: { to: 20, at: 'middle' }, rank: 0 },
  {
    head: 'ROLL%',
    cell: (row) => ({ text: capPct(row.rolling_pct, row.rolling_capacity_tokens) }),
    align: 'right',
    rank: 1,
  },
  {
    head: 'WEEK%',
    cell: (row) => ({ text: capPct(row.weekly_pct, row.weekly_capacity_tokens) }),
    align: 'right',
    rank: 6,
  },
  { head: 'WARN', cell: ({ warn }) => yesNo(warn, 'warn'), rank: 7 },
  { head: 'BLOCK', cell: ({ block }) => yesNo(block, 'block'), rank: 3 },
  { head: 'WARN_AUTO%', cell: (row) => ({ text: wholePct(row.warn_pct_auto) }), align: 'right', rank: 9 },
  { head: 'CONF%', cell: (row) => ({ text: wholePct(row.warn_pct_confidence) }), align: 'right', rank: 10 },
  { head: 'ROLL OUT (elr/dirty)', ...rates(({ rolling }) => rolling, 'ROLL OUT'), rank: 2 },
  { head: 'SESSION OUT (elr/dirty)', ...rates(({ session }) => session, 'SESSION OUT'), rank: 8 },
  {
    head: 'TTFT p50/p90/p99',
    cell: ({ speeds }) => ({ text: firstTokens(speeds) }),
    brief: { head: 'TTFT p50', cell: ({ speeds }) => ({ text: milliseconds(speeds.ttft_ms?.p50) }) },
    rank: 4,
  },
  {
    head: 'PEAK ELR',
    cell: ({ speeds }) => ({ text: bestHours(speeds, 3) }),
    brief: { head: 'PEAK ELR', cell: ({ speeds }) => ({ text: bestHours(speeds, 1) }) },
    rank: 5,
  },
];

function yesNo(is: boolean, tone: 'warn' | 'block'): Span {
  return is ? { text: 'yes', tone } : { text: 'no' };
}

function rates(of: (speeds: Speeds) => Rates | undefined, brief: string): Pick<Column<ModelRow>, 'cell' | 'brief'> {
  const cell = ({ speeds }: ModelRow): Span => ({ text: outRates(of(speeds)) });
  return { cell, brief: { head: brief, cell } };
}

/** Output tokens per second of streaming and of wall time. All zero: nothing was measured. */
function outRates(measured: Rates | undefined): string {
  if (measured === undefined || measured.total_dirty_tps === 0) return ABSENT;
  return `${rate(measured.out_elr_tps)}/${rate(measured.out_dirty_tps)}`;
}

function firstTokens({ ttft_ms: ttft }: Speeds): string {
  const known = [ttft?.p50, ttft?.p90, ttft?.p99];
  return known.every((ms) => ms === undefined || ms === null) ? ABSENT : known.map(milliseconds).join('/');
}

/** Fewer requests say nothing about an hour. */
const MIN_SAMPLES = 10;

/** The hours of the day in which the model is fastest: `14h (41.2)`. */
function bestHours({ hourly }: Speeds, most: number): string {
  const known = (hourly ?? []).flatMap(({ hour, samples, out_elr_tps: elr, out_dirty_tps: dirty }) => {
    const tps = elr ?? dirty ?? null;
    return samples < MIN_SAMPLES || tps === null ? [] : [{ hour, tps }];
  });
  const best = known.toSorted((a, b) => b.tps - a.tps).slice(0, most);
  return best.length === 0
    ? ABSENT
    : best.map(({ hour, tps }) => `${String(hour).padStart(2, '0')}h (${tps.toFixed(1)})`).join(', ');
}
