import { expect, test } from 'vitest';
import { paneLines } from './clean.ts';

test.each([
  ['colours', '\u001b[1;32m82%\u001b[0m used', ['82% used']],
  ['a title and a link', '\u001b]0;a title\u0007x \u001b]8;;https://example.com\u001b\\y\u001b]8;;\u001b\\', ['x y']],
  ['an unfinished title ends with its line', '\u001b]0;title\n82% used', ['', '82% used']],
  ['the cursor moved on', '82%\u001b[1Cused\u001b[3Cso', ['82% used   so']],
  ['the cursor put elsewhere', '8\u001b[5G2% used', ['8', '2% used']],
  ['an unfinished sequence keeps digits apart', '8\u001b\n2%', ['8\uFFFD', '2%']],
  ['a sequence nobody sends', '8\u001b2%', ['8\uFFFD%']],
  ['modes', '\u001b[?25l\u001b[?2026hx\u001b[?25h\u001b7\u001b8\u001b(B', ['x']],
  ['eight-bit sequences', '\u009b32mx\u009b0m', ['x']],
  ['CR LF', 'a\r\nb\r\r\nc', ['a', 'b', 'c']],
  ['CR alone', 'a\rb', ['a', 'b']],
  ['printed over', '12% used\r 9% used\nx', ['9% used', 'x']],
  ['printed over in part', '82% used\r9\nx', ['9', 'x']],
  ['erased', '82% used\u001b[2K\nx', ['', 'x']],
  ['erased and printed again', '82% used\r\u001b[K9% used\u001b[K\nx', ['9% used', 'x']],
  ['frames', '╭──╮\n│ a │\n│ b |\n╰──╯', ['', 'a', 'b', '']],
  ['bars', '[██▌░░] ▏ ⣿⡀ 5%', ['[     ]      5%']],
  ['digits of other scripts', '٨٢٪ ۸۲ ８２％ ८२ 1٫5', ['82% 82 82% 82 1.5']],
  ['digits nobody mapped stay strangers', '𝟠2%', ['𝟠2%']],
  ['spaces and marks without width', '8\u200b2%\u00a0us\u00aded\u202fx', ['82% used x']],
  ['a control between digits', '8\u00012%', ['8\uFFFD2%']],
  ['a byte order mark', '\uFEFFa', ['a']],
])('%s', (_what, text, lines) => {
  expect(paneLines(text)).toEqual(lines);
});

test('panes side by side come one after the other', () => {
  const lines = paneLines(['a │ 1', 'b │ 2', '  │ 3', 'c', 'd │ 4'].join('\n')).filter((line) => /\w/.test(line));
  expect(lines).toEqual(['a', 'b', 'c', 'd', '1', '2', '3', '4']);
});
