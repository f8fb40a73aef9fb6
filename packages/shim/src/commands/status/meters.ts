import type { MeterReading } from '@ccp/contracts';
import { ABSENT, compact, countdown, wholePct } from '../text/numbers.ts';
import type { Line } from '../text/line.ts';
import { nameShown } from '../text/printable.ts';
import { table, type Column } from '../text/table.ts';
import type { Frame } from './rows.ts';

/** The providers' own meters: how full, when they reset, and how old the reading is. */
export function meterTable(rows: readonly MeterReading[], frame: Frame): Line[] {
  return table(columns(frame), rows, frame.width);
}

function columns({ nowTs }: Frame): readonly Column<MeterReading>[] {
  return [
    {
      head: 'LANE',
      cell: ({ lane }) => ({ text: nameShown(lane), tone: 'bold' }),
      cut: { to: 12, at: 'middle' },
      rank: 0,
    },
    {
      head: 'METER',
      cell: ({ meter, model }) => ({ text: model ? `${meter} (${model})` : meter }),
      cut: { to: 12, at: 'middle' },
      rank: 0,
    },
    { head: 'USED', cell: (row) => ({ text: used(row) }), align: 'right', rank: 0 },
    { head: 'RESETS IN', cell: ({ resets_at: at }) => ({ text: left(at, nowTs) }), align: 'right', rank: 1 },
    { head: 'AGE', cell: (row) => ({ text: countdown(age(row, nowTs)) }), align: 'right', rank: 2 },
    { head: 'STATUS', cell: ({ status }) => ({ text: status ?? ABSENT }), rank: 3 },
  ];
}

/** `37%`; an amount of its limit for what is counted in tokens or requests. */
function used({ value, unit, limit, remaining }: MeterReading): string {
  if (unit === 'fraction') return wholePct(value);
  if (unit === 'percent') return wholePct(value === null ? null : value / 100);
  if (limit === null || limit === undefined) return compact(value);
  const amount = value ?? (remaining === null || remaining === undefined ? null : limit - remaining);
  if (amount === null) return `${ABSENT}/${compact(limit)}`;
  return limit > 0 ? `${wholePct(amount / limit)} ${compact(amount)}/${compact(limit)}` : compact(amount);
}

function left(at: string | null | undefined, nowTs: number): string {
  return at === null || at === undefined ? ABSENT : countdown(Date.parse(at) / 1000 - nowTs);
}

function age({ age_s: seconds, observed_at: at }: MeterReading, nowTs: number): number {
  return seconds ?? nowTs - Date.parse(at) / 1000;
}
