import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsed } from './json-fragments.ts';
import { numberIn } from './number-in.ts';
import { PASSED } from './archive-turn.ts';
import type { Judged } from './archive-turn.ts';
import { PlainLines } from './plain-lines.ts';
import { judgeRecord } from './usage-record.ts';

interface MetTurn {
  readonly kind: 'turn';
  readonly line: string;
  readonly rid: string;
  readonly ts: number;
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}
type Met =
  | MetTurn
  | { readonly kind: 'passed'; readonly line: string; readonly why: string }
  | { readonly kind: 'odd' | 'empty'; readonly line: string };

/** What is found in lines, in their order. They are read in the block of the reader, or from other bytes. */
function metIn(lines: readonly string[], { plain = new PlainLines(), where = 'block' } = {}): Met[] {
  const met: Met[] = [];
  const text = Buffer.from(`${lines.join('\n')}\n`);
  const bytes = where === 'block' ? plain.block.subarray(7, 7 + text.copy(plain.block, 7)) : text;
  const between = (from: number, to: number): string => text.toString('utf8', from, to);
  plain.read(bytes, 0, bytes.length, {
    plainTurn({ from, to, ridFrom, ridTo, tsFrom, tsTo, ...turn }) {
      const ts = numberIn(text, tsFrom, tsTo);
      met.push({ kind: 'turn', line: between(from, to), rid: between(ridFrom, ridTo), ts, ...turn });
    },
    plainPassed: (why) => met.push({ kind: 'passed', line: lines[met.length] ?? '', why: PASSED[why] ?? '' }),
    oddLine(from, to) {
      met.push({ kind: 'odd', line: between(from, to) });
      return judgeRecord(parsed(between(from, to))).kind !== 'bad';
    },
    emptyLine: () => met.push({ kind: 'empty', line: '' }),
  });
  return met;
}

/** What the parser makes of the same line. */
function expectLongWay(met: Met | undefined): void {
  if (met?.kind !== 'turn' && met?.kind !== 'passed') return;
  const judged: Judged = judgeRecord(parsed(met.line));
  if (met.kind === 'passed') return expect(judged).toEqual({ kind: 'passed', why: met.why });
  if (judged.kind !== 'turn') throw new Error(`${met.line} is no turn`);
  const { line: _line, kind: _kind, rid, ...turn } = met;
  const { details, key, ...expected } = judged.turn;
  expect(turn).toEqual(expected);
  expect(rid).toBe(details().sample.rid);
  expect(`${rid}@${Math.floor(turn.ts * 1000)}`).toBe(key);
}

/** Text of a member as a program would write it, and now and then as it would not. */
const member = fc.oneof(
  fc.constantFrom('"event":"decision"', '"event":"completion"', '"reason":"streaming"', '"reason":"ok"', '"status":-1'),
  fc.constantFrom('"op":"stream"', '"op":"count_tokens"', '"op":"models"', '"ended":"pending"', '"ended":"complete"'),
  fc.constantFrom(
    '"in_tokens":5',
    '"input_tokens":1e3',
    '"input_tokens":-4',
    '"output_tokens":"7"',
    '"output_tokens":0.5',
  ),
  fc.constantFrom(
    '"rid":""',
    '"rid":"a\\"b"',
    '"model":"modèle"',
    '"model":null',
    '"rid":7',
    '"ts":0',
    '"ts":1e9',
    '"status":007',
  ),
  fc.constantFrom(
    '"t\\u0073":5',
    '"x":{"status":-1}',
    '"x":[1,"}"]',
    '"x":tru',
    '"x":-',
    '"x":1.',
    '"x":true',
    '"x":null',
  ),
  fc
    .tuple(fc.constantFrom('seq', 'latency_ms', 'rolling_used_tokens'), fc.double({ noNaN: true }))
    .map(([k, v]) => `"${k}":${v}`),
  fc.tuple(fc.constantFrom('lane', 'upstream', 'note'), fc.string()).map(([k, v]) => `"${k}":${JSON.stringify(v)}`),
);
const moment = fc.oneof(
  fc.double({ min: 1e9, max: 2e9, noNaN: true }),
  fc.integer({ min: 1, max: 2e9 }).map((ts) => ts + 0.155261),
);
const usual = fc
  .record({ ts: moment, rid: fc.stringMatching(/^[0-9a-f]{8}$/), status: fc.constantFrom(200, 429, 0), n: fc.nat(1e6) })
  .map(({ ts, rid, status, n }) => [
    ...[`"ts":${ts}`, `"rid":"${rid}"`, '"model":"glm-4.6"', `"status":${status}`],
    ...[`"input_tokens":${n}`, '"output_tokens":3'],
  ]);
const lines = fc
  .tuple(usual, fc.array(member, { maxLength: 3 }), fc.constantFrom(',', ',', ', '), fc.nat(), fc.nat(20))
  .chain(([always, more, comma, at, cut]) =>
    fc.shuffledSubarray([...always, ...more], { minLength: 1 }).map((members) => {
      const text = `{${members.join(comma)}}`;
      // Now and then some bytes are missing from the middle, as where a torn line was gone on with.
      return cut > 5 ? text : `${text.slice(0, at % text.length)}${text.slice((at % text.length) + cut)}`;
    }),
  );

