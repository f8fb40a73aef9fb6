import { nameShown } from '../../printable.ts';
import type { Group, TurnReport, TurnSums } from '../../rollups/report/group-turns.ts';
import { compact } from './numbers.ts';

/** A table: one row per group, the sum of all, and what has no price. */
export function turnReportLines({
  by,
  groups,
  totals,
  price_map: map,
  unpriced_models: unpriced,
}: TurnReport): string[] {
  const head = [HEADS[by], 'TURNS', 'INPUT', 'OUTPUT', 'CACHE W', 'CACHE R', 'USD', 'MODELS'];
  const rows = groups.map((group) => [nameShown(group.key), ...cells(group), modelsOf(group)]);
  const all = [head, ...rows, ['total', ...cells(totals), '']];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0, column))
      .join('  ')
      .trimEnd(),
  );
  const notes = unpriced.length === 0 ? [] : [`unpriced: ${unpriced.map(nameShown).join(', ')} (not in USD)`];
  return [...lines, ...notes, `list prices of ${map}`];
}

const HEADS = { daily: 'DAY', weekly: 'WEEK', monthly: 'MONTH', session: 'SESSION' } as const;

function cells({ turns, tokens, cost_usd: cost, unpriced_turns: unpriced }: TurnSums): string[] {
  const usd = cost === null ? 'unpriced' : `${cost.toFixed(2)}${unpriced > 0 ? '+' : ''}`;
  return [
    String(turns),
    compact(tokens.input),
    compact(tokens.output),
    compact(tokens.cache_write),
    compact(tokens.cache_read),
    usd,
  ];
}

function modelsOf({ models }: Group): string {
  return Object.keys(models).toSorted().map(nameShown).join(', ');
}

/** Names to the left, numbers to the right. */
function pad(text: string, width: number, column: number): string {
  return column === 0 || column === 7 ? text.padEnd(width) : text.padStart(width);
}
