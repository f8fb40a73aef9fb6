import { printable } from './printable.ts';

/** How a piece of text stands out. Colour only repeats what a word or a symbol already says. */
export type Tone = 'plain' | 'dim' | 'bold' | 'ok' | 'warn' | 'block';

export interface Span {
  readonly text: string;
  readonly tone?: Tone;
}

export type Line = readonly Span[];

export const BLANK: Line = [];

/** The line as text for a terminal: printable, at most `width` cells, with colours if wanted. */
export function renderLine(line: Line, width: number, colour: boolean): string {
  let left = width;
  let text = '';
  for (const span of line) {
    const shown = clipEnd(printable(span.text), left);
    left -= cellsOf(shown);
    text += colour ? coloured(shown, span.tone ?? 'plain') : shown;
    if (left <= 0) break;
  }
  return colour ? text : text.trimEnd();
}

/** Width of a text on a terminal, in cells. Never too low: a character that might be wide counts as 2, none as 0. */
export function cellsOf(text: string): number {
  let cells = 0;
  for (const character of text) cells += WIDE.test(character) ? 2 : 1;
  return cells;
}

/** The text, or as much of its beginning as fits before an ellipsis. */
export function clipEnd(text: string, cells: number): string {
  if (cellsOf(text) <= cells) return text;
  return cells < 1 ? '' : `${beginning(Array.from(text), cells - 1).join('')}…`;
}

/** The text, or its two ends around an ellipsis: names of models often differ in the last characters only. */
export function clipMiddle(text: string, cells: number): string {
  if (cellsOf(text) <= cells) return text;
  if (cells < 3) return clipEnd(text, cells);
  const characters = Array.from(text);
  const tail = beginning(characters.toReversed(), Math.floor((cells - 1) / 2)).toReversed();
  return `${beginning(characters, Math.ceil((cells - 1) / 2)).join('')}…${tail.join('')}`;
}

/** Words over as many lines as they need; the later ones are indented. A longer word has a line of its own. */
export function wrapWords(text: string, width: number, tone: Tone = 'plain'): Line[] {
  const rows: string[] = [];
  let row = '';
  for (const word of text.split(' ')) {
    const longer = row === '' ? word : `${row} ${word}`;
    if (row.trim() === '' || cellsOf(longer) <= width) {
      row = longer;
    } else {
      rows.push(row);
      row = `    ${word}`;
    }
  }
  return [...rows, row].map((words) => [{ text: words, tone }]);
}

// East Asian wide and fullwidth blocks (Unicode Standard Annex 11) and emoji.
const WIDE =
  /[\u{1100}-\u{115F}\u{2E80}-\u{303E}\u{3041}-\u{A4CF}\u{A960}-\u{A97F}\u{AC00}-\u{D7A3}\u{F900}-\u{FAFF}\u{FE10}-\u{FE19}\u{FE30}-\u{FE6F}\u{FF00}-\u{FF60}\u{FFE0}-\u{FFE6}\u{16FE0}-\u{18DFF}\u{1AFF0}-\u{1B2FF}\u{1F200}-\u{1F2FF}\u{20000}-\u{3FFFD}\p{Emoji_Presentation}\p{Extended_Pictographic}]/u;

function beginning(characters: readonly string[], cells: number): readonly string[] {
  let used = 0;
  const end = characters.findIndex((character) => (used += cellsOf(character)) > cells);
  return end === -1 ? characters : characters.slice(0, end);
}

// Only the 16-colour palette: the reader's terminal theme decides how it looks.
const SGR = { plain: null, dim: 2, bold: 1, ok: 32, warn: 33, block: 31 } as const;

function coloured(text: string, tone: Tone): string {
  const code = SGR[tone];
  return code === null || text === '' ? text : `\u001B[${code}m${text}\u001B[0m`;
}
