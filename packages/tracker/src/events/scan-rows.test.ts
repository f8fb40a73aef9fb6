import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { factsAt } from '../rollups/summary/packed-turns.ts';
import { factsOf } from '../rollups/summary/turn-facts.ts';
import type { TurnFacts } from '../rollups/summary/turn-facts.ts';
import { arbitraryRows } from '../testing/arbitrary-rows.ts';
import { sampleAt } from '../testing/samples.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { layoutOf } from './journal-files.ts';
import { loadLearner } from './learner.ts';
import { readRows } from './read-rows.ts';
import { rowFamilies } from './row-families.ts';
import type { JournalRow } from './row-families.ts';
import { lineOf } from './stamp.ts';
import { tailRows } from './tail-rows.ts';
import { turnOfSample } from './turn-event.ts';

beforeAll(loadLearner);

type Told = readonly [place: number, said: string];

/** What a row says to whoever adds up turns; the share of its one model is the whole turn. */
function said(row: JournalRow): string {
  const facts = row.kind === 'turn' ? factsOf(row) : null;
  return facts === null ? JSON.stringify(row) : saidBy(facts);
}

function saidBy(facts: TurnFacts): string {
  const isWhole = JSON.stringify(facts.attribution) === JSON.stringify({ [facts.model]: 1 });
  return JSON.stringify(isWhole ? { ...facts, attribution: null } : facts);
}

interface Read {
  readonly told: readonly Told[];
  readonly problems: readonly string[];
  /** Turns that were told packed. */
  readonly packed: number;
}

function byScan(path: string): Read {
  let told: Told[] = [];
  let problems: string[] = [];
  let packed = 0;
  const tailed = tailRows({ path, layout: layoutOf('windows.jsonl') }, null, () => {
    [told, problems, packed] = [[], [], 0];
    return {
      seeds: [3, 4],
      expect: () => undefined,
      turns(turns) {
        packed += turns.count;
        for (let row = 0; row < turns.count; row += 1) told.push([turns.placeAt(row), saidBy(factsAt(turns, row))]);
      },
      row: (row, place) => void told.push([place, said(row)]),
      problem: ({ message }) => void problems.push(message),
    };
  });
  expect(tailed).toMatchObject({ ok: true });
  return { told, problems, packed };
}

function byRows(path: string): Omit<Read, 'packed'> {
  const told: Told[] = [];
  const problems: string[] = [];
  for (const found of readRows({ path, layout: layoutOf('windows.jsonl') })) {
    if (found.ok) told.push([found.value.span.from, said(found.value.row)]);
    else problems.push(found.problem.message);
  }
  return { told, problems };
}

function expectSame(text: string | Buffer): number {
  using dir = tempDir();
  const path = join(dir.path, 'windows.jsonl');
  writeFileSync(path, text);
  const { packed, ...read } = byScan(path);
  expect(read).toEqual(byRows(path));
  return packed;
}

/** So long that a few hundred rows are worth learning from. */
const EPOCH = 'e'.repeat(3000);
const VERSIONS = { kind: 'turn', schema_version: '1.0.0', tool_version: '0.1.0' };
const turn = (nth: number, over: Parameters<typeof sampleAt>[1] = {}): string =>
  `${JSON.stringify({ ...VERSIONS, ...turnOfSample(sampleAt(nth, { epoch: EPOCH, ...over }), 1_893_456_000 + nth) })}\n`;
const turns = (count: number, over = {}): string[] => Array.from({ length: count }, (_, nth) => turn(nth, over));

test('rows of every kind, damaged lines and turns between them are told as they are read one by one', () => {
  const odd = fc.oneof(
    arbitraryRows.map((row) => `${JSON.stringify(row)}\n`),
    fc.constantFrom('\n', '  \n', 'not JSON\n', '[]\n', turn(3).replace('\n', '\r\n'), `\uFEFF${turn(4)}`),
    fc.constantFrom(turn(5, { model: 'ü' }), turn(6).replace('{', '{ '), turn(7).slice(0, 300), turn(8).slice(300)),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(320), odd), { maxLength: 12 }), fc.nat(400), (many, cut) => {
      const lines = turns(330);
      for (const [at, line] of many) lines.splice(at, 0, line);
      // The last line is not there yet.
      expect(expectSame(lines.join('') + turn(999).slice(0, cut) + (cut === 0 ? '' : '\n'))).toBeGreaterThan(250);
    }),
    { numRuns: 25 },
  );
});

test('where a block ends makes no difference', () => {
  const text = turns(2000, { epoch: 'c0ffee01' }).join('');
  for (const shift of [0, 1, 2, 15, 16, 17, 100, 799, ...Array.from({ length: 12 }, (_, nth) => 300 + nth * 37)]) {
    const first = `${JSON.stringify({ ...VERSIONS, kind: 'session', notes: 'x'.repeat(shift) })}\n`;
    expect(expectSame(first + text)).toBeGreaterThan(900);
  }
});

test('a line longer than a block is read the long way, and the turns behind it the short way', () => {
  const long = `${JSON.stringify({ ...VERSIONS, kind: 'session_end', session_id: 's', notes: 'x'.repeat(700_000) })}\n`;
  const packed = expectSame([...turns(300), long, ...turns(900)].join(''));
  expect(packed).toBeGreaterThan(900);
});

test('a turn at a time that no Date holds is a named problem, read the long way or not', async () => {
  const rows = Array.from({ length: 2_000 }, (_, nth) =>
    lineOf('windows.jsonl', rowFamilies.turn, turnOfSample(sampleAt(nth), sampleAt(nth).ts + 1)),
  );
  const lines = rows.map((line) => (line.ok ? line.value.toString() : ''));
  const odd = [3, 1_500].map((nth) => (lines[nth] = (lines[nth] ?? '').replace(/"ts":[\d.]+/, '"ts":8640000000001')));
  expect(odd.every((line) => line.includes('8640000000001'))).toBe(true);
  using dir = tempDir();
  const path = join(dir.path, 'windows.jsonl');
  writeFileSync(path, lines.join(''));
  const { told, problems, packed } = byScan(path);
  expect(told.length).toBe(1_998);
  expect(packed).toBeGreaterThan(1_900);
  expect(problems).toEqual(
    [4, 1_501].map((line) => `windows.jsonl:${line}: not a turn row: /turn/ts is no time: 1e12 seconds or more`),
  );
});
