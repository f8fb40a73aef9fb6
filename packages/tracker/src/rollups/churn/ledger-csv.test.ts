import fc from 'fast-check';
import type { ChurnRecord } from '@ccp/contracts';
import { expect, test } from 'vitest';
import { csvRecords, LEDGER_HEAD, ledgerLine, parseLedger } from './ledger-csv.ts';

const row: ChurnRecord = {
  ...{ window: 'W0-01', provider: 'codex', methodology: 'tdd', commit_start: 'aaa', commit_end: 'bbb' },
  ...{ files_changed: 3, insertions: 10, deletions: 4, net: 6, features: 3, normalized_churn: 14 / 3 },
  ...{ captured_at: '2030-01-31T00:00:00.000Z', notes: 'a "b", c\nd', source: 'churn' },
};

test('a row as a line, and read back', () => {
  const line = ledgerLine(row);
  expect(line).toBe('2030-01-31,W0-01,codex,tdd,aaa,bbb,3,10,4,6,3,4.67,"a ""b"", c\nd"');
  expect(parseLedger(`${LEDGER_HEAD}\r\n${line}\r\n`, 'f.csv')).toEqual({
    rows: [{ ...row, source: 'ledger' }],
    problems: [],
  });
});

test('normalised churn of earlier writers, who divided the difference, is computed anew', () => {
  const text = `${LEDGER_HEAD}\n2030-01-31,W0-01,codex,,aaa,HEAD,3,10,40,-30,3,-10.00,\n`;
  const [found] = parseLedger(text, 'f.csv').rows;
  expect({ original: (found?.net ?? 0) / 3, corrected: found?.normalized_churn }).toEqual({
    original: -10,
    corrected: 50 / 3,
  });
});

test.each([
  ['', 1, 'no column'],
  ['a,b\n1,2', 1, 'no column'],
  [`${LEDGER_HEAD}\n\nsoon,W1,,,,,,1,1`, 3, 'needs a date'],
  [`${LEDGER_HEAD}\n2030-01-01,W1,,,,,,-1,1`, 2, 'whole numbers'],
  [`${LEDGER_HEAD}\n2030-01-01,W1,,,,,,1,1,0,many`, 2, 'left out'],
])('%j is named by line', (text, line, words) => {
  const { rows, problems } = parseLedger(text, 'f.csv');
  expect(rows).toEqual([]);
  expect(problems).toMatchObject([{ file: 'f.csv', line, message: expect.stringContaining(words) }]);
});

test('cells come back as they were written, whatever is in them', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ') });
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 4 }), (records) => {
      const text = records.map((cells) => cells.map((one) => `"${one.replaceAll('"', '""')}"`).join(',')).join('\r\n');
      expect(csvRecords(text).map(({ cells }) => cells)).toEqual(records);
    }),
  );
});
