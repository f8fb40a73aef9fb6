/*
 * What a terminal would be showing, as far as it can be told without one: escape sequences are dropped, a line printed
 * over is what was printed last. Wherever the cursor jumps, a line break is put, so that figures never run together.
 */

// Unicode keeps these two for internal use; in a text they would only clear a line.
const ERASE_LINE = '\uFDD0';
const ERASE_REST = '\uFDD1';

// OSC and other strings end with BEL or ST; an unfinished one ends with its line. Then CSI, then two-character escapes.
const ESCAPES =
  // oxlint-disable-next-line no-control-regex
  /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c)?|(?:\u001b\[|\u009b)([0-?]*)[ -/]*([@-~]?)|\u001b[ -/]*([0-~]?)/g;

const MAX_FORWARD = 500;

/** Lines as they stood at the end. */
export function shownLines(text: string): string[] {
  // oxlint-disable-next-line no-control-regex
  const plain = /[\u001b\u0080-\u009f]/.test(text) ? text.replaceAll(ESCAPES, meaningOf) : text;
  // oxlint-disable-next-line no-control-regex
  const lines = plain.split(/\r*\n|[\u000b\u000c\u0085\u2028\u2029]/);
  // A text without a single line feed has its lines apart by carriage returns.
  if (lines.length === 1) return (lines[0] ?? '').split('\r').map(shownLine);
  return lines.map(shownLine);
}

function meaningOf(whole: string, parameters?: string, csi?: string, escape?: string): string {
  if (parameters === undefined) return ofEscape(whole, escape ?? '');
  switch (csi) {
    case 'C':
      return ' '.repeat(Math.min(Number.parseInt(parameters, 10) || 1, MAX_FORWARD));
    case 'K':
      return parameters === '' || parameters === '0' ? ERASE_REST : ERASE_LINE;
    case undefined:
    case '':
      return '\uFFFD';
    default:
      return 'ABDEFGHIJLMPSTXZ@`adefbsu'.includes(csi) ? '\n' : '';
  }
}

/** A string that ended, or a short escape. One that nobody sends may have eaten a digit. */
function ofEscape(whole: string, final: string): string {
  const isString = !whole.startsWith(ESC) || ']PX^_'.includes(whole.charAt(1) || ' ');
  if (isString) return '';
  if (final !== '' && 'DEMc'.includes(final)) return '\n';
  const isKnown = SHORT.has(whole.slice(1)) || CHARSET.test(whole.slice(1));
  return isKnown ? '' : '\uFFFD';
}

const ESC = '\u001b';
const SHORT: ReadonlySet<string> = new Set(['7', '8', '=', '>', 'H', 'N', 'O', 'Z', '\\']);
const CHARSET = /^(?:[()*+][AB0]|#[3-8]| [FG]|%[G@])$/;

/**
 * The last thing printed in a line. What an earlier, longer print left to the right of it is dropped: half of one
 * number and half of another are no number.
 */
function shownLine(line: string): string {
  if (!/[\r\uFDD0\uFDD1]/.test(line)) return line;
  let shown = '';
  for (const printed of line.split('\r')) {
    let current = '';
    for (const part of printed.split(/([\uFDD0\uFDD1])/)) {
      if (part === ERASE_LINE || (part === ERASE_REST && current === '')) {
        shown = '';
        current = '';
      } else if (part !== ERASE_REST) current += part;
    }
    if (current !== '') shown = current;
  }
  return shown;
}
