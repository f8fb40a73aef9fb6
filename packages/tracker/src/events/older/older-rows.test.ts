import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { olderRows } from '../../testing/older-rows.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import { journalNames, layoutOf } from '../journal-files.ts';
import { readLine } from '../read-line.ts';
import { rowFamilies } from '../row-families.ts';
import { verifyJournals } from '../verify.ts';

const line = (row: unknown): Buffer => Buffer.from(JSON.stringify(row));

test.each(olderRows)('$what in $file is read as a $kind row', ({ file, row, kind, means }) => {
  const read = readLine(line(row), layoutOf(file));
  if (!read.ok) throw new Error(read.problem.message);
  const found: Record<string, unknown> = { ...read.value.row };
  expect(read.value).toMatchObject({ older: expect.any(String), notes: [] });
  expect(found['kind']).toBe(kind);
  expect(rowFamilies[kind].parse(found).ok).toBe(true);
  for (const [field, value] of Object.entries(means)) {
    if (value === undefined) expect(found).not.toHaveProperty([field]);
    else expect(found[field]).toEqual(value);
  }
});

test.each(olderRows)('$what keeps keys nobody knows', ({ file, row }) => {
  const read = readLine(line({ ...row, unheard_of: { a: [1] } }), layoutOf(file));
  expect(read).toMatchObject({ ok: true, value: { row: { unheard_of: { a: [1] } } } });
});

test('every file of an earlier tracker is clean to its last row', () => {
  using dir = tempDir();
  for (const name of journalNames) {
    const rows = olderRows.filter(({ file }) => file === name).map(({ row }) => `${JSON.stringify(row)}\n`);
    if (rows.length > 0) writeFileSync(join(dir.path, name), rows.join(''));
  }
  const { journals, problems } = verifyJournals(dir.path);
  expect(problems).toEqual([]);
  expect(journals.flatMap(({ counts }) => Object.values(counts)).reduce((sum, count) => sum + count, 0)).toBe(
    olderRows.length,
  );
});

test.each<[string, unknown, (typeof journalNames)[number]]>([
  ['a row of another file', olderRows[0]?.row, 'glm_counts.jsonl'],
  [
    'a row of a kind that lives elsewhere',
    { kind: 'churn', window: 'W', captured_at: '2030-01-01T00:00:00Z' },
    'windows.jsonl',
  ],
  ['a kind nobody knows', { kind: 'weather' }, 'windows.jsonl'],
  ['an object that says nothing', {}, 'snapshots.jsonl'],
  ['a number', 42, 'snapshots.jsonl'],
  ['null', null, 'windows.jsonl'],
  ['a list', [{ kind: 'churn' }], 'churn.jsonl'],
  ['an older reading, which there never was', { provider: 'codex', observed_at: 'x' }, 'readings.jsonl'],
])('%s is foreign', (_what, row, name) => {
  expect(readLine(line(row), layoutOf(name))).toMatchObject({ ok: false, problem: { code: 'foreign-row' } });
});

test.each<[string, Record<string, unknown>, string]>([
  ['a time without a zone, which may be off by hours', { captured_at: '2025-10-19T12:00:00' }, '/captured_at'],
  ['a window that is no text', { window: 7 }, '/window'],
])('an older row with %s is not valid, and says where', (_what, change, pointer) => {
  const read = readLine(line({ ...olderRows[0]?.row, ...change }), layoutOf('snapshots.jsonl'));
  expect(read).toMatchObject({ ok: false, problem: { code: 'row-not-valid', pointer } });
});

test('a row that says its kind is taken at its word, whatever shape it has', () => {
  for (const { row, kind, file } of olderRows) {
    const other = [...layoutOf(file).families.keys()].find((name) => name !== kind);
    if (other === undefined) continue;
    const read = readLine(line({ ...row, kind: other }), layoutOf(file));
    expect(read).toMatchObject({ ok: false, problem: { code: 'row-not-valid' } });
  }
});

describe('quality', () => {
  const windowWith = (fields: object): Record<string, unknown> => {
    const read = readLine(
      line({ window: 'W', finalized_at: '2030-01-01T00:00:00Z', ...fields }),
      layoutOf('windows.jsonl'),
    );
    if (!read.ok) throw new Error(read.problem.message);
    return { ...read.value.row, noted: read.value.notes.map(({ code }) => code) };
  };

  test.each<[object, object]>([
    [{ quality_score: 0 }, { quality_score: 0, noted: [] }],
    [{ quality_score: 0.5 }, { quality_score: 0.5, quality: 0.5, noted: [] }],
    [{ quality: 1 }, { quality_score: 1, noted: [] }],
    [{ quality_score: null }, { quality_score: null, noted: [] }],
    [{}, { noted: [] }],
    [{ quality_score: 4 }, { quality_score: null, quality: null, quality_raw: 4, noted: ['quality-scale-unknown'] }],
    [{ quality_score: -0.1 }, { quality_score: null, quality_raw: -0.1, noted: ['quality-scale-unknown'] }],
    [{ quality: 'good' }, { quality_score: null, quality_raw: 'good', noted: ['quality-scale-unknown'] }],
    [
      { quality_score: 4, methodology: 'm-1' },
      { quality_score: null, noted: ['quality-scale-unknown'] },
    ],
    [
      { quality_score: 4, methodology: 'rubric' },
      { quality_score: 0.75, quality_raw: 4, noted: [] },
    ],
    [
      { quality_score: 1, quality_scale: '1-5' },
      { quality_score: 0, quality_raw: 1, noted: [] },
    ],
    [
      { quality_score: 6, quality_scale: '1-5' },
      { quality_score: null, quality_raw: 6, noted: ['quality-scale-unknown'] },
    ],
    [
      { quality_score: 0.5, quality_scale: '1-5' },
      { quality_score: null, noted: ['quality-scale-unknown'] },
    ],
    [
      { kind: 'window', quality_score: 3 },
      { quality_score: null, quality_raw: 3, noted: ['quality-scale-unknown'] },
    ],
    [
      { kind: 'window', quality_score: 0.75, quality_raw: 4 },
      { quality_score: 0.75, quality_raw: 4, noted: [] },
    ],
  ])('%j', (fields, means) => expect(windowWith(fields)).toMatchObject(means));

  test('is a share or not known, whatever the row says, and what was said is kept', () => {
    const raw = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -2, max: 7 }),
      fc.constant(null),
    );
    const scale = fc.constantFrom({}, { quality_scale: '1-5' }, { methodology: 'rubric v1' });
    fc.assert(
      fc.property(raw, scale, (said, says) => {
        const { quality_score: score, quality_raw: kept, noted } = windowWith({ quality_score: said, ...says });
        if (score !== null) expect(score).toBeGreaterThanOrEqual(0);
        if (score !== null) expect(score).toBeLessThanOrEqual(1);
        expect(Object.is(score, said) || kept === said || (said === 0 && score === 0)).toBe(true);
        expect(noted).toEqual(score === null && said !== null ? ['quality-scale-unknown'] : []);
      }),
    );
  });
});
