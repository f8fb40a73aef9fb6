import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsed } from './json-fragments.ts';
import { DECISION, EARLY, newScan, OTHER, scanRecord, TURN, UNSURE } from './scan-record.ts';
import { judgeRecord } from './usage-record.ts';

const KINDS = { [EARLY]: 'early stream lines', [OTHER]: 'other requests', [DECISION]: 'decision lines' };

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

test('what is read of a line without parsing it is what parsing gives', () => {
  const scan = newScan();
  const met = [0, 0, 0, 0, 0];
  fc.assert(
    fc.property(lines, (text) => {
      const bytes = Buffer.from(`${text}\n`);
      const to = bytes.length - 1;
      if (bytes[0] !== 0x7b || bytes[to - 1] !== 0x7d) return;
      const kind = scanRecord(bytes, 0, to, scan);
      met[kind] = (met[kind] ?? 0) + 1;
      if (kind === UNSURE) return;
      const value = parsed(text);
      // Of a decision line no more than its status is read: behind that it may be damaged, or say another one.
      if (kind === DECISION && (value === undefined || text.split('"status"').length > 2)) return;
      const judged = judgeRecord(value);
      if (kind !== TURN) {
        expect(judged).toEqual({ kind: 'passed', why: KINDS[kind as keyof typeof KINDS] });
        return;
      }
      const { ts, inputTokens, outputTokens } = scan;
      const rid = bytes.toString('utf8', scan.ridStart, scan.ridEnd);
      const model = bytes.toString('utf8', scan.modelStart, scan.modelEnd);
      const key = `${rid}@${Math.floor(ts * 1000)}`;
      if (judged.kind !== 'turn') throw new Error(judged.why);
      const { details: _details, ...turn } = judged.turn;
      expect({ key, ts, model, inputTokens, outputTokens }).toEqual(turn);
    }),
    { numRuns: 5_000 },
  );
  // The test saw each of them.
  expect(met.every((count) => count > 0)).toBe(true);
});
