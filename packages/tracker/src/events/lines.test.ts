import { closeSync, openSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../testing/temp-dir.ts';
import { linesForward, linesFromEnd, MAX_LINE_BYTES } from './lines.ts';

/** What both directions find: where a line starts, and its first bytes or that it is too long. */
function read(text: Buffer): { readonly forward: string[]; readonly backward: string[] } {
  using dir = tempDir();
  const file = join(dir.path, 'any.jsonl');
  writeFileSync(file, text);
  const fd = openSync(file, 'r');
  const { size } = statSync(file);
  const shown = ({ bytes, offset, tooLong }: { bytes: Buffer; offset: number; tooLong: boolean }): string =>
    `${offset} ${tooLong ? 'too long' : bytes.toString('latin1', 0, 3)}`;
  const forward = [...linesForward(fd, { from: 0, to: size })];
  const backward = [...linesFromEnd(fd, size)].map(shown).toReversed();
  closeSync(fd);
  expect(forward.map(({ line }) => line)).toEqual(forward.map((_, nth) => nth + 1));
  expect(forward.map(({ next }) => next)).toEqual([...forward.slice(1).map(({ offset }) => offset), null]);
  return { forward: forward.map(shown), backward };
}

test.each([-1, 0, 1, 600_000, MAX_LINE_BYTES + 1])(
  'a line of the limit and %d bytes is read, or passed over whole, from both ends',
  (more) => {
    const length = MAX_LINE_BYTES + more;
    const what = more > 0 ? 'too long' : 'xxx';
    const text = Buffer.concat([Buffer.from('a\n'), Buffer.alloc(length, 'x'), Buffer.from('\nb')]);
    const expected = ['0 a', `2 ${what}`, `${length + 3} b`];
    expect(read(text)).toEqual({ forward: expected, backward: expected });
    const last = [`0 a`, `2 ${what}`];
    expect(read(text.subarray(0, -2))).toEqual({ forward: last, backward: last });
    expect(read(text.subarray(2, -2))).toEqual({ forward: [`0 ${what}`], backward: [`0 ${what}`] });
  },
);

test('a carriage return before the line feed is no part of a line', () => {
  expect(read(Buffer.from('a\r\nb\rc\r'))).toEqual({ forward: ['0 a', '3 b\rc'], backward: ['0 a', '3 b\rc'] });
});
