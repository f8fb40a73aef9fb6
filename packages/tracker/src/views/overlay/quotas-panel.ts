import type { Board } from '../../rollups/board/board.ts';
import { blanksAfter, cellsOf, clipMiddle } from '../text/cells.ts';
import type { Line, Span } from '../text/line.ts';
import { wrapWords } from '../text/line.ts';
import { barSpans } from './bar.ts';
import { hintBlock, titleOf, TITLES } from './panel.ts';
import type { Block, Drawing, Panel } from './panel.ts';
import { markOf, quotaRows } from './quota-rows.ts';
import type { QuotaRow } from './quota-rows.ts';

/** Every bar there is: what is used, when it resets, how old that is. */
export function quotasPanel(board: Board, drawing: Drawing): Panel {
  const rows = quotaRows(board, drawing);
  const hint = board.advice.hints.find(({ part }) => part === 'quotas');
  const plan = planOf(rows, drawing.width);
  const blocks = rows.map((row) => blockOf(row, plan, drawing));
  const title = rows.length === 0 || plan.isTwoLines ? titleOf('quotas', undefined) : titleLine(plan);
  return { name: 'quotas', title, blocks: [...blocks, ...hintBlock(hint, drawing.width)] };
}

/** Widths of the columns; 0: there is no room for it. */
interface Plan {
  readonly name: number;
  readonly length: number;
  readonly bar: number;
  readonly word: number;
  readonly at: number;
  readonly in: number;
  readonly read: number;
  /** The reset and the source stand below the bar. */
  readonly isTwoLines: boolean;
}

const INDENT = 2;
const MARK = 2;
/** Up to `>999%`, and a blank before it. */
const PCT = 6;
const MIN_BAR = 10;
const MAX_BAR = 60;

/** Columns as wide as their content; the bar takes what is left. Too little for it: two lines per bar. */
function planOf(rows: readonly QuotaRow[], width: number): Plan {
  const widest = (key: 'name' | 'length' | 'word' | 'at' | 'in' | 'read'): number =>
    Math.max(0, ...rows.map((row) => cellsOf(row[key])));
  const name = Math.max(cellsOf(TITLES.quotas), widest('name'));
  const [length, word, at, countdown, read] = [
    widest('length'),
    widest('word'),
    widest('at'),
    widest('in'),
    widest('read'),
  ];
  const fixed = INDENT + MARK + length + 1 + PCT;
  const aside = (at === 0 ? 0 : 2 + at) + (countdown === 0 ? 0 : 1 + countdown) + (read === 0 ? 0 : 2 + read);
  const plan = { length, at, in: countdown, read, isTwoLines: false };
  const wide = width - fixed - aside - (2 + word) - name - 2;
  if (wide >= MIN_BAR + 6) return { ...plan, name, word, bar: Math.min(MAX_BAR, wide) };
  const one = width - fixed - aside - Math.min(name, 17) - 2;
  if (one >= MIN_BAR) {
    const room = width - fixed - aside - name - 2;
    return {
      ...plan,
      name: room >= MIN_BAR ? name : Math.min(name, 17),
      word: 0,
      bar: Math.min(MAX_BAR, Math.max(room, MIN_BAR)),
    };
  }
  const short = Math.min(name, Math.max(10, width - fixed - MIN_BAR - 2));
  return { ...plan, name: short, word: 0, bar: width - fixed - short - 2, isTwoLines: true };
}

function titleLine(plan: Plan): Line {
  const head = (text: string, cells: number, gap: number, isRight = false): string =>
    cells === 0
      ? ''
      : ' '.repeat(gap) + (isRight ? text.padStart(cells) : text.padEnd(cells)).slice(0, Math.max(cells, 0));
  const before = INDENT + MARK + plan.name + 1 + plan.length + 1 + plan.bar;
  const resets = plan.at === 0 ? '' : head('resets', plan.at + (plan.in === 0 ? 0 : 1 + plan.in), 2);
  return [
    { text: TITLES.quotas, tone: 'bold' },
    { text: ' '.repeat(Math.max(1, before - cellsOf(TITLES.quotas))) },
    {
      text: 'used'.padStart(PCT) + head('next', plan.word, 2) + resets + head('read', plan.read, 2, true),
      tone: 'dim',
    },
  ];
}

function blockOf(row: QuotaRow, plan: Plan, { width, detail }: Drawing): Block {
  const name = clipMiddle(row.name, plan.name);
  const first: Span[] = [
    { text: ' '.repeat(INDENT) },
    markOf(row),
    { text: ` ${name}${blanksAfter(name, plan.name)}` },
    { text: ` ${row.length.padEnd(plan.length)} `, tone: 'dim' },
    ...barOf(row, plan.bar),
    { text: row.pct.padStart(PCT) },
  ];
  const more =
    detail === 'whole'
      ? row.more.flatMap((words) => wrapWords(words, width, { indent: INDENT + MARK, tone: 'dim' }))
      : [];
  if (!plan.isTwoLines) {
    const word: Span[] = plan.word === 0 ? [] : [{ text: `  ${row.word.padEnd(plan.word)}`, tone: row.tone }];
    const line = [...first, ...word, ...aside(row, plan)];
    return { lines: [line, ...more], least: 1 };
  }
  const below = [row.word, [row.at, row.in].filter(Boolean).join(' '), row.read].filter(Boolean).join('  ');
  const second = wrapWords(below, width, { indent: INDENT + MARK, tone: 'dim' });
  return { lines: [first, ...second, ...more], least: 1 };
}

function aside(row: QuotaRow, plan: Plan): Span[] {
  return [
    ...(plan.at === 0 ? [] : [{ text: `  ${row.at.padEnd(plan.at)}` }]),
    ...(plan.in === 0 ? [] : [{ text: ` ${row.in.padStart(plan.in)}`, tone: 'dim' as const }]),
    ...(plan.read === 0 ? [] : [{ text: `  ${row.read.padStart(plan.read)}`, tone: 'dim' as const }]),
  ];
}

function barOf(row: QuotaRow, width: number): Line {
  if (row.used === null) return [{ text: 'not known'.padEnd(width).slice(0, width), tone: 'dim' }];
  return barSpans({ width, used: row.used, expected: row.expected, warnAt: row.warnAt, tone: row.tone });
}
