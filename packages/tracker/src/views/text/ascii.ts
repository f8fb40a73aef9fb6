import type { Charset } from './line.ts';
import { cellsOf } from './cells.ts';

// One cell for one cell, so that nothing moves.
const GLYPHS: Readonly<Record<string, string>> = {
  '█': '=',
  '▓': '#',
  '╱': '/',
  '░': '/',
  '·': '.',
  '│': '|',
  '┆': ':',
  '●': '+',
  '○': 'o',
  '▲': '!',
  '■': 'X',
  '▸': '>',
  '→': '>',
  '↑': '^',
  '↓': 'v',
  '…': '~',
  '–': '-',
  '−': '-',
  '±': '~',
  '─': '-',
  '✓': 'v',
  '✗': 'x',
  '▁': '_',
  '▂': '.',
  '▃': ':',
  '▄': '-',
  '▅': '=',
  '▆': '+',
  '▇': '*',
};

/** The text in ASCII, as many cells wide. What has no likeness, such as a letter of a name, is a question mark. */
export function toAscii(text: string): string {
  return text.replaceAll(/[^\u0020-\u007E]/gu, (glyph) => GLYPHS[glyph] ?? '?'.repeat(cellsOf(glyph)));
}

/** What a terminal can show, by its locale (POSIX: LC_ALL before LC_CTYPE before LANG). Where none is set most can. */
export function charsetOf(env: Readonly<Record<string, string | undefined>>): Charset {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return locale === '' || /utf-?8/i.test(locale) ? 'unicode' : 'ascii';
}
