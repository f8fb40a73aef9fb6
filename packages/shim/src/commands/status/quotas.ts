import { ABSENT, clock, compact, countdown, wholePct } from '../text/numbers.ts';
import type { Line, Span } from '../text/line.ts';
import { table, type Column } from '../text/table.ts';
import { modelName, VERDICTS, verdictOf, type Frame, type ModelRow } from './rows.ts';

/** Per model: how full its windows are, what the verdict is and when it changes. */
export function quotaTable(rows: readonly ModelRow[], frame: Frame): Line[] {
  return table(columns(frame), rows, frame.width);
}

function columns(frame: Frame): readonly Column<ModelRow>[] {
  return [
    { head: 'MODEL', cell: modelName, cut: { to: 20, at: 'middle' }, rank: 0 },
    { head: 'LANE', cell: ({ provider }) => ({ text: provider ?? ABSENT }), cut: { to: 12, at: 'middle' }, rank: 5 },
    {
      head: 'ROLL%',
      cell: (row) => ({ text: windowUse(row.rolling_pct, row.rolling_tokens, row.rolling_capacity_tokens) }),
      brief: { head: 'ROLL%', cell: (row) => ({ text: capPct(row.rolling_pct, row.rolling_capacity_tokens) }) },
      align: 'right',
      rank: 1,
    },
    {
      head: 'WEEK%',
      cell: (row) => ({ text: windowUse(row.weekly_pct, row.weekly_tokens, row.weekly_capacity_tokens) }),
      brief: { head: 'WEEK%', cell: (row) => ({ text: capPct(row.weekly_pct, row.weekly_capacity_tokens) }) },
      align: 'right',
      rank: 2,
    },
    {
      head: 'STATE',
      cell: (row) => state(row, reasonOf(row)),
      brief: { head: 'STATE', cell: (row) => state(row, '') },
      rank: 0,
    },
    { head: 'CLEARS IN', cell: ({ eta_clear_sec: left }) => ({ text: clears(left) }), rank: 3 },
    { head: 'MODE', cell: ({ reroute_mode: mode }) => ({ text: mode ?? ABSENT }), rank: 6 },
    {
      head: 'COOLDOWN',
      cell: (row) => cooldown(row, frame, true),
      brief: { head: 'COOLDOWN', cell: (row) => cooldown(row, frame, false) },
      rank: 4,
    },
  ];
}

/** `42% 4.2M/10.0M`; as much of it as the shim tells. */
function windowUse(fraction: number, used: number | undefined, cap: number | null | undefined): string {
  const amount = used === undefined ? '' : ` ${compact(used)}`;
  if (cap === undefined) return wholePct(fraction) + amount;
  return cap === null ? `no cap${amount}` : `${wholePct(fraction)}${amount}/${compact(cap)}`;
}

/** Without a cap the wire says 0, which means nothing. */
export function capPct(fraction: number, cap: number | null | undefined): string {
  return cap === null ? 'no cap' : wholePct(fraction);
}

function reasonOf({ flags }: ModelRow): string {
  const reason = flags?.reason ?? 'none';
  return reason === 'none' ? '' : ` (${reason})`;
}

function state(row: ModelRow, reason: string): Span {
  const { mark, tone } = VERDICTS[verdictOf(row)];
  return { text: mark + reason, tone };
}

function clears(seconds: number | null | undefined): string {
  return seconds === undefined || seconds === null || seconds <= 0 ? ABSENT : countdown(seconds);
}

function cooldown(row: ModelRow, { nowTs, tz }: Frame, isLong: boolean): Span {
  const { cooldown_active: resting, cooldown_next_ts: until, cooldown_kind: kind } = row;
  if (resting === undefined) return { text: ABSENT };
  if (!resting) return { text: 'none' };
  if (until === null || until === undefined) return { text: `▲ ${kind ?? 'resting'}`, tone: 'warn' };
  const end = isLong ? ` until ${clock(until, nowTs, tz)}` : '';
  const why = isLong && kind ? `${kind} ` : '';
  return { text: `▲ ${why}${countdown(until - nowTs)}${end}`, tone: 'warn' };
}
