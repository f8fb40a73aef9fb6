import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { layoutOf } from '../../events/journal-files.ts';
import { loadLearner } from '../../events/learner.ts';
import { tailRows } from '../../events/tail-rows.ts';
import { turnOfSample } from '../../events/turn-event.ts';
import { sampleAt } from '../../testing/samples.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import { PRICES } from '../cost/price-map.ts';
import { turnCollector } from '../report/turn-collector.ts';
import { factsAt } from './packed-turns.ts';
import type { PackedTurns } from './packed-turns.ts';
import { progressOf } from './progress-of.ts';
import { summaryFold } from './summary-fold.ts';
import type { SummaryFold } from './summary-fold.ts';
import { summaryOfFold } from './summary-of.ts';
import type { TurnFacts } from './turn-facts.ts';

beforeAll(loadLearner);

interface Told {
  readonly exchange: number | null;
  readonly source: string;
  readonly model: string;
  readonly session: string;
  readonly ts: number;
  readonly input: number;
  readonly cacheRead: number | undefined;
}

const tolds: fc.Arbitrary<Told> = fc.record({
  exchange: fc.option(fc.nat(30), { nil: null }),
  source: fc.constantFrom('shim', 'shim', 'shim', 'backfill', 'ccp-archive', 'api', 'codex-log', ''),
  model: fc.constantFrom('claude-haiku-4-5', 'claude-sonnet-4-5', 'glm-4.6', 'made-up', '__proto__', ''),
  session: fc.constantFrom('', 's-1', 's-2', 'a session with a longer name than most'),
  ts: fc.oneof(
    fc.integer({ min: 1_893_456_000, max: 1_893_700_000 }),
    fc.integer({ min: 0, max: 4e9 }).map((ms) => ms / 2),
  ),
  input: fc.constantFrom(0, 1, 250_000, 2 ** 38, 2 ** 38 + 1, 999_999_999_999_999),
  cacheRead: fc.constantFrom(undefined, 0, 7, 300_000),
});

/** So long that a few hundred rows are worth learning from. */
const LONG = 'e'.repeat(3000);

function lineOf(told: Told, nth: number, epoch = LONG): string {
  const sample = sampleAt(nth, {
    model: told.model,
    session_id: told.session,
    ts: told.ts,
    input_tokens: told.input,
    request_id: told.exchange === null ? null : `req_${told.exchange}`,
    cache_read_tokens: told.cacheRead ?? 0,
    epoch,
  });
  const { turn, ...row } = turnOfSample(sample, 1_893_456_000 + nth);
  const { cache_read_tokens: _cache, ...fewer } = turn ?? {};
  const of = told.cacheRead === undefined ? fewer : turn;
  return `${JSON.stringify({ schema_version: '1', tool_version: '1', ...row, source: told.source, turn: of })}\n`;
}

/** Reads turns by a scan; what a parser has to read goes the same way for both. */
function scanned(lines: readonly string[], take: (turns: PackedTurns) => void): number {
  using dir = tempDir();
  const path = join(dir.path, 'windows.jsonl');
  writeFileSync(path, lines.join(''));
  let packed = 0;
  tailRows({ path, layout: layoutOf('windows.jsonl') }, null, () => ({
    seeds: [5, 6],
    expect: () => undefined,
    turns(turns) {
      packed += turns.count;
      take(turns);
    },
    row: () => undefined,
    problem: ({ message }) => expect.fail(message),
  }));
  return packed;
}

function emptyFold(places: ReadonlyMap<number, TurnFacts>): SummaryFold {
  return summaryFold({ tz: 'America/New_York', seeds: [5, 6], recall: (place) => places.get(place)! });
}

function expectSameSums(lines: readonly string[]): void {
  const places = new Map<number, TurnFacts>();
  const [together, apart] = [emptyFold(places), emptyFold(places)];
  const packed = scanned(lines, (turns) => {
    for (let row = 0; row < turns.count; row += 1) places.set(turns.placeAt(row), factsAt(turns, row));
    for (let row = 0; row < turns.count; row += 1) apart.turn(factsAt(turns, row), turns.placeAt(row));
    together.turns(turns);
  });
  expect(packed).toBeGreaterThan(lines.length * 0.8);
  expect(together.known.takeRecords()).toEqual(apart.known.takeRecords());
  expect(summaryOfFold(together, PRICES)).toEqual(summaryOfFold(apart, PRICES));
  expect(progressOf(together, PRICES)).toEqual(progressOf(apart, PRICES));
}

test('turns that are added up together come to what they come to one by one', () => {
  fc.assert(
    fc.property(fc.array(tolds, { minLength: 10, maxLength: 30 }), fc.nat(7), (some, step) => {
      // Enough of them that the scan learns, in an order of their own.
      const lines = Array.from({ length: 400 }, (_, nth) =>
        lineOf({ ...some[(nth * (step + 1)) % some.length]!, ts: some[nth % some.length]!.ts + nth }, nth),
      );
      expectSameSums(lines);
    }),
    { numRuns: 40 },
  );
});

test('more models, days and sources than there is room for in one look', () => {
  const lines = Array.from({ length: 1800 }, (_, nth) =>
    lineOf(
      {
        exchange: null,
        source: nth % 3 === 0 ? 'shim' : `source ${nth % 400}`,
        model: `model ${nth % 1500}`,
        session: `s-${nth}`,
        ts: 1_893_456_000 + ((nth * 7) % 20) * 86_400,
        input: nth,
        cacheRead: nth,
      },
      nth,
      'e1',
    ),
  );
  expectSameSums(lines);
});

test('a report keeps the turns that it keeps one by one', () => {
  fc.assert(
    fc.property(fc.array(tolds, { minLength: 10, maxLength: 30 }), (some) => {
      const lines = Array.from({ length: 350 }, (_, nth) => lineOf(some[(nth * 3) % some.length]!, nth));
      const [together, apart] = [turnCollector([5, 6]), turnCollector([5, 6])];
      scanned(lines, (turns) => {
        together.addAll(turns);
        for (let row = 0; row < turns.count; row += 1) apart.add(factsAt(turns, row));
      });
      expect(together.turns()).toEqual(apart.turns());
    }),
    { numRuns: 30 },
  );
});
