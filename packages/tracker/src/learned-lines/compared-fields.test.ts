import { expect, test } from 'vitest';
import { LENGTH_MASK, lineScanner } from './line-scanner.ts';
import type { FieldRule, LineRules, LineScanner } from './line-scanner.ts';

const rulesOf = (compared?: FieldRule['compared']): LineRules => ({
  fields: {
    n: { value: 'count', take: 'number' },
    id: { value: 'any', take: 'bytes', ...(compared !== undefined && { compared }) },
  },
  others: 'any',
});
const line = (id: string | number, n = 1): string => `{"n":${n},"id":${JSON.stringify(id)}}`;

/** Rows of the lines that were read; others are learned. */
function read(scanner: LineScanner, lines: readonly string[]): string[] {
  const { rows, block } = scanner;
  const end = block.write(`${lines.join('\n')}\n`, 0, 'latin1');
  const found: string[] = [];
  for (let at = 0; at < end;) {
    const count = scanner.scan(at, end);
    for (let row = 0; row < count; row += 1) {
      const cell = rows.first + row * rows.stride + rows.cellOf('id');
      const from = rows.offsetAt(row);
      found.push(block.toString('latin1', from, block.indexOf('\n', from)));
      const { id } = JSON.parse(found.at(-1) ?? '') as { readonly id: string | number };
      expect(rows.textAt(cell)).toBe(String(id));
    }
    at = scanner.stop;
    if (count > 0) continue;
    const lineEnd = block.indexOf('\n', at);
    scanner.learn(at, lineEnd + 1);
    at = lineEnd + 1;
  }
  return found;
}

test('a value is compared until another one is met', () => {
  const scanner = lineScanner(rulesOf());
  expect(read(scanner, [line('a'), line('a'), line('b'), line('c')])).toEqual([line('a'), line('c')]);
});

test('one that is always compared is learned value by value', () => {
  const scanner = lineScanner(rulesOf('always'));
  const lines = [line('a'), line('a'), line('b', 2), line('c'), line('b', 2), line('a'), line(7), line(7)];
  expect(read(scanner, lines)).toEqual([line('a'), line('b', 2), line('a'), line(7)]);
  // What varies in lines of one value is still compared in those of another.
  expect(read(scanner, [line('b', 3), line('b', 4), line('a', 5)])).toEqual([line('b', 4)]);
});

test('one that is never compared is read from the second line on, where it stands', () => {
  const scanner = lineScanner(rulesOf('never'));
  expect(read(scanner, [line('a'), line('b'), line('a')])).toEqual([line('b'), line('a')]);
  const { rows, block } = scanner;
  const lines = [line('long text'), line('a'), line('')];
  const end = block.write(`${lines.join('\n')}\n`, 0, 'latin1');
  expect(scanner.scan(0, end)).toBe(3);
  const places = [0, 1, 2].map((row) => {
    const cell = rows.first + row * rows.stride + rows.cellOf('id');
    const from = (rows.words[cell] ?? 0) - block.byteOffset;
    return block.toString('latin1', from, from + ((rows.words[cell + 1] ?? 0) & LENGTH_MASK));
  });
  expect(places).toEqual(['long text', 'a', '']);
});
