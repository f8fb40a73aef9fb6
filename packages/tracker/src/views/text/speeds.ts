import type { Overview } from '../../rollups/overview.ts';
import type { ModelSpeeds } from '../../rollups/speeds.ts';
import { nameShown } from '../../printable.ts';
import type { Line } from './line.ts';
import { ABSENT, compact, milliseconds, rate } from './numbers.ts';
import type { Frame } from './frame.ts';
import { table } from './table.ts';
import type { Column } from './table.ts';

/** Output rates, time to first token, and the fastest hours of the day. */
export function speedsPanel({ speeds }: Overview, { width }: Frame): Line[] {
  return table(COLUMNS, speeds, width);
}

const COLUMNS: readonly Column<ModelSpeeds>[] = [
  { head: 'model', cell: ({ model }) => ({ text: nameShown(model) }) },
  { head: 'elr', cell: (row) => ({ text: rate(row.elr_out_tps) }), align: 'right' },
  { head: 'dirty', cell: (row) => ({ text: rate(row.dirty_out_tps) }), align: 'right' },
  { head: 'p50', cell: (row) => ({ text: milliseconds(row.ttft_p50_ms) }), align: 'right' },
  { head: 'p90', cell: (row) => ({ text: milliseconds(row.ttft_p90_ms) }), align: 'right' },
  { head: 'p99', cell: (row) => ({ text: milliseconds(row.ttft_p99_ms) }), align: 'right' },
  { head: 'n', cell: (row) => ({ text: compact(row.samples) }), align: 'right' },
  { head: 'best hours', cell: (row) => ({ text: bestHours(row) }) },
];

function bestHours({ best_hours: hours }: ModelSpeeds): string {
  if (hours.length === 0) return ABSENT;
  return hours.map(({ hour }) => `${String(hour).padStart(2, '0')}h`).join(' ');
}