const mostly = (usual: fc.Arbitrary<unknown>, ...now: readonly unknown[]): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 60, arbitrary: usual }, { weight: 1, arbitrary: fc.constantFrom(...now) });
/** Lines of one order of fields, with values of their own. */
const value: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  ts: mostly(moment, 0, -1, '1', 1e11),
  rid: mostly(fc.stringMatching(/^[0-9a-f]{8}$/), '', null),
  model: mostly(fc.constantFrom('glm-4.6', 'claude-haiku-4-5'), ''),
  status: mostly(fc.constantFrom(200, 429, 0, -1), -2, 2.5, null),
  event: fc.constantFrom('completion', 'decision', null, 7),
  reason: fc.constantFrom('ok', 'streaming', '', null),
  ended: fc.constantFrom('complete', 'pending', null),
  op: fc.constantFrom('stream', 'count_tokens', 'models', null),
  input_tokens: mostly(fc.nat(1e6), 0.5, -4, 1e16, '7'),
  output_tokens: fc.nat(1e6),
  in_tokens: fc.nat(9),
  note: fc.oneof(
    { weight: 20, arbitrary: fc.stringMatching(/^[ a-z]*$/) },
    { weight: 20, arbitrary: fc.double({ noNaN: true }) },
    { weight: 10, arbitrary: fc.constantFrom(true, false, null) },
    fc.string(),
  ),
};
const NEEDED = ['ts', 'rid', 'model', 'status'];
const more = Object.keys(value).filter((name) => !NEEDED.includes(name));
const orders = fc
  .subarray(more)
  .chain((some) => fc.shuffledSubarray([...NEEDED, ...some], { minLength: 3 + some.length }));
const ordered = orders.chain((names) => {
  const one = fc
    .tuple(...names.map((name) => value[name] ?? fc.constant(null)))
    .map((values) => `{${names.map((name, at) => `"${name}":${JSON.stringify(values[at])}`).join(',')}}`);
  return fc.array(one, { minLength: 2, maxLength: 60, size: 'max' });
});

const PLAIN = '"ts":1700000000.5,"rid":"a1b2c3d4","model":"glm-4.6","status":200';
/** One of each kind, so that none is met by luck alone. */
const ONE_OF_EACH: [string][] = [
  [`{${PLAIN},"output_tokens":3}`],
  [`{${PLAIN},"event":"decision"}`],
  [`{${PLAIN},"reason":"streaming"}`],
  [`{${PLAIN},"op":"models"}`],
  [`{${PLAIN},"x":tru}`],
];

test('what is read of a line without parsing it is what parsing gives', () => {
  const kinds = new Map<string, number>();
  fc.assert(
    fc.property(lines, (line) => {
      const [first, second, none] = metIn([line, line]);
      expect([first?.kind, first?.line, second?.line, none]).toEqual(['odd', line, line, undefined]);
      const kind = second?.kind === 'passed' ? second.why : (second?.kind ?? '');
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      expectLongWay(second);
    }),
    { numRuns: 2_000, examples: ONE_OF_EACH },
  );
  // The test saw each of them.
  expect([...kinds.keys()].toSorted()).toEqual([
    'decision lines',
    'early stream lines',
    'odd',
    'other requests',
    'turn',
  ]);
});

test('what is learned of one line reads others of its order as parsing does', () => {
  let read = 0;
  fc.assert(
    fc.property(ordered, fc.constantFrom('block', 'elsewhere'), (all, where) => {
      const met = metIn(all, { where });
      expect(met.map(({ line }) => line)).toEqual(all);
      for (const one of met) expectLongWay(one);
      read += met.filter(({ kind }) => kind !== 'odd').length;
    }),
    { numRuns: 500 },
  );
  expect(read).toBeGreaterThan(3_000);
});

test('a byte that is changed, taken out or put in leaves the line to the parser, or says what the parser says', () => {
  const usual = `{"ts":1700000000.5,"rid":"a1b2","model":"glm-4.6","status":200,"event":"completion","input_tokens":7,"n":null}`;
  const plain = new PlainLines();
  expect(metIn([usual, usual.replace('a1b2', 'c3d4')], { plain }).map(({ kind }) => kind)).toEqual(['odd', 'turn']);
  for (let at = 0; at < usual.length; at += 1)
    for (const byte of ['', ...'"\\,:{}[]0-.e\0 é'.split('')])
      for (const to of [at, at + 1]) {
        const [met] = metIn([`${usual.slice(0, at)}${byte}${usual.slice(to)}`], { plain });
        expectLongWay(met);
      }
});

test('older writers say in_tokens and out_tokens', () => {
  const line = '{"ts":1700000000.5,"rid":"a1","model":"glm-4.6","status":200,"in_tokens":7,"out_tokens":3}';
  expect(metIn([line, line])[1]).toMatchObject({ kind: 'turn', inputTokens: 7, outputTokens: 3, ts: 1_700_000_000.5 });
});

test('a log of other orders than the ones before is learned all the same', () => {
  const plain = new PlainLines();
  const orders = Array.from({ length: 40 }, (_, n) => `{"ts":5,"rid":"a","model":"m","status":200,"field_${n}":1}`);
  const plainOf = (lines: readonly string[]): number =>
    metIn(lines, { plain }).filter(({ kind }) => kind === 'turn').length;
  plainOf(orders);
  plain.begin();
  expect(plainOf([...orders.slice(30, 40), ...orders.slice(30, 40)])).toBe(10);
});
