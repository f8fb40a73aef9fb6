import { nameShown } from '../../printable.ts';
import type { Grouping, Group, TurnReport, TurnSums } from '../../rollups/report/group-turns.ts';
import type { Line } from './line.ts';
import { wrapWords } from './line.ts';
import { compact } from './numbers.ts';
import { table } from './table.ts';
import type { Column } from './table.ts';

/** One row per group, the sum of all, and what has no price. */
export function turnReportLines(report: TurnReport, width: number): Line[] {
  const { by, groups, totals, price_map: map, unpriced_models: unpriced } = report;
  const notes = unpriced.length === 0 ? '' : `; unpriced, and not in usd: ${unpriced.map(nameShown).join(', ')}`;
  return [
    ...table(columns(by), [...groups, { ...totals, key: 'total', models: {} }], width),
    ...wrapWords(`list prices of ${map}${notes}`, width, { tone: 'dim' }),
  ];
}

const HEADS = { daily: 'day', weekly: 'week', monthly: 'month', session: 'session' } as const;

function columns(by: Grouping): readonly Column<Group>[] {
  return [
    { head: HEADS[by], cell: ({ key }) => ({ text: nameShown(key) }) },
    { head: 'turns', cell: ({ turns }) => ({ text: compact(turns) }), align: 'right' },
    { head: 'in', cell: ({ tokens }) => ({ text: compact(tokens.input) }), align: 'right' },
    { head: 'out', cell: ({ tokens }) => ({ text: compact(tokens.output) }), align: 'right' },
    { head: 'cache write', cell: ({ tokens }) => ({ text: compact(tokens.cache_write) }), align: 'right' },
    { head: 'cache read', cell: ({ tokens }) => ({ text: compact(tokens.cache_read) }), align: 'right' },
    { head: 'usd', cell: (sums) => ({ text: usd(sums) }), align: 'right' },
  ];
}

/** `unpriced`, never 0; with a plus where some turns are in no dollar of it. */
function usd({ cost_usd: cost, unpriced_turns: unpriced }: TurnSums): string {
  return cost === null ? 'unpriced' : `${cost.toFixed(2)}${unpriced > 0 ? '+' : ''}`;
}
