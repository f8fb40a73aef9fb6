import { problemLine } from '../../problem.ts';
import type { Board } from '../../rollups/board/board.ts';
import type { Line } from '../text/line.ts';
import { BLANK, wrapWords } from '../text/line.ts';
import { noReading } from '../text/teaching.ts';
import { adviceLines, shimLines, stateLine } from './head.ts';
import { drawPanel } from './panels.ts';
import { PANELS } from './panel.ts';

/** The whole board as one page of any length, nothing left out: what a pipe gets. */
export function pageLines(board: Board, width: number, shimUrl: string): readonly Line[] {
  const isEmpty = board.state === 'none';
  const problems = isEmpty ? board.problems.filter(({ code }) => code !== 'shim-unreachable') : board.problems;
  const notes = problems.flatMap((problem) => wrapWords(problemLine(problem), width, { tone: 'dim' }));
  if (isEmpty && board.meters.length + board.windows.rows.length === 0) return [...noReading(shimUrl, width), ...notes];
  const drawing = { width, nowTs: Date.parse(board.at) / 1000, tz: board.tz, detail: 'whole' as const };
  const panels = PANELS.map((name) => drawPanel(name, board, drawing));
  return [
    stateLine(board, width),
    ...notes,
    ...adviceLines(board, width, Infinity),
    ...shimLines(board, width),
    ...panels.flatMap(({ title, blocks }) => [BLANK, title, ...blocks.flatMap(({ lines }) => lines)]),
  ];
}
