import { problemLine } from '../../problem.ts';
import type { Board } from '../../rollups/board/board.ts';
import { cellsOf } from '../text/cells.ts';
import type { Line } from '../text/line.ts';
import { BLANK, lineCells, wrapWords } from '../text/line.ts';
import { noReading } from '../text/teaching.ts';
import { adviceLines, shimLines, stateLine } from './head.ts';
import { footLine, helpLines } from './keys.ts';
import { drawPanel } from './panels.ts';
import { PANELS } from './panel.ts';
import type { Drawing, Panel, PanelName } from './panel.ts';
import { fitted } from './fit.ts';

/** What the person looking has chosen. */
export interface Look {
  readonly focus: PanelName;
  /** The panel in focus alone, with everything it knows. */
  readonly zoom: boolean;
  readonly help: boolean;
  readonly paused: boolean;
  /** First line shown while zoomed. */
  readonly scroll: number;
}

export interface Size {
  readonly width: number;
  readonly rows: number;
}

export const FIRST_LOOK: Look = { focus: 'quotas', zoom: false, help: false, paused: false, scroll: 0 };

/** Two columns only where each is as wide as a terminal. */
const TWO_COLUMNS = 160;
const GUTTER = 4;

/** The whole screen: exactly `size.rows` lines, none wider than `size.width`. The same board and look give the same lines. */
export function screenLines(board: Board, look: Look, size: Size, shimUrl: string): readonly Line[] {
  const { width, rows } = size;
  const body = bodyOf(board, look, size, shimUrl);
  const room = Math.max(0, rows - 1);
  const filled = [...body.slice(0, room), ...Array.from({ length: Math.max(0, room - body.length) }, () => BLANK)];
  return [...filled, footLine(look, scrollOf(board, look, size), width)];
}

function bodyOf(board: Board, look: Look, size: Size, shimUrl: string): readonly Line[] {
  const { width, rows } = size;
  if (look.help) return helpLines(width);
  const head = [stateLine(board, width)];
  if (board.state === 'none') {
    const others = board.problems.filter(({ code }) => code !== 'shim-unreachable');
    const notes = others.flatMap((problem) => wrapWords(problemLine(problem), width, { tone: 'dim' }));
    const known = board.meters.length + board.windows.rows.length > 0;
    if (!known || look.zoom) return [...head, BLANK, ...noReading(shimUrl, width), ...notes];
  }
  if (look.zoom) {
    const room = rows - 1 - head.length;
    return [...head, ...zoomed(board, look, width).slice(look.scroll, look.scroll + room)];
  }
  const advice = [...adviceLines(board, width, rows >= 30 ? 3 : 2), ...shimLines(board, width)];
  const room = rows - 1 - head.length - advice.length;
  return [...head, ...advice, ...overview(board, look, { width, rows: room })];
}

/** Where the zoomed panel is scrolled to, and how far it goes. */
export function scrollOf(
  board: Board,
  look: Look,
  { width, rows }: Size,
): { from: number; to: number; of: number } | null {
  if (!look.zoom || look.help || board.state === 'none') return null;
  const of = zoomed(board, look, width).length;
  const room = rows - 2;
  return of <= room ? null : { from: look.scroll + 1, to: Math.min(of, look.scroll + room), of };
}

/** The furthest a zoomed panel may be scrolled. */
export function lastScroll(board: Board, look: Look, { width, rows }: Size): number {
  return Math.max(0, zoomed(board, look, width).length - (rows - 2));
}

function zoomed(board: Board, { focus }: Look, width: number): readonly Line[] {
  const { title, blocks } = drawPanel(focus, board, drawingOf(board, width, 'whole'));
  return [title, ...blocks.flatMap(({ lines }) => lines)];
}

function overview(board: Board, look: Look, { width, rows }: Size): readonly Line[] {
  if (width < TWO_COLUMNS) return column(board, PANELS, look, { width, rows });
  const left = Math.floor((width - GUTTER) / 2);
  const right = width - GUTTER - left;
  const [a, b] = [
    column(board, ['quotas', 'windows', 'outcome'], look, { width: left, rows }),
    column(board, ['speeds', 'routing'], look, { width: right, rows }),
  ];
  return Array.from({ length: Math.max(a.length, b.length) }, (_, at): Line => {
    const line = a[at] ?? BLANK;
    return [...line, { text: ' '.repeat(left - lineCells(line) + GUTTER) }, ...(b[at] ?? BLANK)];
  });
}

function column(board: Board, names: readonly PanelName[], look: Look, { width, rows }: Size): readonly Line[] {
  const drawing = drawingOf(board, width, 'brief');
  const panels = names.map((name) => drawPanel(name, board, drawing));
  const shown = fitted(panels, rows);
  // Too low for all of them: the one in focus.
  if (shown === null) {
    const panel = panels.find(({ name }) => name === look.focus) ?? panels[0];
    return panel === undefined ? [] : [panel.title, ...panel.blocks.flatMap(({ lines }) => lines)].slice(0, rows);
  }
  return shown.flatMap(({ panel, lines, hidden, gap }) => [
    ...(gap ? [BLANK] : []),
    titled(panel, hidden, look.focus === panel.name),
    ...lines,
  ]);
}

/** The title, in focus or not, with the number of lines that found no room, in the blanks behind it. */
function titled({ title }: Panel, hidden: number, isFocused: boolean): Line {
  const [name = { text: '' }, blanks = { text: '' }, ...heads] = title;
  const more = hidden === 0 ? '' : ` +${hidden}`;
  return [
    { ...name, tone: isFocused ? 'accent' : 'bold' },
    { text: more + blanks.text.slice(cellsOf(more)), tone: 'dim' },
    ...heads,
  ];
}

function drawingOf(board: Board, width: number, detail: Drawing['detail']): Drawing {
  return { width, nowTs: Date.parse(board.at) / 1000, tz: board.tz, detail };
}
