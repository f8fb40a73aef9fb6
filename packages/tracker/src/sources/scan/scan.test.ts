import { appendFileSync, mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../testing/temp-dir.ts';
import { openScan } from './scan.ts';
import type { Scan, ScanOptions, Ticked, TickOptions } from './scan.ts';

interface Told {
  readonly lines: readonly string[];
  readonly begun: number;
  readonly gone: number;
  readonly ticked: Ticked;
}

function scanOf(dir: string, options: Partial<ScanOptions> = {}): Scan {
  const accepts = (name: string): boolean => name.endsWith('.jsonl');
  return openScan({ roots: () => [dir], accepts, markers: ['"mark"'], ...options });
}

/** One tick: every line that has ended, as `number:text`. */
function tick(scan: Scan, options: TickOptions = {}): Told {
  const lines: string[] = [];
  const count = { begun: 0, gone: 0 };
  const ticked = scan.tick(
    {
      line: (_, { bytes, start, end, line, isEnded }) => {
        if (isEnded) lines.push(`${line}:${bytes.toString('latin1', start, end)}`);
        return null;
      },
      begins: () => (count.begun += 1),
      gone: () => (count.gone += 1),
    },
    options,
  );
  return { lines, ...count, ticked };
}

const again = (state: unknown): unknown => JSON.parse(JSON.stringify(state));

/** What a plain reader finds. */
function linesWithMark(bytes: Buffer): string[] {
  const lines = bytes.toString('latin1').split('\n').slice(0, -1);
  return lines.flatMap((text, index) => (text.includes('"mark"') ? [`${index + 1}:${text}`] : []));
}

const piece = fc.oneof(
  fc.constantFrom('{"mark":1}\n', '\n', '{}\r\n', '"mar', 'k"', '"mark"', '{"a":"', '"}\n', 'é→\n'),
  fc.integer({ min: 0, max: 200 }).map((length) => 'x'.repeat(length)),
);
const content = fc.oneof(
  fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join(''))),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);

test('however appends are split over ticks, chunks and restarts, each line with a marker is told once', () => {
  fc.assert(
    fc.property(
      content,
      fc.array(fc.nat(400), { maxLength: 8 }),
      fc.constantFrom(16, 64, 4096),
      fc.boolean(),
      (bytes, cuts, chunkBytes, restarts) => {
        using dir = tempDir();
        const file = join(dir.path, 'a.jsonl');
        writeFileSync(file, '');
        let scan = scanOf(dir.path, { chunkBytes });
        const lines: string[] = [];
        let read = 0;
        const ends = [...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].toSorted((a, b) => a - b);
        let from = 0;
        for (const to of ends) {
          appendFileSync(file, bytes.subarray(from, to));
          from = to;
          const told = tick(scan);
          lines.push(...told.lines);
          read += told.ticked.bytes;
          if (restarts) scan = scanOf(dir.path, { chunkBytes, state: again(scan.state()) });
        }
        expect(lines).toEqual(linesWithMark(bytes));
        expect(read).toBe(bytes.length);
        expect(tick(scan)).toMatchObject({ lines: [], begun: 0, ticked: { bytes: 0, lines: 0, problems: [] } });
      },
    ),
    { numRuns: 150 },
  );
});

test('a tick that stops at so many bytes goes on at the next', () => {
  using dir = tempDir();
  const text = '{"mark":1}\n'.repeat(100);
  for (const name of ['a', 'b', 'c']) writeFileSync(join(dir.path, `${name}.jsonl`), text);
  const scan = scanOf(dir.path, { chunkBytes: 64 });
  const seen: number[] = [];
  let more = true;
  while (more) {
    const told = tick(scan, { mostBytes: 500 });
    expect(told.ticked.bytes).toBeLessThan(500 + 64);
    seen.push(told.lines.length);
    more = told.ticked.more;
  }
  expect(seen.length).toBeGreaterThan(4);
  expect(seen.reduce((sum, count) => sum + count)).toBe(300);
});

