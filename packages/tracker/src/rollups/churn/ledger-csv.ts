import type { ChurnRecord } from '@ccp/contracts';
import type { Problem } from '../../problem.ts';
import { changedPerFeature } from './churn-row.ts';

const COLUMNS = [
  ...['date', 'window', 'provider', 'methodology', 'commit_start', 'commit_end', 'files_changed', 'insertions'],
  ...['deletions', 'net', 'features', 'normalized_churn', 'notes'],
] as const;

export const LEDGER_HEAD = COLUMNS.join(',');

/** A row of the churn ledger; an unknown number is an empty cell. */
export function ledgerLine(row: ChurnRecord): string {
  return cellsOf(row).map(quoted).join(',');
}

/** Whether two lines say the same, but for their day and the ids of their commits, which a rebase changes. */
export function ledgerKey(cells: readonly string[]): string {
  return JSON.stringify(cells.filter((_, at) => !['date', 'commit_start', 'commit_end'].includes(COLUMNS[at] ?? '')));
}

export function ledgerKeyOf(row: ChurnRecord): string {
  return ledgerKey(cellsOf(row));
}

function cellsOf(row: ChurnRecord): readonly string[] {
  const number = (value: number | null | undefined): string =>
    value === null || value === undefined ? '' : String(value);
  return [
    ...[row.captured_at.slice(0, 10), row.window, row.provider ?? '', row.methodology ?? ''],
    ...[row.commit_start ?? '', row.commit_end ?? '', number(row.files_changed), number(row.insertions)],
    ...[
      number(row.deletions),
      number(row.net),
      number(row.features),
      row.normalized_churn?.toFixed(2) ?? '',
      row.notes ?? '',
    ],
  ];
}

/**
 * The rows of a churn ledger, and the lines that are none. Normalised churn is computed anew as (insertions + deletions)
 * per feature: earlier writers divided the difference of the two.
 */
export function parseLedger(
  text: string,
  file: string,
): { readonly rows: readonly ChurnRecord[]; readonly problems: readonly Problem[] } {
  const [head, ...records] = csvRecords(text);
  const names = head?.cells.map((cell) => cell.trim()) ?? [];
  const missing = ['date', 'window', 'insertions', 'deletions'].filter((name) => !names.includes(name));
  if (missing.length > 0) return { rows: [], problems: [noLedger(file, missing)] };
  const rows: ChurnRecord[] = [];
  const problems: Problem[] = [];
  for (const { cells, line } of records) {
    const fields = Object.fromEntries(names.map((name, at) => [name, cells[at]?.trim() ?? '']));
    const row = rowOf(fields);
    if (row === null) problems.push(noRow(file, line));
    else rows.push(row);
  }
  return { rows, problems };
}

function rowOf(fields: Readonly<Record<string, string>>): ChurnRecord | null {
  const { date = '', window = '', provider = '', methodology = '', notes = '', commit_start, commit_end } = fields;
  const ms = Date.parse(date);
  const [insertions, deletions] = [whole(fields['insertions']), whole(fields['deletions'])];
  if (window === '' || Number.isNaN(ms) || insertions === null || deletions === null) return null;
  const files = whole(fields['files_changed']);
  const features = fields['features'] === undefined || fields['features'] === '' ? null : Number(fields['features']);
  if (features !== null && !(features >= 0 && features < Infinity)) return null;
  return {
    window,
    ...(provider !== '' && { provider }),
    ...(methodology !== '' && { methodology }),
    ...(commit_start && { commit_start }),
    ...(commit_end && { commit_end }),
    ...(files !== null && { files_changed: files }),
    insertions,
    deletions,
    net: insertions - deletions,
    features,
    normalized_churn: changedPerFeature({ insertions, deletions }, features),
    captured_at: new Date(ms).toISOString(),
    notes,
    source: 'ledger',
  };
}

function whole(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null;
}

/** Records of a CSV text (RFC 4180), without empty lines; `line` is where each begins, counted from 1. */
export function csvRecords(text: string): readonly { readonly cells: readonly string[]; readonly line: number }[] {
  const records: { cells: string[]; line: number }[] = [];
  let [cells, cell, line, begun, isQuoted] = [[] as string[], '', 1, 1, false];
  const end = (): void => {
    cells.push(cell);
    if (cells.length > 1 || cell !== '') records.push({ cells, line: begun });
    [cells, cell, begun] = [[], '', line];
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === '\n') line += 1;
    if (isQuoted) {
      if (character !== '"') cell += character;
      else if (text[at + 1] === '"') cell += text[(at += 1)] ?? '';
      else isQuoted = false;
    } else if (character === '"' && cell === '') isQuoted = true;
    else if (character === ',') {
      cells.push(cell);
      cell = '';
    } else if (character === '\n') end();
    else if (character !== '\r' || text[at + 1] !== '\n') cell += character;
  }
  end();
  return records;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function noLedger(file: string, missing: readonly string[]): Problem {
  return {
    code: 'line-not-usable',
    file,
    line: 1,
    message: `${file}:1: this is no churn ledger: it has no column ${missing.join(', ')}`,
    remedy: `Its first line names them: ${LEDGER_HEAD}`,
  };
}

function noRow(file: string, line: number): Problem {
  return {
    code: 'line-not-usable',
    file,
    line,
    message: `${file}:${line}: the line was left out: it needs a date, a window and whole numbers of insertions and deletions`,
    remedy: 'Correct it and read the ledger again; rows that are there already are not added twice',
  };
}
