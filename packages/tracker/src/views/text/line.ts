import { toAscii } from './ascii.ts';
import { printable } from '../../printable.ts';
import { cellsOf, clipEnd } from './cells.ts';

/** How a piece of text stands out. Colour only repeats what a word or a symbol already says. */
export type Tone = 'plain' | 'dim' | 'bold' | 'accent' | 'ok' | 'warn' | 'block';

export interface Span {
  readonly text: string;
  readonly tone?: Tone;
}

export type Line = readonly Span[];

/** What the terminal can show; `ascii` where its locale is not UTF-8. */
export type Charset = 'unicode' | 'ascii';

export const BLANK: Line = [];

/** The line as text for a terminal: printable, at most `width` cells, with colours if wanted. */
export function renderLine(line: Line, width: number, colour: boolean, charset: Charset = 'unicode'): string {
  let left = width;
  let text = '';
  for (const span of line) {
    const clipped = clipEnd(printable(span.text), left);
    const shown = charset === 'ascii' ? toAscii(clipped) : clipped;
    left -= cellsOf(shown);
    text += colour ? coloured(shown, span.tone ?? 'plain') : shown;
    if (left <= 0) break;
  }
  return colour ? text : text.trimEnd();
}

export function lineCells(line: Line): number {
  return line.reduce((sum, span) => sum + cellsOf(span.text), 0);
}

/** Words over as many lines as they need, each starting with `indent` blanks. A longer word is cut into pieces. */
export function wrapWords(text: string, width: number, { indent = 0, tone = 'plain' as Tone } = {}): Line[] {
  const room = Math.max(1, width - indent);
  const rows: string[] = [];
  let row = '';
  for (const word of text.split(' ').flatMap((long) => pieces(long, room))) {
    const longer = row === '' ? word : `${row} ${word}`;
    if (cellsOf(longer) <= room) {
      row = longer;
    } else {
      rows.push(row);
      row = word;
    }
  }
  return [...rows, row].map((words) => [{ text: ' '.repeat(indent) + words, tone }]);
}

/** The text in pieces of at most `cells` cells. */
export function pieces(text: string, cells: number): string[] {
  const found: string[] = [];
  let piece = '';
  for (const character of text) {
    if (piece !== '' && cellsOf(piece + character) > cells) {
      found.push(piece);
      piece = '';
    }
    piece += character;
  }
  return [...found, piece];
}

// Only the 16-colour palette: the reader's terminal theme decides how it looks.
const SGR = { plain: null, dim: 2, bold: 1, accent: 36, ok: 32, warn: 33, block: 31 } as const;

function coloured(text: string, tone: Tone): string {
  const code = SGR[tone];
  return code === null || text === '' ? text : `\u001B[${code}m${text}\u001B[0m`;
}
