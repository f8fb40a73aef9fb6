import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CELL, lineScanner } from './line-scanner.ts';
import type { LineRules, LineScanner } from './line-scanner.ts';
import { textHasher } from './text-hasher.ts';
import type { Seeds } from './text-hasher.ts';

const SEEDS: Seeds = [0x9e3779b1, 7];
const RULES: LineRules = {
  fields: {
    at: { value: 'time', take: 'number' },
    id: { value: 'text', take: 'hash', orNull: true, needed: true },
    'turn.model': { value: 'text', take: 'hash' },
    'turn.tokens': { value: 'count', take: 'number' },
    'turn.ts': { value: 'amount', take: 'number' },
    gap: { value: 'number', take: 'number', orNull: true },
    share: { value: 'share', orNull: true },
    status: { value: 'whole', take: 'number' },
    known: { value: 'flag', take: 'bytes' },
    lane: { value: 'text' },
  },
  others: 'fixed',
  echoes: { shares: 'turn.model' },
};
const ANY: LineRules = { ...RULES, others: 'any' };

type Value = string | number | boolean | null | undefined | readonly [high: number, low: number];
type Row = Readonly<Record<string, Value>>;

const hasher = textHasher(SEEDS);

/** What a parser finds where the rules take something; null: a value is not what its rule wants. */
function parsed(line: string, { fields, echoes = {}, others }: LineRules, learned: ReadonlySet<string>): Row | null {
  const value = JSON.parse(line) as object;
  const row: Record<string, Value> = {};
  for (const [path, found] of leavesOf(value, '')) {
    const rule = fields[path];
    if (rule !== undefined) {
      if (!keeps(rule.value, found) && !(rule.orNull === true && found === null)) return null;
      if (rule.take !== undefined) row[path] = rule.value === 'time' ? Date.parse(found as string) : found;
      if (rule.take === 'hash' && typeof found === 'string') {
        hasher.hash(found);
        row[`${path}#`] = [hasher.high, hasher.low];
      }
    } else if (others === 'fixed' && !(path.split('.')[0]! in echoes) && !learned.has(`${path}=${String(found)}`))
      return null;
  }
  for (const [path, field] of Object.entries(echoes)) {
    const names = Object.keys((value as Record<string, object>)[path] ?? {});
    if (names.some((name) => name !== row[field])) return null;
  }
  return row;
}

function* leavesOf(value: object, path: string): Generator<[string, Value]> {
  for (const [name, inner] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`;
    if (typeof inner === 'object' && inner !== null) yield* leavesOf(inner as object, at);
    else yield [at, inner as Value];
  }
}

function keeps(rule: LineRules['fields'][string]['value'], value: Value): boolean {
  if (rule === 'any') return true;
  if (rule === 'flag') return typeof value === 'boolean';
  if (rule === 'text') return typeof value === 'string';
  if (rule === 'time') {
    const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
    return !Number.isNaN(ms) && new Date(ms).toISOString() === value;
  }
  if (typeof value !== 'number') return false;
  if (rule === 'number') return true;
  if (rule === 'whole') return Number.isInteger(value);
  if (rule === 'count') return Number.isInteger(value) && value >= 0;
  if (rule === 'moment') return value >= 0 && value < 1e12;
  return value >= 0 && (rule === 'amount' || value <= 1);
}

/** What the row of a scan says. */
function scanned({ rows }: LineScanner, nth: number, { fields }: LineRules): Row {
  const row: Record<string, Value> = {};
  for (const [path, { take, value }] of Object.entries(fields)) {
    if (take === undefined) continue;
    const cell = rows.first + nth * rows.stride + rows.cellOf(path);
    const kind = rows.kindAt(cell);
    if (kind === CELL.absent) continue;
    const text = rows.textAt(cell);
    const number = rows.numbers[cell / 2 + 1];
    if (value === 'time') row[path] = number;
    else if (kind === CELL.text) row[path] = text;
    else row[path] = kind === CELL.number && take === 'number' ? number : (JSON.parse(text) as Value);
    if (take === 'hash' && kind === CELL.text) row[`${path}#`] = [rows.words[cell + 3] ?? 0, rows.words[cell + 2] ?? 0];
  }
  return row;
}