describe('a file that is not what it was', () => {
  const one = '{"mark":1}\n';
  const two = '{"mark":2}\n';

  test.each([
    ['is cut short', (file: string) => truncateSync(file, 4), []],
    ['is cut and written again, longer', (file: string) => writeFileSync(file, two.repeat(3)), ['1', '2', '3']],
    ['is written again with the same size', (file: string) => writeFileSync(file, two.repeat(2)), ['1', '2']],
    ['is rotated away', (file: string) => (renameSync(file, `${file}.1`), writeFileSync(file, two)), ['1']],
    [
      'is moved and goes on',
      (file: string) => (renameSync(file, `${file}l.jsonl`), appendFileSync(`${file}l.jsonl`, two)),
      ['3'],
    ],
    ['has a line in a tail that grew', (file: string) => appendFileSync(file, `${two}{"ma`), ['3']],
  ])('%s', (_, change, numbers) => {
    using dir = tempDir();
    const file = join(dir.path, 'a.jsonl');
    writeFileSync(file, one.repeat(2));
    const scan = scanOf(dir.path);
    expect(tick(scan).lines).toHaveLength(2);
    change(file);
    expect(tick(scan).lines).toEqual(numbers.map((number) => `${number}:${two.trim()}`));
    expect(tick(scan)).toMatchObject({ lines: [], begun: 0, gone: 0 });
  });

  test('is gone: so it is told, and it is read anew when it comes back', () => {
    using dir = tempDir();
    const [file, away] = [join(dir.path, 'a.jsonl'), join(dir.path, 'a.away')];
    writeFileSync(file, one);
    const scan = scanOf(dir.path);
    tick(scan);
    renameSync(file, away);
    expect(tick(scan)).toMatchObject({ gone: 1, ticked: { files: 0 } });
    renameSync(away, file);
    expect(tick(scan)).toMatchObject({ begun: 1, lines: [`1:${one.trim()}`] });
  });
});

test('links are followed, circles end, one file under several names is read once, what is no file is left alone', () => {
  using dir = tempDir();
  using other = tempDir();
  mkdirSync(join(dir.path, 'p', 'folder.jsonl'), { recursive: true });
  mkdirSync(join(other.path, 'deep'));
  writeFileSync(join(other.path, 'deep', 'b.jsonl'), '{"mark":1}\n');
  writeFileSync(join(other.path, 'notes.txt'), '{"mark":1}\n');
  symlinkSync(dir.path, join(dir.path, 'p', 'up'));
  symlinkSync(other.path, join(dir.path, 'p', 'other'));
  symlinkSync(join(other.path, 'notes.txt'), join(dir.path, 'p', 'notes'));
  symlinkSync(join(other.path, 'deep', 'b.jsonl'), join(dir.path, 'p', 'b.jsonl'));
  symlinkSync('nowhere', join(dir.path, 'p', 'c.jsonl'));
  expect(tick(scanOf(dir.path))).toMatchObject({ lines: ['1:{"mark":1}'], ticked: { files: 1, problems: [] } });
});

test('what cannot be read is named once, for as long as it stands, and spoils nothing else', () => {
  using dir = tempDir();
  const loop = join(dir.path, 'a.jsonl');
  symlinkSync(loop, loop);
  writeFileSync(join(dir.path, 'b.jsonl'), '{"mark":1}\n');
  const scan = scanOf(dir.path);
  const first = tick(scan);
  expect(first.lines).toHaveLength(1);
  expect(first.ticked.problems).toMatchObject([
    { code: 'file-unreadable', file: loop, message: expect.stringContaining('ELOOP') },
  ]);
  expect(tick(scan).ticked.problems).toEqual([]);
});

test('a line of 64 MiB and one byte is passed over and named, one of 64 MiB is told; one without a marker is nothing', () => {
  using dir = tempDir();
  const file = join(dir.path, 'a.jsonl');
  const most = 64 * 1024 * 1024;
  const pad = Buffer.alloc(most, 'x');
  for (const size of [most, most + 1]) {
    appendFileSync(file, '"mark"');
    appendFileSync(file, pad.subarray(0, most - 6));
    appendFileSync(file, size > most ? 'x\n' : '\n');
  }
  appendFileSync(file, pad);
  appendFileSync(file, 'x\n"mark"\n');
  const lengths: number[] = [];
  const ticked = scanOf(dir.path).tick({
    line: (_, { start, end }) => (lengths.push(end - start), null),
    begins: () => undefined,
    gone: () => undefined,
  });
  expect(lengths).toEqual([most, 6]);
  expect(ticked).toMatchObject({ lines: 4, problems: [{ code: 'line-too-long', line: 2 }] });
});

test('a state that is none is begun anew', () => {
  using dir = tempDir();
  writeFileSync(join(dir.path, 'a.jsonl'), '{"mark":1}\n');
  const cursor = { id: 'x', offset: 9, scanned: 3, lines: 0, marked: false, tail: '', mtimeMs: 0 };
  for (const state of [null, 7, {}, { cursors: 'x' }, { cursors: [null, {}, cursor] }])
    expect(tick(scanOf(dir.path, { state })).lines).toHaveLength(1);
});
