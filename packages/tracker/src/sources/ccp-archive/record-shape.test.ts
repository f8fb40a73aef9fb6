import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsed } from './json-fragments.ts';
import { recordShapes } from './record-shape.ts';
import { judgeRecord } from './usage-record.ts';

const KINDS = { early: 'early stream lines', other: 'other requests', decision: 'decision lines' };

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
  fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: fc.constantFrom(...now) });
/** Two lines of one order of fields, with values of their own. */
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
    fc.stringMatching(/^[ a-z]*$/),
    fc.string(),
    fc.double({ noNaN: true }),
    fc.boolean(),
    fc.constant(null),
  ),
};
const ordered = fc.shuffledSubarray(Object.keys(value), { minLength: 6 }).chain((names) => {
  const one = fc
    .tuple(...names.map((name) => value[name] ?? fc.constant(null)))
    .map((values) => `{${names.map((name, at) => `"${name}":${JSON.stringify(values[at])}`).join(',')}}`);
  return fc.tuple(one, one);
});

test('what is read of a line without parsing it is what parsing gives', () => {
  const met = new Map<string, number>();
  fc.assert(
    fc.property(lines, (line) => {
      const text = `${line}\n`;
      const shapes = recordShapes();
      shapes.learn(text, 0, line.length);
      const record = shapes.read(text, 0);
      met.set(record?.kind ?? 'unsure', (met.get(record?.kind ?? 'unsure') ?? 0) + 1);
      if (record === null) return;
      expect(record.next).toBe(text.length);
      const judged = judgeRecord(parsed(line));
      if (record.kind !== 'turn') {
        expect(judged).toEqual({ kind: 'passed', why: KINDS[record.kind] });
        return;
      }
      const { ts, rid, model, inputTokens, outputTokens } = record;
      const key = `${rid}@${Math.floor(ts * 1000)}`;
      if (judged.kind !== 'turn') throw new Error(judged.why);
      const { details: _details, ...turn } = judged.turn;
      expect({ key, ts, model, inputTokens, outputTokens }).toEqual(turn);
    }),
    { numRuns: 5_000 },
  );
  // The test saw each of them.
  expect([...met.keys()].toSorted()).toEqual(['decision', 'early', 'other', 'turn', 'unsure']);
});

test('an order learned of one line reads another line of it as parsing does', () => {
  let read = 0;
  fc.assert(
    fc.property(ordered, ([first, second]) => {
      const shapes = recordShapes();
      shapes.learn(`${first}\n`, 0, first.length);
      const record = shapes.read(`${second}\n`, 0);
      if (record === null) return;
      read += 1;
      const judged = judgeRecord(parsed(second));
      if (record.kind !== 'turn') expect(judged).toEqual({ kind: 'passed', why: KINDS[record.kind] });
      else if (judged.kind === 'turn') {
        const { ts, model, inputTokens, outputTokens } = record;
        expect(judged.turn).toMatchObject({ ts, model, inputTokens, outputTokens });
        expect(judged.turn.details().sample.rid).toBe(record.rid);
      } else throw new Error(judged.why);
    }),
    { numRuns: 5_000 },
  );
  expect(read).toBeGreaterThan(500);
});

test('older writers say in_tokens and out_tokens', () => {
  const text = '{"ts":1700000000.5,"rid":"a1","model":"glm-4.6","status":200,"in_tokens":7,"out_tokens":3}\n';
  const shapes = recordShapes();
  shapes.learn(text, 0, text.length - 1);
  expect(shapes.read(text, 0)).toMatchObject({ kind: 'turn', inputTokens: 7, outputTokens: 3, ts: 1_700_000_000.5 });
});
