import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { factsAt, newestMs } from '../rollups/summary/packed-turns.ts';
import { factsOf } from '../rollups/summary/turn-facts.ts';
import type { TurnFacts } from '../rollups/summary/turn-facts.ts';
import { arbitraryRow } from '../testing/arbitrary-rows.ts';
import { sampleAt } from '../testing/samples.ts';
import { layoutOf } from './journal-files.ts';
import { turnOfLog } from './log-turn-event.ts';
import { newOwnTurns } from './own-turns.ts';
import type { OwnTurns } from './own-turns.ts';
import { readLine } from './read-line.ts';
import { rowFamilies } from './row-families.ts';
import type { RowOf } from './row-families.ts';
import { lineOf } from './stamp.ts';
import { turnOfArchive, turnOfSample } from './turn-event.ts';

const LAYOUT = layoutOf('windows.jsonl');

function written(row: object): Buffer {
  const line = lineOf('windows.jsonl', rowFamilies.turn, row);
  if (!line.ok) throw new Error(line.problem.message);
  return line.value;
}

interface Said {
  readonly facts: TurnFacts | null;
  readonly capturedMs: number;
}

/** What JSON and the contract find; null: no valid turn. */
function longWay(line: Buffer): Said | null {
  const read = readLine<RowOf<'turn'>>(line.subarray(0, line.length - 1), LAYOUT);
  if (!read.ok || read.value.row.kind !== 'turn') return null;
  const { row } = read.value;
  // The share of its one model is the whole turn.
  const facts = factsOf(row);
  const isWhole = JSON.stringify(facts?.attribution) === JSON.stringify({ [row.turn.model]: 1 });
  return {
    facts: facts !== null && isWhole ? { ...facts, attribution: null } : facts,
    capturedMs: Date.parse(row.captured_at ?? ''),
  };
}

/** What a scan finds; null: the line is left to JSON and the contract. */
function shortWay(own: OwnTurns, line: Buffer): Said | null {
  const { scanner } = own;
  line.copy(scanner.block);
  if (scanner.scan(0, line.length) !== 1 || scanner.stop !== line.length) return null;
  const packed = own.packed(1, 0);
  return { facts: factsAt(packed, 0), capturedMs: newestMs(packed) };
}

/** One that has learned these lines. */
function trained(lines: readonly Buffer[]): OwnTurns {
  const own = newOwnTurns([1, 2]);
  for (const line of lines) learn(own, line);
  return own;
}

function learn(own: OwnTurns, line: Buffer): void {
  const found = readLine(line.subarray(0, line.length - 1), LAYOUT);
  line.copy(own.scanner.block);
  if (found.ok && own.scanner.scan(0, line.length) === 0) own.learn(found.value, 0, line.length);
}

const over = fc.record(
  {
    model: fc.constantFrom('glm-4.6', '', 'a b', 'claude-haiku-4-5'),
    ts: fc.oneof(
      fc.integer({ min: 0, max: 4e9 }),
      fc.integer({ min: 0, max: 4e12 }).map((ms) => ms / 1000),
    ),
    ttft_ms: fc.constantFrom(null, 1, 0.25),
    stream_s: fc.constantFrom(1.5, 0),
    request_id: fc.constantFrom(null, '', 'req_01'),
    session_id: fc.constantFrom(null, '', 's'),
    cache_write_tokens: fc.nat(),
    input_tokens: fc.nat(),
    ended: fc.constantFrom('complete', 'truncated'),
    usage_known: fc.boolean(),
  },
  { requiredKeys: ['model'] },
);
/** Which of these fields are there makes another order: few programs have more than sixteen. */
const decided = fc.record({
  warn_pct_auto: fc.constantFrom(null, 0, 0.85, 1),
  gap_seconds_p50: fc.constantFrom(null, -1.5, 3),
  gap_samples: fc.constantFrom(0, 4),
});
const turns = fc
  .tuple(over, decided, fc.integer({ min: 0, max: 4e9 }), fc.nat())
  .map(([some, decision, capturedTs, nth]) =>
    written(turnOfSample(sampleAt(nth, { ...some, ...decision }), capturedTs + 0.5)),
  );

test('turns of the shim, of logs and of archives are read the short way, and say the same the long way', () => {
  const log = { key: 'k', source: 'claude-log', ts: 5, sessionId: 's', agent: '', model: 'm', requestId: 'r' };
  const tokens = { inputTokens: 1, outputTokens: 2, cacheWrite5mTokens: 3, cacheWrite1hTokens: 4, cacheReadTokens: 5 };
  const ofLog = (some: object): Buffer =>
    written(turnOfLog({ ...log, ...tokens, ...some } as Parameters<typeof turnOfLog>[0], 1_893_456_000));
  const ofArchive = (nth: number): Buffer =>
    written(turnOfArchive({ sample: sampleAt(nth), decision: { preferred_attempt: nth % 2 === 0 } }, 1_893_456_000));
  const own = trained([
    ...[0, 1].map((nth) => written(turnOfSample(sampleAt(nth), 1_893_456_000 + nth))),
    ...[ofLog({}), ofLog({ key: 'other', requestId: null, cacheWrite1hTokens: 0 })],
    ...[ofArchive(0), ofArchive(1)],
  ]);
  const lines = [
    written(turnOfSample(sampleAt(900, { model: 'glm-4.6', ttft_ms: null }), 1_950_000_000)),
    ofLog({ key: 'again', model: 'another', cacheWrite1hTokens: 4, source: 'codex-log' }),
    ofArchive(6),
  ];
  for (const line of lines) {
    learn(own, line);
    expect(shortWay(own, line)).not.toBe(null);
    expect(shortWay(own, line)).toEqual(longWay(line));
  }
  expect(shortWay(own, lines[1]!)).toMatchObject({ facts: { id: 'r', cacheWrite: 7, cacheWrite1h: 4, cacheRead: 5 } });
});

