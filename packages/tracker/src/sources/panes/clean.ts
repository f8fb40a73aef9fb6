import { shownLines } from './terminal.ts';

/** Stands for any upright piece of a frame. */
const UPRIGHT = '│';

// What is no printable ASCII: mapped one by one.
const OTHER = /[^\u0020-\u007e]/gu;

/** Zeros of the digits printed by programs that follow the locale. */
const ZEROS = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50, 0xff10];

/**
 * The lines of a pane: no escape sequences, frames or bars, ASCII digits, trimmed; '' is a blank line or a bar alone.
 * What cannot be shown or understood becomes U+FFFD, so that it never disappears between two digits. Panes side by side
 * come one after the other.
 */
export function paneLines(text: string): string[] {
  const lines = shownLines(text.replace(/^\uFEFF/, '')).map((line) =>
    line.length > MAX_LINE_CHARS ? '\uFFFD' : line.replaceAll(OTHER, asciiOf),
  );
  const framed = lines.map((line) => withoutEdges(line));
  const sideBySide = framed.filter((line) => /[│|]/.test(line)).length >= 3;
  return sideBySide ? columnsApart(lines) : framed;
}

/** No screen is this wide. Patterns are tried on whole lines, so their length is bounded. */
const MAX_LINE_CHARS = 2000;

function asciiOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0x2500 && code <= 0x259f) return isUpright(code) ? UPRIGHT : ' ';
  // Squares and circles, braille: bars and spinners.
  if ((code >= 0x25a0 && code <= 0x25ff) || (code >= 0x2800 && code <= 0x28ff)) return ' ';
  const zero = ZEROS.find((start) => code >= start && code <= start + 9);
  if (zero !== undefined) return String(code - zero);
  if (code === 0x66a || code === 0xff05 || code === 0xfe6a) return '%';
  if (code === 0x66b || code === 0xff0e) return '.';
  if (code === 0x66c || code === 0xff0c || code === 0x60c) return ',';
  if (code === 0xff1a) return ':';
  if (code === 9 || /\p{Zs}/u.test(character)) return ' ';
  if (/\p{Cf}/u.test(character)) return '';
  return /\p{C}/u.test(character) ? '\uFFFD' : character;
}

/** Whether a box-drawing character reaches up or down in the middle; lines and dashes from left to right do not. */
function isUpright(code: number): boolean {
  if (code >= 0x2580) return false;
  const flat = [0x2500, 0x2501, 0x2504, 0x2505, 0x2508, 0x2509, 0x254c, 0x254d, 0x2550, 0x2574, 0x2576, 0x2578, 0x257a];
  return !flat.includes(code) && code !== 0x257c && code !== 0x257e;
}

function withoutEdges(line: string): string {
  let start = 0;
  let end = line.length;
  while (start < end && isEdge(line[start])) start += 1;
  while (end > start && isEdge(line[end - 1])) end -= 1;
  return line.slice(start, end);
}

function isEdge(character: string | undefined): boolean {
  return character === ' ' || character === UPRIGHT || character === '|';
}

const MAX_COLUMNS = 16;

function columnsApart(lines: readonly string[]): string[] {
  const columns: string[][] = [];
  for (const line of lines) {
    const parts = line.split(/[│|]/);
    while (columns.length < Math.min(parts.length, MAX_COLUMNS)) columns.push([]);
    for (const [index, column] of columns.entries()) column.push(parts[index]?.trim() ?? '');
  }
  return columns.flatMap((column) => [...column, '', BREAK, '']);
}

/** A line no meter reaches across. */
export const BREAK = '\u2016';
