import type { Overview } from '../../rollups/overview.ts';
import type { TokenSums } from '../../rollups/tokens.ts';
import { nameShown } from '../../printable.ts';
import type { Line } from './line.ts';
import { compact } from './numbers.ts';
import type { Frame } from './frame.ts';
import { table } from './table.ts';
import type { Column } from './table.ts';

/** Requests and tokens by type over the rolling window, and their sum. */
export function modelsPanel({ models, totals }: Overview, { width }: Frame): Line[] {
  const rows = models.length > 1 ? [...models, { ...totals, model: 'all models' }] : models;
  return table(COLUMNS, rows, width);
}

const COLUMNS: readonly Column<TokenSums & { readonly model: string }>[] = [
  { head: 'model', cell: ({ model }) => ({ text: nameShown(model) }) },
  { head: 'requests', cell: (row) => ({ text: compact(row.requests) }), align: 'right' },
  { head: 'in', cell: (row) => ({ text: compact(row.input_tokens) }), align: 'right' },
  { head: 'out', cell: (row) => ({ text: compact(row.output_tokens) }), align: 'right' },
  { head: 'cache write', cell: (row) => ({ text: compact(row.cache_write_tokens) }), align: 'right' },
  { head: 'cache read', cell: (row) => ({ text: compact(row.cache_read_tokens) }), align: 'right' },
];
