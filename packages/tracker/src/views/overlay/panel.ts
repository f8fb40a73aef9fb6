import type { Hint } from '../../rollups/board/board.ts';
import type { Line, Span } from '../text/line.ts';
import { lineCells, wrapWords } from '../text/line.ts';
import { toType } from '../text/teaching.ts';

/** The five parts of the picture, in the order of their keys. */
export const PANELS = ['quotas', 'speeds', 'routing', 'windows', 'outcome'] as const;
export type PanelName = (typeof PANELS)[number];

/** Where and when panels are drawn. */
export interface Drawing {
  /** Cells per line, 40 or more. */
  readonly width: number;
  /** Epoch seconds; countdowns run from here. */
  readonly nowTs: number;
  /** IANA time zone of clock times. */
  readonly tz: string;
  /** `brief`: every row is one line, and columns give way. `whole`: nothing gives way, rows may take several lines. */
  readonly detail: 'brief' | 'whole';
}

/** Lines that belong together; from their end they may be left out. */
export interface Block {
  readonly lines: readonly Line[];
  /** Lines without which it says nothing. */
  readonly least: number;
}

export interface Panel {
  readonly name: PanelName;
  /** The first line: its number and name, and heads of columns where there are some. */
  readonly title: Line;
  /** The most important first. */
  readonly blocks: readonly Block[];
}

export const TITLES: Readonly<Record<PanelName, string>> = {
  quotas: '1 Quotas',
  speeds: '2 Speeds',
  routing: '3 Routing',
  windows: '4 Windows',
  outcome: '5 Outcome',
};

/** The title, with the heads of a table in the same line: its first head must be this title. */
export function titleOf(name: PanelName, heads: Line | undefined): Line {
  const title: Span = { text: TITLES[name], tone: 'bold' };
  if (heads === undefined) return [title, { text: '    ' }];
  // The table indents its rows; the title stands out by not being indented.
  const [indent, head, ...rest] = heads;
  const blanks = (indent?.text.length ?? 0) + (head?.text.length ?? 0) - title.text.length;
  return [title, { text: ' '.repeat(Math.max(0, blanks)) }, ...rest];
}

/** The head of the first column: the title, and room for the count of lines that found none. */
export function headOf(name: PanelName): string {
  return TITLES[name].padEnd(TITLES[name].length + 3);
}

/** What is missing, in words, and what to type for it: on one line where there is room. */
export function hintBlock(hint: Hint | undefined, width: number): readonly Block[] {
  if (hint === undefined) return [];
  const oneLine: Line = [
    { text: `  ○ ${hint.sentence}  `, tone: 'dim' },
    { text: hint.next, tone: 'bold' },
  ];
  if (lineCells(oneLine) <= width) return [{ lines: [oneLine], least: 1 }];
  const words = wrapWords(hint.sentence, width, { indent: 4, tone: 'dim' }).map(([span], at): Line =>
    at > 0 || span === undefined ? [span ?? { text: '' }] : [{ ...span, text: `  ○ ${span.text.trimStart()}` }],
  );
  const typed = toType(hint.next, width);
  return [{ lines: [...words, ...typed], least: Math.min(2, words.length + typed.length) }];
}
