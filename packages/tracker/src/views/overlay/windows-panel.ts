import { nameShown } from '../../printable.ts';
import type { Board, ProviderStanding, WindowRow } from '../../rollups/board/board.ts';
import type { Span } from '../text/line.ts';
import { wrapWords } from '../text/line.ts';
import { ABSENT } from '../text/numbers.ts';
import { rankedTable, table } from '../text/table.ts';
import type { Column } from '../text/table.ts';
import { headOf, hintBlock, titleOf } from './panel.ts';
import type { Block, Drawing, Panel } from './panel.ts';
import { STATUSES } from './quota-rows.ts';

/** What capacity bought per provider, how sure that is, and whether the next window fits; looked at closer every window. */
export function windowsPanel(board: Board, { width, detail }: Drawing): Panel {
  const { providers, rows } = board.windows;
  const hint = hintBlock(
    board.advice.hints.find(({ part }) => part === 'windows'),
    width,
  );
  if (providers.length === 0) return { name: 'windows', title: titleOf('windows', undefined), blocks: hint };
  const lines = (detail === 'brief' ? rankedTable : table)(COLUMNS, providers, width);
  const isTable = detail === 'brief' || lines.length === providers.length + 1;
  const blocks: Block[] = [{ lines: isTable ? lines.slice(1) : lines, least: 1 }, ...hint];
  if (detail === 'whole') {
    blocks.push({ lines: providers.flatMap((one) => closer(one, width)), least: 0 });
    blocks.push({ lines: [[], ...table(WINDOWS, rows, width)], least: 0 });
  }
  return { name: 'windows', title: titleOf('windows', isTable ? lines[0] : undefined), blocks };
}

const COLUMNS: readonly Column<ProviderStanding>[] = [
  { head: headOf('windows'), cell: ({ provider }) => ({ text: nameShown(provider) }) },
  { head: 'buffer', cell: (row) => bufferSpan(row) },
  { head: 'feat', cell: (row) => ({ text: plain(row.features) }), align: 'right', rank: 5 },
  { head: 'capacity', cell: (row) => ({ text: amount(row) }), align: 'right', rank: 4 },
  { head: 'per unit', cell: (row) => ({ text: decimals(row.efficiency, 3) }), align: 'right', rank: 1 },
  { head: '95 % interval', cell: (row) => ({ text: intervalOf(row) }), rank: 3 },
  { head: 'n', cell: ({ n }) => ({ text: String(n) }), align: 'right', rank: 2 },
  { head: 'need', cell: (row) => ({ text: plain(row.n_needed) }), align: 'right', rank: 7 },
  { head: 'power', cell: (row) => ({ text: decimals(row.power, 2) }), align: 'right', rank: 6 },
];

function bufferSpan({ buffer }: ProviderStanding): Span {
  if (buffer === null) return { text: '○ no bar', tone: 'dim' };
  const { mark, word, tone } = STATUSES[buffer.status];
  return { text: `${mark} ${word}`, tone };
}

function amount({ capacity, unit }: ProviderStanding): string {
  return capacity === null ? ABSENT : `${plain(capacity)} ${unit}`;
}

function intervalOf({ ci }: ProviderStanding): string {
  if (ci === null) return 'none yet';
  return ci === 'unbounded' ? 'unbounded' : `${decimals(ci.lo, 3)}–${decimals(ci.hi, 3)}`;
}

function closer(one: ProviderStanding, width: number): ReturnType<typeof wrapWords> {
  const { provider, companion, e_q: weighted, buffer, left_out: leftOut } = one;
  const said = [
    ...(buffer === null ? [] : [buffer.sentence]),
    ...(companion === null ? [] : [`delta-t ${decimals(companion.lo, 3)}–${decimals(companion.hi, 3)}`]),
    ...(weighted === null ? [] : [`weighted by quality ${decimals(weighted, 3)}`]),
    ...(leftOut.length === 0 ? [] : [`${leftOut.length} left out: ${leftOut.map(({ window }) => window).join(', ')}`]),
  ];
  return said.length === 0
    ? []
    : wrapWords(`${nameShown(provider)}: ${said.join('; ')}`, width, { indent: 2, tone: 'dim' });
}

const WINDOWS: readonly Column<WindowRow>[] = [
  { head: 'finished', cell: ({ window }) => ({ text: nameShown(window) }) },
  { head: 'on', cell: ({ finalized_at: at }) => ({ text: at.slice(0, 10) }) },
  { head: 'outcome', cell: ({ outcome }) => ({ text: nameShown(outcome) }) },
  { head: 'quality', cell: (row) => ({ text: decimals(row.quality, 2) }), align: 'right' },
  { head: 'bought', cell: (row) => ({ text: boughtWords(row) }) },
  { head: 'how', cell: ({ methodology }) => ({ text: methodology === null ? ABSENT : nameShown(methodology) }) },
];

function boughtWords({ providers }: WindowRow): string {
  return providers
    .map(({ provider, features, capacity, unit }) =>
      [nameShown(provider), plain(features), 'for', plain(capacity), capacity === null ? '' : (unit ?? '')]
        .filter(Boolean)
        .join(' '),
    )
    .join(', ');
}

function plain(value: number | null): string {
  return value === null ? ABSENT : String(Math.round(value * 100) / 100);
}

function decimals(value: number | null, digits: number): string {
  return value === null ? ABSENT : value.toFixed(digits);
}
