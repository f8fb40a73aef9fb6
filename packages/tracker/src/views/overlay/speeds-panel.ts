import { nameShown } from '../../printable.ts';
import type { Board } from '../../rollups/board/board.ts';
import type { ModelSpeeds } from '../../rollups/speeds.ts';
import type { TokenSums } from '../../rollups/tokens.ts';
import { clipEnd } from '../text/cells.ts';
import { ABSENT, compact, milliseconds, rate } from '../text/numbers.ts';
import { rankedTable, table } from '../text/table.ts';
import type { Column } from '../text/table.ts';
import { sparkline } from './bar.ts';
import { headOf, hintBlock, titleOf } from './panel.ts';
import type { Drawing, Panel } from './panel.ts';

/** Output rates, time to first token, the hours of the day; looked at closer also what was sent. */
export function speedsPanel(board: Board, { width, detail }: Drawing): Panel {
  const { speeds, overview, advice } = board;
  const hint = hintBlock(
    advice.hints.find(({ part }) => part === 'speeds'),
    width,
  );
  if (speeds.length === 0) return { name: 'speeds', title: titleOf('speeds', undefined), blocks: hint };
  const draw = detail === 'brief' ? rankedTable : table;
  const lines = draw(columnsFor(speeds), speeds, width);
  const isTable = detail === 'brief' || lines.length === speeds.length + 1;
  const rows = isTable ? lines.slice(1) : lines;
  const totals = overview === null || detail === 'brief' ? [] : table(TOKENS, tokenRows(overview), width);
  return {
    name: 'speeds',
    title: titleOf('speeds', isTable ? lines[0] : undefined),
    blocks: [
      { lines: rows, least: 1 },
      ...(totals.length === 0 ? [] : [{ lines: [[], ...totals], least: 0 }]),
      ...hint,
    ],
  };
}

/** Cells of the 24 hours. */
const DAY = 24;

function columnsFor(speeds: readonly ModelSpeeds[]): readonly Column<ModelSpeeds>[] {
  const zone = speeds.find(({ tz }) => tz !== null)?.tz ?? null;
  const hours = zone === null ? 'by hour' : `00h–23h ${clipEnd(zone, DAY - 8)}`;
  return [
    { head: headOf('speeds'), cell: ({ model }) => ({ text: nameShown(model) }) },
    { head: 'elr', cell: (row) => ({ text: rate(row.elr_out_tps) }), align: 'right' },
    { head: 'dirty', cell: (row) => ({ text: rate(row.dirty_out_tps) }), align: 'right', rank: 3 },
    { head: 'p50', cell: (row) => ({ text: milliseconds(row.ttft_p50_ms) }), align: 'right' },
    { head: 'p90', cell: (row) => ({ text: milliseconds(row.ttft_p90_ms) }), align: 'right', rank: 2 },
    { head: 'p99', cell: (row) => ({ text: milliseconds(row.ttft_p99_ms) }), align: 'right', rank: 4 },
    { head: hours, cell: (row) => ({ text: sparkline(row.hourly_elr_out_tps), tone: 'accent' }), rank: 1 },
    { head: 'n', cell: (row) => ({ text: compact(row.samples) }), align: 'right', rank: 5 },
    { head: 'best hours', cell: (row) => ({ text: bestHours(row) }), rank: 6 },
  ];
}

function bestHours({ best_hours: hours }: ModelSpeeds): string {
  if (hours.length === 0) return ABSENT;
  return hours.map(({ hour }) => `${String(hour).padStart(2, '0')}h`).join(' ');
}

function tokenRows({ models, totals }: NonNullable<Board['overview']>): readonly TokenRow[] {
  return models.length > 1 ? [...models, { ...totals, model: 'all models' }] : models;
}

type TokenRow = TokenSums & { readonly model: string };

/** Requests and tokens by type over the rolling window. */
const TOKENS: readonly Column<TokenRow>[] = [
  { head: 'rolling window', cell: ({ model }) => ({ text: nameShown(model) }) },
  { head: 'requests', cell: (row) => ({ text: compact(row.requests) }), align: 'right' },
  { head: 'in', cell: (row) => ({ text: compact(row.input_tokens) }), align: 'right' },
  { head: 'out', cell: (row) => ({ text: compact(row.output_tokens) }), align: 'right' },
  { head: 'cache write', cell: (row) => ({ text: compact(row.cache_write_tokens) }), align: 'right' },
  { head: 'cache read', cell: (row) => ({ text: compact(row.cache_read_tokens) }), align: 'right' },
];
