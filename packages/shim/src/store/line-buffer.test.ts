import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineBuffer } from './line-buffer.ts';

/** What one call writes. */
function written(write: (line: LineBuffer) => void): string {
  const line = new LineBuffer(Buffer.alloc(4));
  line.byte(0x3c);
  write(line);
  const { length } = line;
  return line.exchange(Buffer.alloc(0)).toString('utf8', 1, length);
}

const anyNumber = fc.oneof(
  fc.nat(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(...Array.from({ length: 12 }, (_, power) => [10 ** power - 1, 10 ** power]).flat()),
  fc.constantFrom(2 ** 31 - 1, 2 ** 31, 1e9 - 1, 1e9, 2 ** 53 - 1, 2 ** 53, 1e15, 1e21),
  fc.constantFrom(-1, -0, 0.1, 5e-324, NaN, Infinity, -Infinity),
);

describe('LineBuffer', () => {
  it('writes numbers as JSON has them', () => {
    const check = (value: number): void => {
      expect(written((line) => line.number(value))).toBe(JSON.stringify(value));
    };
    fc.assert(fc.property(anyNumber, check), { numRuns: 2_000 });
    expect(written((line) => line.number(null))).toBe('null');
  });

  it('writes times as JSON has them, of a clock of milliseconds and of any other', () => {
    const check = (value: number): void => {
      expect(written((line) => line.seconds(value))).toBe(JSON.stringify(value));
    };
    const ofMilliseconds = fc.integer({ min: 0, max: 4e12 }).map((ms) => ms / 1000);
    fc.assert(fc.property(fc.oneof(ofMilliseconds, anyNumber), check), { numRuns: 2_000 });
    for (const value of [1.5, 0.001, 0.999, 0.9996, 1764376000.1, 1764376000.12, 1764376000.123, 2 ** 31 - 0.001])
      check(value);
  });

  it('writes shares to the millionth', () => {
    const read = (value: number): number => Number(written((line) => line.share(value)));
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (value) => {
        expect(read(value)).toBe(Math.round(value * 1e6) / 1e6);
      }),
      { numRuns: 2_000 },
    );
    for (const [value, text] of [
      [0, '0'],
      [1, '1'],
      [0.5, '0.5'],
      [0.25, '0.25'],
      [1e-6, '0.000001'],
      [1e-9, '0'],
      [0.9999999, '1'],
      [0.120001, '0.120001'],
      [NaN, 'null'],
    ] as const)
      expect(written((line) => line.share(value))).toBe(text);
  });

  it('writes texts as JSON strings', () => {
    const check = (text: string): void => {
      expect(written((line) => line.quoted(text))).toBe(JSON.stringify(text));
    };
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), check), {
      numRuns: 1_000,
    });
    for (const text of ['', 'plain', 'a"b', 'a\\b', 'tab\t', 'line\n', '\u007f', 'é', '日本', '😀', '\ud800'])
      check(text);
    expect(written((line) => line.quoted(null))).toBe('null');
  });

  it('writes texts and bytes of any length as they are', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 120 })), (texts) => {
        const ends = texts.map((text, at) => (at % 2 === 0 ? text : Buffer.from(text)));
        const all = written((line) =>
          ends.forEach((one) => (typeof one === 'string' ? line.text(one) : line.bytes(one))),
        );
        expect(all).toBe(texts.join(''));
      }),
    );
  });

  it('repeats what was written, but not from a memory it has left', () => {
    const line = new LineBuffer(Buffer.alloc(8));
    line.text('head ');
    const from = line.length;
    line.text('shared ');
    const place = line.since(from);
    line.text('tail ');
    expect(line.repeat(place)).toBe(true);
    const { length } = line;
    expect(line.exchange(Buffer.alloc(8)).toString('utf8', 0, length)).toBe('head shared tail shared ');
    expect(line.repeat(place)).toBe(false);
    expect(line.length).toBe(0);
  });

  it('forgets what was written behind a length', () => {
    expect(
      written((line) => {
        line.text('kept');
        const { length } = line;
        line.text(' and not kept');
        const place = line.since(length);
        line.cut(length);
        line.text('.');
        expect(line.repeat(place)).toBe(false);
      }),
    ).toBe('kept.');
  });
});
