import { ABSENT, compact, countdown } from '../text/numbers.ts';
import type { Line, Span } from '../text/line.ts';
import { nameShown } from '../text/printable.ts';
import { table, type Column } from '../text/table.ts';
import type { Frame, LaneRow } from './rows.ts';

/** Per lane: whether it can be used or why not, how busy it is, and whether it rests. */
export function laneTable(rows: readonly LaneRow[], frame: Frame): Line[] {
  return table(columns(frame), rows, frame.width);
}

function columns({ nowTs }: Frame): readonly Column<LaneRow>[] {
  return [
    {
      head: 'LANE',
      cell: ({ lane }) => ({ text: nameShown(lane), tone: 'bold' }),
      cut: { to: 12, at: 'middle' },
      rank: 0,
    },
    { head: 'STATE', cell: state, cut: { to: 28, at: 'end' }, rank: 0 },
    {
      head: 'ACTIVE/QUEUED/MAX',
      cell: busy,
      brief: { head: 'A/Q/MAX', cell: busy },
      rank: 2,
    },
    { head: 'REQUESTS', cell: (row) => ({ text: compact(row.requests) }), align: 'right', rank: 5 },
    { head: 'ERRORS', cell: (row) => ({ text: compact(row.errors) }), align: 'right', rank: 4 },
    { head: '429s', cell: (row) => ({ text: compact(row.rate_limited) }), align: 'right', rank: 3 },
    { head: 'COOLDOWN', cell: (row) => cooldown(row, nowTs), rank: 1 },
  ];
}

function state({ usable, reason }: LaneRow): Span {
  return usable ? { text: '● usable', tone: 'ok' } : { text: `■ ${reason}`, tone: 'block' };
}

function busy({ active, queued, concurrency }: LaneRow): Span {
  return { text: [compact(active), compact(queued), concurrency === null ? 'none' : compact(concurrency)].join('/') };
}

function cooldown(row: LaneRow, nowTs: number): Span {
  const { cooldown_active: resting, cooldown_next_ts: until, cooldown_kind: kind } = row;
  if (resting === undefined) return { text: ABSENT };
  if (!resting) return { text: 'none' };
  const left = until === null || until === undefined ? '' : ` ${countdown(until - nowTs)}`;
  return { text: `▲ ${kind ?? 'resting'}${left}`, tone: 'warn' };
}
