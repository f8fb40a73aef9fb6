import { appendFileSync, readFileSync } from 'node:fs';
import type { ChurnRecord } from '@ccp/contracts';
import type { Outcome, Problem } from '../problem.ts';
import { systemErrorCode } from '../problem.ts';
import {
  csvRecords,
  LEDGER_HEAD,
  ledgerKey,
  ledgerKeyOf,
  ledgerLine,
  parseLedger,
} from '../rollups/churn/ledger-csv.ts';

/** The rows of a CSV ledger, and the lines that could not be used. */
export function readLedger(
  file: string,
): Outcome<{ readonly rows: readonly ChurnRecord[]; readonly problems: readonly Problem[] }> {
  return withLedger(file, () => parseLedger(readFileSync(file, 'utf8'), file));
}

/** Adds rows that the ledger does not hold yet, in one write; answers how many. A new file gets its head. */
export function addToLedger(file: string, rows: readonly ChurnRecord[]): Outcome<number> {
  return withLedger(file, () => {
    const text = textOf(file);
    const known = new Set(csvRecords(text).map(({ cells }) => ledgerKey(cells)));
    const fresh = rows.filter((row) => !known.has(ledgerKeyOf(row))).map(ledgerLine);
    if (fresh.length === 0) return 0;
    const before = text === '' ? [LEDGER_HEAD] : [];
    const gap = text === '' || text.endsWith('\n') ? '' : '\n';
    appendFileSync(file, gap + [...before, ...fresh].map((line) => `${line}\n`).join(''));
    return fresh.length;
  });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

function withLedger<Value>(file: string, act: () => Value): Outcome<Value> {
  try {
    return { ok: true, value: act() };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    const message = `the ledger ${file} cannot be used (${code})`;
    return { ok: false, problem: { code: 'file-unreadable', file, message, remedy: 'Check its path and its mode' } };
  }
}