/** A scanner, and what was learned of others than the rules name. */
function trained(rules: LineRules, lines: readonly string[]): { scanner: LineScanner; learned: Set<string> } {
  const scanner = lineScanner(rules, SEEDS);
  const learned = new Set<string>();
  for (const line of lines) {
    const bytes = scanner.block.write(`${line}\n`, 0, 'latin1');
    for (const [path, value] of leavesOf(JSON.parse(line) as object, '')) learned.add(`${path}=${String(value)}`);
    if (scanner.scan(0, bytes) === 0) scanner.learn(0, bytes);
  }
  return { scanner, learned };
}

/** What a scan finds in one line; null: it leaves it to the parser. */
function shortWay(scanner: LineScanner, line: string, rules: LineRules): Row | null {
  const bytes = scanner.block.write(`${line}\n`, 0, 'latin1');
  return scanner.scan(0, bytes) === 1 && scanner.stop === bytes ? scanned(scanner, 0, rules) : null;
}

const texts = fc.oneof(fc.constantFrom('', 'glm-4.6', ' ~', '}{",'.replaceAll('"', "'")), fc.string({ maxLength: 70 }));
const numbers = fc.oneof(
  fc.nat(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.nat().map((value) => value / 1000),
  fc.constantFrom(0, -0, 1, 0.1, 0.3, 1e15, 2 ** 53, 1e22, 1e-7, 5e-324, 0.1 + 0.2, 1 / 3),
);
const times = fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
const values = fc.record(
  {
    kind: fc.constantFrom('turn', 'turn', 'turn', 'other'),
    at: times.map((date) => date.toISOString()),
    id: fc.option(texts),
    gap: fc.option(numbers),
    share: fc.constantFrom(null, 0, 1, 0.5, 1.5),
    status: fc.oneof(fc.integer(), numbers),
    known: fc.boolean(),
    lane: texts,
    more: fc.constantFrom({}, { a: 1 }, { b: { c: 'x' } }, [1]),
  },
  { requiredKeys: ['kind'] },
);
const lines = fc
  .tuple(
    values,
    fc.record({ model: texts, tokens: fc.nat(), ts: numbers }, { requiredKeys: ['model'] }),
    fc.boolean(),
    fc.constantFrom(1, 1, 1, 0.5),
  )
  .map(([row, turn, isEchoed, share]) =>
    JSON.stringify({ ...row, turn, ...(isEchoed && { shares: { [turn.model]: share } }) }),
  );

test.each([
  ['others fixed', RULES],
  ['others any', ANY],
])('what is read short is what a parser finds, each value by its rule: %s', (_what, rules) => {
  let short = 0;
  fc.assert(
    fc.property(fc.array(lines, { minLength: 2, maxLength: 6 }), fc.array(lines, { maxLength: 6 }), (first, then) => {
      const { scanner, learned } = trained(rules, first);
      for (const line of [...first, ...then]) {
        const found = shortWay(scanner, line, rules);
        if (found === null) continue;
        short += 1;
        expect(found).toEqual(parsed(line, rules, learned));
      }
    }),
    { numRuns: 400 },
  );
  expect(short).toBeGreaterThan(100);
});

const line = (over: object = {}, turn: object = {}): string =>
  JSON.stringify({
    kind: 'turn',
    at: '2030-01-02T03:04:05.678Z',
    id: 'req_011C0000',
    turn: { model: 'glm-4.6', tokens: 100, ts: 1_893_456_005.25, ...turn },
    gap: -1.5,
    share: 0.25,
    status: 200,
    known: true,
    lane: 'zai',
    shares: { [(turn as { model?: string }).model ?? 'glm-4.6']: 1 },
    note: 'as it was',
    ...over,
  });
const FIRST = [
  line(),
  line(
    { at: '2031-11-12T13:14:15.000Z', id: null, gap: null, share: null, status: -1, known: false, lane: '' },
    { model: 'claude-haiku-4-5', tokens: 0, ts: 0 },
  ),
  line({ id: 'x', gap: 12, share: 1 }, { model: 'm' }),
];

test('a byte that is changed, taken out or put in leaves the line to the parser, or says what the parser says', () => {
  const bytes = [...Buffer.from('"\\{}[],:0123456789.-+eE tfn~Z')];
  for (const rules of [RULES, ANY]) {
    const { scanner, learned } = trained(rules, FIRST);
    let short = 0;
    for (const whole of FIRST) {
      expect(shortWay(scanner, whole, rules)).toEqual(parsed(whole, rules, learned));
      for (let at = 0; at <= whole.length; at += 1) {
        const changed = [...bytes, 0, 9, 13, 31, 127, 128, 255].flatMap((byte) => [
          whole.slice(0, at) + String.fromCharCode(byte) + whole.slice(at + 1),
          whole.slice(0, at) + String.fromCharCode(byte) + whole.slice(at),
        ]);
        for (const one of [...changed, whole.slice(0, at) + whole.slice(at + 1), whole.slice(0, at)]) {
          const found = shortWay(scanner, one, rules);
          if (found === null) continue;
          short += 1;
          expect(found).toEqual(parsed(one, rules, learned));
        }
      }
    }
    expect(short).toBeGreaterThan(1000);
  }
});

test('a line is never read beyond the end that is told, whatever stands behind it', () => {
  const { scanner } = trained(RULES, FIRST);
  const [whole = ''] = FIRST;
  for (let cut = 0; cut <= whole.length; cut += 1) {
    scanner.block.write(`${whole}\n`, 0, 'latin1');
    expect([scanner.scan(0, cut), scanner.stop]).toEqual([0, 0]);
  }
});

test('lines are found wherever they stand in the block, up to its last byte', () => {
  const { scanner, learned } = trained(RULES, FIRST);
  const text = FIRST.map((one) => `${one}\n`).join('');
  const expected = FIRST.map((one) => parsed(one, RULES, learned));
  const room = scanner.block.length - text.length;
  for (const at of [
    ...Array.from({ length: 70 }, (_, nth) => nth),
    ...Array.from({ length: 70 }, (_, nth) => room - nth),
  ]) {
    scanner.block.fill('x').write(text, at, 'latin1');
    expect([scanner.scan(at, at + text.length), scanner.stop]).toEqual([FIRST.length, at + text.length]);
    expect(FIRST.map((_, nth) => scanned(scanner, nth, RULES))).toEqual(expected);
    expect(scanner.rows.offsetAt(1)).toBe(at + (FIRST[0]?.length ?? 0) + 1);
  }
});

test('a scan stops where the lines are others, and goes on behind them', () => {
  const { scanner } = trained(RULES, FIRST);
  const odd = line({ lane: 'ü' });
  const bytes = scanner.block.write(`${FIRST[0]}\n${odd}\n\n${FIRST[1]}\n`, 0, 'latin1');
  expect(scanner.scan(0, bytes)).toBe(1);
  const oddEnd = scanner.stop + odd.length + 1;
  expect(scanner.scan(scanner.stop, bytes)).toBe(0);
  scanner.learn(scanner.stop, oddEnd);
  expect(scanner.scan(oddEnd, bytes)).toBe(0);
  expect([scanner.scan(oddEnd + 1, bytes), scanner.stop]).toEqual([1, bytes]);
});

test('more lines than there is room for rows are read by several scans', () => {
  const { scanner } = trained({ fields: { a: { value: 'count', take: 'number' } }, others: 'any' }, [
    '{"a":1}',
    '{"a":2}',
  ]);
  const text = Array.from({ length: 10_000 }, (_, nth) => `{"a":${nth}}\n`).join('');
  const bytes = scanner.block.write(text, 0, 'latin1');
  const found: number[] = [];
  for (let at = 0; at < bytes; at = scanner.stop) {
    const rows = scanner.scan(at, bytes);
    expect(rows).toBeGreaterThan(0);
    for (let nth = 0; nth < rows; nth += 1) {
      const { first, stride, numbers: all } = scanner.rows;
      found.push(all[(first + nth * stride + scanner.rows.cellOf('a')) / 2 + 1] ?? -1);
    }
  }
  expect(found).toEqual(Array.from({ length: 10_000 }, (_, nth) => nth));
});

test.each([
  ['01', null],
  ['1.', null],
  ['.5', null],
  ['-', null],
  ['+1', null],
  ['1e5', null],
  ['0x1', null],
  ['1_0', null],
  ['tru', null],
  ['trux', null],
  ['nul', null],
  ['nulx', null],
  ['NaN', null],
  ['null', null],
  ['true', null],
  ['false', null],
  // As many digits as 64 bits can't hold, which would be few again if they were let run over.
  ['0.18446744073709551617', null],
  ['18446.74407370955161700', null],
  ['""', null],
  ['{}', null],
  ['9007199254740993', null],
  ['1234567890123456', null],
  ['0.12345678901234567891', null],
  ['0.30000000000000004', null],
  ['-0', -0],
  ['0', 0],
  ['0.0', 0],
  ['999999999999999', 999_999_999_999_999],
  ['900719925474099.2', Number('900719925474099.2')],
  ['0.1', 0.1],
  ['-123.456', -123.456],
  ['0.000000000000001', 1e-15],
])('of %s a number is made as a parser would, or none', (text, expected) => {
  const rules: LineRules = { fields: { n: { value: 'number', take: 'number' } }, others: 'fixed' };
  const { scanner } = trained(rules, ['{"n":1}', '{"n":2}']);
  const found = shortWay(scanner, `{"n":${text}}`, rules);
  if (expected === null) expect(found).toBe(null);
  else expect(found).toEqual({ n: expected });
});

test.each([
  ['text', '"x"', ['1', 'true', 'null']],
  ['flag', 'true', ['1', '"true"', 'null', 'tru', 'falsy', 'trues']],
  ['time', '"2030-01-01T00:00:00.000Z"', ['1', '"x"', 'null', 'true']],
  ['whole', '-5', ['1.5', '"1"', 'null', 'true', '1e2']],
  ['count', '5', ['-5', '0.5', 'null', 'true']],
  ['amount', '0.5', ['-0.5', '"1"', 'null']],
  ['moment', '999999999999.5', ['-1', '1000000000000', '8640000000001.5', '"1"', 'null']],
  ['share', '0.5', ['1.5', '2', '-1', '1.0', 'null']],
] as const)('a value that is no %s is left to the parser', (value, good, bad) => {
  const first =
    value === 'flag' ? 'false' : value === 'time' ? '"2031-01-01T00:00:00.000Z"' : value === 'text' ? '""' : '1';
  const rules: LineRules = { fields: { v: { value } }, others: 'fixed' };
  const { scanner } = trained(
    rules,
    [first, good].map((one) => `{"v":${one}}`),
  );
  expect(shortWay(scanner, `{"v":${good}}`, rules)).toEqual({});
  for (const one of bad) expect([one, shortWay(scanner, `{"v":${one}}`, rules)]).toEqual([one, null]);
});

test('a number that is not taken may be any a parser takes, where anything goes', () => {
  const rules: LineRules = { fields: { n: { value: 'count', take: 'number' } }, others: 'any' };
  const { scanner } = trained(rules, ['{"n":1,"x":1}', '{"n":2,"x":null}']);
  for (const text of [
    '1e5',
    '-1.5E-300',
    '1e+5',
    '123456789012345678901234567890',
    '0.30000000000000004',
    '"x"',
    'false',
  ]) {
    expect(shortWay(scanner, `{"n":3,"x":${text}}`, rules)).toEqual({ n: 3 });
  }
  for (const text of ['1e', '1e+', '01', '1.e5', '-', 'fals', 'falsy', '{}', '[]', '"\\n"', ''])
    expect(shortWay(scanner, `{"n":3,"x":${text}}`, rules)).toBe(null);
});

test.each([
  ['2030-02-28T00:00:00.000Z', true],
  ['2030-02-29T00:00:00.000Z', false],
  ['2028-02-29T23:59:59.999Z', true],
  ['2100-02-29T00:00:00.000Z', false],
  ['2000-02-29T00:00:00.000Z', true],
  ['0000-02-29T00:00:00.000Z', true],
  ['2030-04-31T00:00:00.000Z', false],
  ['2030-00-01T00:00:00.000Z', false],
  ['2030-13-01T00:00:00.000Z', false],
  ['2030-01-00T00:00:00.000Z', false],
  ['2030-01-01T24:00:00.000Z', false],
  ['2030-01-01T00:60:00.000Z', false],
  ['2030-12-31T23:59:60.000Z', false],
  ['2030-01-01T00:00:00.00Z', false],
  ['2030-01-01T00:00:00.0000Z', false],
  ['2030-01-01 00:00:00.000Z', false],
  ['2030-01-01T00:00:00.000z', false],
  ['2030-01-01T00:00:00,000Z', false],
  ['2030-01-01T0:000:00.000Z', false],
  ['203a-01-01T00:00:00.000Z', false],
])('%s as a time: %s', (text, isTime) => {
  const { scanner } = trained(RULES, FIRST);
  const found = shortWay(scanner, line({ at: text }), RULES);
  if (isTime) expect(found?.['at']).toBe(Date.parse(text));
  else expect(found).toBe(null);
});

test('every day of four hundred years is the day a Date says', () => {
  const rules: LineRules = { fields: { at: { value: 'time', take: 'number' } }, others: 'fixed' };
  const { scanner } = trained(rules, ['{"at":"2030-01-01T00:00:00.000Z"}', '{"at":"2031-01-01T00:00:00.000Z"}']);
  const days = Array.from({ length: 402 * 366 }, (_, nth) => Date.UTC(1899, 0) + nth * 86_400_000);
  const others = days.filter((ms) => shortWay(scanner, `{"at":"${new Date(ms).toISOString()}"}`, rules)?.['at'] !== ms);
  expect(others).toEqual([]);
});

test('what is no plain object of distinct names is never learned', () => {
  const odd = [
    '{"n":1,"n":2}',
    '{"n":1, "x":2}',
    '{"n":1,"x":{"y":1,"y":2}}',
    '{"n":1,"x":[1]}',
    '{"n":1,"x":"\\n"}',
    '{"n":1,"x.y":1}',
    '{"n":1,"":1}',
    '{"x":1}',
    '{"n":"1"}',
    '{"n":1}\r',
    '[1]',
    '1',
    `{"n":1,"x":"${'x'.repeat(5000)}"}`,
  ];
  const rules: LineRules = { fields: { n: { value: 'count', take: 'number', needed: true } }, others: 'any' };
  for (const one of odd) expect([one, shortWay(trained(rules, [one, one]).scanner, one, rules)]).toEqual([one, null]);
});

test('a file of many orders is learned as far as there are templates', () => {
  const rules: LineRules = { fields: { n: { value: 'count', take: 'number' } }, others: 'any' };
  const orders = Array.from({ length: 40 }, (_, nth) => `{"n":${nth},"x${nth}":1}`);
  const { scanner } = trained(rules, orders);
  const known = orders.filter((one) => shortWay(scanner, one, rules) !== null);
  expect(known).toEqual(orders.slice(0, 16));
});

test('fields may come and go and be of other kinds', () => {
  const { scanner, learned } = trained(ANY, FIRST);
  const others = [
    '{"id":"only"}',
    '{"known":true,"id":null}',
    '{"id":"b","gap":null,"lane":"x"}',
    '{"id":"c","gap":1.5,"lane":"y"}',
    '{"known":false,"id":"d"}',
  ];
  for (const one of [...others, ...others]) {
    const bytes = scanner.block.write(`${one}\n`, 0, 'latin1');
    if (scanner.scan(0, bytes) === 0) scanner.learn(0, bytes);
  }
  for (const one of [...others, ...FIRST].toReversed())
    expect([one, shortWay(scanner, one, ANY)]).toEqual([one, parsed(one, ANY, learned)]);
});

test('a name is only taken for a text that stands before it', () => {
  const rules: LineRules = {
    fields: { m: { value: 'text', take: 'bytes' } },
    others: 'fixed',
    echoes: { s: 'm' },
  };
  const { scanner } = trained(rules, ['{"m":"a","s":{"a":1}}', '{"m":"b","s":{"b":1}}', '{"s":{"c":1},"m":"c"}']);
  expect(shortWay(scanner, '{"m":"long-name","s":{"long-name":1}}', rules)).toEqual({ m: 'long-name' });
  for (const one of ['{"m":"a","s":{"b":1}}', '{"m":"a","s":{"a":2}}', '{"m":"a","s":{"":1}}', '{"s":{"c":1},"m":"c"}'])
    expect(shortWay(scanner, one, rules)).toBe(null);
});
