import { closeSync, openSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { tempDir } from '../testing/temp-dir.ts';
import { chunksOf, MAX_LINE_BYTES } from './lines.ts';
import type { Chunk, Span } from './lines.ts';
import { passingChunks } from './passing-chunks.ts';

/** Lines as a way of reading finds them, whatever the chunks they come in. */
function linesBy(read: (fd: number, span: Span) => Iterable<Chunk>, text: Buffer, from = 0): readonly string[] {
  using dir = tempDir();
  const file = join(dir.path, 'any.jsonl');
  writeFileSync(file, text);
  const fd = openSync(file, 'r');
  const found: string[] = [];
  for (const { data, offset, tooLong, ended } of read(fd, { from, to: statSync(file).size })) {
    if (tooLong > 0) found.push(`${offset}: too long, ${tooLong}${ended ? '' : ', open'}`);
    let at = offset + tooLong;
    for (const line of data.toString('latin1').split(/(?<=\n)/)) {
      if (line !== '') found.push(`${at}: ${line.length} ${line.slice(0, 3)}${line.endsWith('\n') ? '' : ', open'}`);
      at += line.length;
    }
    expect(ended).toBe(found.at(-1)?.endsWith('open') === false);
  }
  closeSync(fd);
  return found;
}

test('the block that is used again gives the lines that new blocks give', () => {
  const lengths = fc.oneof(fc.nat(300), fc.constantFrom(65_534, 65_535, 65_536, 65_537, 131_072, 300_000));
  fc.assert(
    fc.property(fc.array(lengths, { maxLength: 6 }), fc.boolean(), fc.nat(5), (many, ends, from) => {
      const text = Buffer.from(many.map((length, nth) => String(nth).repeat(length)).join('\n') + (ends ? '\n' : ''));
      expect(linesBy(passingChunks, text, from)).toEqual(linesBy(chunksOf, text, from));
    }),
    { numRuns: 40 },
  );
});

test.each(['\nb\nc\n', ''])('a line beyond the limit is passed over whole, with %j behind it', (rest) => {
  const text = Buffer.concat([Buffer.from('a\n'), Buffer.alloc(MAX_LINE_BYTES + 200_000, 'x'), Buffer.from(rest)]);
  expect(linesBy(passingChunks, text)).toEqual(linesBy(chunksOf, text));
});
