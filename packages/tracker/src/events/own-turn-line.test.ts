import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { factsOf } from '../rollups/summary/turn-facts.ts';
import type { TurnFacts } from '../rollups/summary/turn-facts.ts';
import { arbitraryRow } from '../testing/arbitrary-rows.ts';
import { sampleAt } from '../testing/samples.ts';
import { layoutOf } from './journal-files.ts';
import { turnOfLog } from './log-turn-event.ts';
import { ownTurnAt } from './own-turn-line.ts';
import { readLine } from './read-line.ts';
import { rowFamilies } from './row-families.ts';
import type { RowOf } from './row-families.ts';
import { lineOf } from './stamp.ts';
import { turnOfSample } from './turn-event.ts';

const LAYOUT = layoutOf('windows.jsonl');

function written(row: object): Buffer {
  const line = lineOf('windows.jsonl', rowFamilies.turn, row);
  if (!line.ok) throw new Error(line.problem.message);
  return line.value;
}

/** What JSON and the contract find; null: no valid turn. */
function longWay(line: Buffer): { readonly facts: TurnFacts | null; readonly capturedAt: string | undefined } | null {
  const read = readLine<RowOf<'turn'>>(line.subarray(0, line.indexOf('\n')), LAYOUT);
  if (!read.ok || read.value.row.kind !== 'turn') return null;
  const { row } = read.value;
  // The share of its one model is the whole turn.
  const facts = factsOf(row);
  const isWhole = JSON.stringify(facts?.attribution) === JSON.stringify({ [row.turn.model]: 1 });
  return { facts: facts !== null && isWhole ? { ...facts, attribution: null } : facts, capturedAt: row.captured_at };
}

function shortWay(line: Buffer): ReturnType<typeof longWay> {
  const own = ownTurnAt(line.toString('latin1'), 0);
  return own === null ? null : { facts: own.facts, capturedAt: own.capturedAt };
}

const samples = fc
  .record(
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
      warn_pct_auto: fc.constantFrom(null, 0, 0.85, 1),
      gap_seconds_p50: fc.constantFrom(null, -1.5, 3),
      gap_samples: fc.constantFrom(0, 4),
      cache_write_tokens: fc.nat(),
      input_tokens: fc.nat(),
    },
    { requiredKeys: [] },
  )
  .map((over) => written(turnOfSample(sampleAt(3, over), 1_893_456_000.5)));

test('a turn of the shim and one of a log are read the short way, whatever they leave out', () => {
  fc.assert(
    fc.property(samples, (line) => {
      expect(shortWay(line)).not.toBe(null);
      expect(shortWay(line)).toEqual(longWay(line));
      expect(ownTurnAt(`x${line.toString('latin1')}`, 1)?.next).toBe(line.length + 1);
    }),
    { numRuns: 200 },
  );
  const log = { key: 'k', source: 'claude-log', ts: 5, sessionId: 's', agent: '', model: 'm', requestId: 'r' };
  const tokens = { inputTokens: 1, outputTokens: 2, cacheWrite5mTokens: 3, cacheWrite1hTokens: 4, cacheReadTokens: 5 };
  const line = written(turnOfLog({ ...log, ...tokens } as Parameters<typeof turnOfLog>[0], 1_893_456_000));
  expect(shortWay(line)).toMatchObject({ facts: { id: 'r', cacheWrite: 7, cacheWrite1h: 4, cacheRead: 5 } });
  expect(shortWay(line)).toEqual(longWay(line));
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
    fc.property(fc.oneof(samples, arbitraryRow('turn').map(written)), damages, (line, many) => {
      let damaged = Buffer.from(line);
      for (const [at, byte] of many) {
        const place = at % damaged.length;
        if (byte === -1) damaged = Buffer.concat([damaged.subarray(0, place), damaged.subarray(place + 1)]);
        else damaged[place] = byte;
      }
      for (const bytes of [line, damaged]) {
        const found = shortWay(bytes);
        if (found === null) continue;
        short += 1;
        expect(found).toEqual(longWay(bytes));
      }
    }),
    { numRuns: 800 },
  );
  expect(short).toBeGreaterThan(300);
});
