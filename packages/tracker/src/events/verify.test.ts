import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Anomaly } from '@ccp/contracts';
import { describe, expect, test } from 'vitest';
import { sampleAt } from '../testing/samples.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { openBook } from './book.ts';
import type { NewRow } from './book.ts';
import { MAX_LINE_BYTES } from './lines.ts';
import { glmTurnOf, turnOfSample } from './turn-event.ts';
import { MOST_PROBLEMS } from './verify-journal.ts';
import { verifyJournals } from './verify.ts';

const anomaly = (notes: string, minute = 0): Anomaly => ({
  kind: 'anomaly',
  captured_at: new Date(Date.UTC(2030, 0, 1, 0, minute)).toISOString(),
  notes,
});
const line = (row: object): string => `${JSON.stringify(row)}\n`;
const foundIn = (dir: string): string[] => verifyJournals(dir).problems.map(({ code, line: at }) => `${code}:${at}`);

function verified(text: string | Uint8Array): string[] {
  using dir = tempDir();
  writeFileSync(join(dir.path, 'anomalies.jsonl'), text);
  return foundIn(dir.path);
}

test('an empty folder has nothing wrong in it, and is left as it was', () => {
  using dir = tempDir();
  expect(verifyJournals(dir.path)).toEqual({ journals: [], rollups: [], problems: [] });
  expect(readdirSync(dir.path)).toEqual([]);
});

describe('every fault is named with its line', () => {
  test.each<[string, string | Uint8Array, string[]]>([
    ['nothing', line(anomaly('a')) + line(anomaly('b')), []],
    ['a torn tail', `${line(anomaly('a'))}{"kind":"ano`, ['torn-tail:2']],
    ['a torn row that was closed', `${line(anomaly('a'))}{"kind":"ano\n${line(anomaly('b'))}`, ['row-not-json:2']],
    ['a whole last row without its end', line(anomaly('a')).trimEnd(), []],
    ['a foreign row', line({ kind: 'weather' }) + line({ any: 1 }), ['foreign-row:1', 'foreign-row:2']],
    ['a row that is not valid', `\n${line({ ...anomaly('a'), captured_at: 7 })}`, ['row-not-valid:2']],
    ['bytes that are no text', Buffer.from([0x22, 0xff, 0x22, 0x0a]), ['row-not-json:1']],
    ['the same row twice', line(anomaly('a')) + line(anomaly('b')) + line(anomaly('a')), ['duplicate-row:3']],
    ['a clock set back by a minute', line(anomaly('a', 1)) + line(anomaly('b', 0)), []],
    [
      'a clock set back by more',
      line(anomaly('a', 9)) + line(anomaly('b', 7)) + line(anomaly('c', 7)),
      ['row-out-of-order:2'],
    ],
    [
      'a tombstone for nothing',
      line({ kind: 'tombstone', target_sha256: 'x', created_at: '2030-01-01T00:00:00Z' }),
      ['no-such-row:1'],
    ],
    [
      'a line without end',
      Buffer.concat([Buffer.alloc(MAX_LINE_BYTES + 1, 'x'), Buffer.from(`\n${line(anomaly('a'))}`)]),
      ['line-too-long:1'],
    ],
  ])('%s', (_what, text, problems) => expect(verified(text)).toEqual(problems));
});

test('two rows with one key are duplicates, in one kind and in one file only', async () => {
  using dir = tempDir();
  const book = openBook(dir.path);
  const event = turnOfSample(sampleAt(1, { model: 'glm-4.6' }), 1_893_456_000);
  const turn = { ...event, kind: 'turn' } as NewRow;
  const glm = { ...glmTurnOf(event), kind: 'glm_turn' } as NewRow;
  await book.appendMany([turn, glm, { ...turn, notes: 'again' } as NewRow]);
  expect(verifyJournals(dir.path).problems).toMatchObject([
    { code: 'duplicate-row', line: 2, file: book.pathOf('windows.jsonl') },
  ]);
});

test('turns and readings of old logs, written late, are no disorder', async () => {
  using dir = tempDir();
  const book = openBook(dir.path);
  const reading = (observed_at: string): NewRow => ({
    kind: 'meter_reading',
    provider: 'codex',
    source: 'rollout',
    observed_at,
  });
  const turns = [200, 0].map((nth) => ({ ...turnOfSample(sampleAt(nth), 1_893_457_000), kind: 'turn' }) as NewRow);
  await book.appendMany([...turns, reading('2030-01-02T00:00:00Z'), reading('2030-01-01T00:00:00Z')]);
  expect(foundIn(dir.path)).toEqual([]);
});

test('the hash is of the rows that count: it stays when noise comes, and changes with a row', async () => {
  using dir = tempDir();
  const book = openBook(dir.path);
  const file = book.pathOf('anomalies.jsonl');
  const [a, b] = [line(anomaly('a')), line(anomaly('b'))];
  const hash = (): string | undefined => verifyJournals(dir.path).journals[0]?.acceptedSha256;
  writeFileSync(file, a + b);
  expect(hash()).toBe(
    createHash('sha256')
      .update(a + b)
      .digest('hex'),
  );
  writeFileSync(file, `${a}nonsense\n\n${b.replace('\n', '\r\n')}`);
  expect(hash()).toBe(
    createHash('sha256')
      .update(a + b)
      .digest('hex'),
  );
  const [first] = [...book.rows('anomalies.jsonl')];
  if (first?.ok) await book.takeBack(first.value);
  expect(hash()).toBe(createHash('sha256').update(b).digest('hex'));
});

test('of very many faults the first are named and the others counted', () => {
  using dir = tempDir();
  writeFileSync(join(dir.path, 'anomalies.jsonl'), 'x\n'.repeat(MOST_PROBLEMS + 5));
  const { problems } = verifyJournals(dir.path);
  expect(problems).toHaveLength(MOST_PROBLEMS + 1);
  expect(problems.at(-1)?.message).toContain('5 more problems');
});

describe('a rollup', () => {
  const check = (dir: string): unknown => {
    const kinds: string[] = [];
    const add = ({ kind }: { readonly kind: string }): void => void kinds.push(kind);
    return verifyJournals(dir, [{ file: 'sum.json', add, text: () => `${JSON.stringify(kinds)}\n` }]);
  };

  test.each<[string, string | null, object]>([
    [
      'that follows from the rows is the same',
      '["anomaly","anomaly"]\n',
      { rollups: [{ state: 'same' }], problems: [] },
    ],
    ['that was never written is absent', null, { rollups: [{ state: 'absent' }], problems: [] }],
    [
      'of fewer rows differs',
      '["anomaly"]\n',
      {
        rollups: [{ state: 'differs' }],
        problems: [{ code: 'rollup-differs', message: expect.stringContaining('byte 10') }],
      },
    ],
    [
      'with something behind it differs',
      '["anomaly","anomaly"]\n\n',
      { problems: [{ code: 'rollup-differs', line: 2 }] },
    ],
  ])('%s', (_what, text, expected) => {
    using dir = tempDir();
    writeFileSync(join(dir.path, 'anomalies.jsonl'), line(anomaly('a')) + line(anomaly('b')));
    if (text !== null) writeFileSync(join(dir.path, 'sum.json'), text);
    expect(check(dir.path)).toMatchObject(expected);
    if (text !== null) expect(readFileSync(join(dir.path, 'sum.json'), 'utf8')).toBe(text);
  });
});