test('any fields may be left out: once such turns were learned they are read the short way', () => {
  fc.assert(
    fc.property(fc.array(turns, { minLength: 1, maxLength: 12 }), (lines) => {
      // Twice: what a later line loosens the earlier ones have too.
      const own = trained([...lines, ...lines]);
      for (const line of lines) {
        expect(shortWay(own, line)).not.toBe(null);
        expect(shortWay(own, line)).toEqual(longWay(line));
      }
    }),
    { numRuns: 150 },
  );
});

test('what is read the short way is valid, and says the same the long way; damaged rows and others are left to it', () => {
  const damages = fc.array(
    fc.tuple(
      fc.nat(900),
      fc.constantFrom(-1, ...Buffer.from('"\\,{}:0123456789.-eE+ntrue\n\r\u0000\u00ff ', 'latin1')),
    ),
    { minLength: 1, maxLength: 3 },
  );
  let short = 0;
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 3, arbitrary: turns }, arbitraryRow('turn').map(written)), { minLength: 3 }),
      damages,
      (lines, many) => {
        const own = trained(lines);
        for (const line of lines) {
          let damaged = Buffer.from(line);
          for (const [at, byte] of many) {
            const place = at % (damaged.length - 1);
            if (byte === -1) damaged = Buffer.concat([damaged.subarray(0, place), damaged.subarray(place + 1)]);
            else damaged[place] = byte;
          }
          for (const bytes of [line, damaged]) {
            const found = shortWay(own, bytes);
            if (found === null) continue;
            short += 1;
            expect(found).toEqual(longWay(bytes));
          }
        }
      },
    ),
    { numRuns: 300 },
  );
  expect(short).toBeGreaterThan(300);
});

test('a byte of a turn that is changed, taken out or put in makes it another turn, or one for the long way', () => {
  const line = written(turnOfSample(sampleAt(5, { request_id: 'req_1', warn_pct_auto: 0.5, gap_seconds_p50: -1 }), 9));
  const own = trained([
    line,
    written(turnOfSample(sampleAt(77, { request_id: null, warn_pct_auto: 1, gap_seconds_p50: 2.5 }), 1e9)),
    written(
      turnOfSample(
        sampleAt(8, { model: 'm', ended: 'x', usage_known: false, warn_pct_auto: null, gap_seconds_p50: null }),
        3,
      ),
    ),
  ]);
  let short = 0;
  const bytes = [...Buffer.from('"\\{}[],:0129.-+eE tfn~Z\u0000\t\r\u001f\u007f\u0080\u00ff', 'latin1')];
  for (let at = 0; at < line.length - 1; at += 1) {
    const [before, after] = [line.subarray(0, at), line.subarray(at + 1)];
    const others = bytes.flatMap((byte) => [
      Buffer.concat([before, Buffer.of(byte), after]),
      Buffer.concat([before, Buffer.of(byte), line.subarray(at)]),
    ]);
    for (const one of [...others, Buffer.concat([before, after]), Buffer.concat([before, Buffer.from('\n')])]) {
      const found = shortWay(own, one);
      if (found === null) continue;
      short += 1;
      const long = longWay(one);
      if (JSON.stringify(found) !== JSON.stringify(long)) expect([one.toString('latin1'), found]).toEqual([0, long]);
    }
  }
  expect(short).toBeGreaterThan(1000);
});

test.each([
  ['a share of another model', { attribution: { 'claude-haiku-4-5': 1 } }],
  ['a share of a half', { attribution: { 'claude-sonnet-4-5': 0.5 } }],
  ['two shares', { attribution: { 'claude-sonnet-4-5': 1, m: 0 } }],
  ['no shares', { attribution: {} }],
  ['capacity', { capacity_used: 1 }],
])('a turn with %s is left to the long way, before and after it was met', (_what, turn) => {
  const row = turnOfSample(sampleAt(1), 1_893_456_000);
  const odd = written({ ...row, turn: { ...row.turn, ...turn } });
  const own = trained([written(row), written(turnOfSample(sampleAt(2), 5))]);
  for (const _once of [1, 2, 3]) {
    expect(shortWay(own, odd)).toBe(null);
    learn(own, odd);
  }
  expect(shortWay(own, written(turnOfSample(sampleAt(3), 7)))).not.toBe(null);
});
