import { basename } from 'node:path';
import type { Outcome, Problem } from '../problem.ts';
import type { Layout } from './journal-files.ts';
import { isFields } from './older/shape.ts';
import type { Fields } from './older/shape.ts';
import { withQuality } from './quality.ts';
import { rowFamilies } from './row-families.ts';
import type { JournalRow, RowFamily } from './row-families.ts';

/** What a line is. */
export interface Recognised<Row = JournalRow> {
  readonly row: Row;
  /** The older shape it was known by; null: it says its kind. */
  readonly older: string | null;
  /** What of the row could not be used. */
  readonly notes: readonly Problem[];
}

const NOTHING: readonly Problem[] = [];

/** The row a line holds, as its contract has it today. Problems have no file and line yet. */
export function readLine<Row = JournalRow>(bytes: Buffer, layout: Layout): Outcome<Recognised<Row>> {
  const value = jsonOf(bytes);
  if (value === undefined) return failed({ code: 'row-not-json', message: 'not a JSON row: torn or damaged' });
  if (!isFields(value)) return failed({ code: 'foreign-row', message: 'a row of another family (it is no object)' });
  const { kind } = value;
  if (typeof kind !== 'string') return readOlder(value, layout);
  const family = kind === 'tombstone' ? rowFamilies.tombstone : layout.families.get(kind);
  if (family === undefined) {
    return failed({ code: 'foreign-row', message: `a row of another family (kind ${JSON.stringify(kind)})` });
  }
  const judged = kind === 'window' ? withQuality(value) : { row: value, notes: NOTHING };
  return checked(judged.row, { family, older: null, notes: judged.notes });
}

function readOlder<Row>(value: Fields, layout: Layout): Outcome<Recognised<Row>> {
  const shape = layout.older.find(({ matches }) => matches(value));
  if (shape === undefined) return failed({ code: 'foreign-row', message: 'a row of another family (it has no kind)' });
  const { kind, row, notes = NOTHING } = shape.toCurrent(value);
  const family = layout.families.get(kind);
  if (family === undefined) throw new Error(`${shape.name} rows become ${kind} rows, which the layout does not have`);
  return checked({ ...row, kind }, { family, older: shape.name, notes });
}

interface Candidate {
  readonly family: RowFamily<unknown>;
  readonly older: string | null;
  readonly notes: readonly Problem[];
}

function checked<Row>(row: Fields, { family, older, notes }: Candidate): Outcome<Recognised<Row>> {
  const parsed = family.parse(row);
  const wrong = parsed.ok ? noTime(parsed.value as JournalRow) : (parsed.problems[0] ?? {});
  if (parsed.ok && wrong === null) return { ok: true, value: { row: parsed.value as Row, older, notes } };
  const { path = '', reason = 'is not valid' } = wrong ?? {};
  const what = older === null ? `${family.kind} row` : `${family.kind} row of an older writer (${older})`;
  return failed({ code: 'row-not-valid', pointer: path, message: `not a ${what}: ${path || 'the row'} ${reason}` });
}

/** Epoch seconds from here on are no time: they can't be printed, and no clock says so. The contract lets them be. */
const NO_TIME_FROM_S = 1e12;

/** What is wrong with the time of a turn; null: nothing. */
function noTime(row: JournalRow): { readonly path?: string; readonly reason?: string } | null {
  const ts = row.kind === 'turn' ? row.turn.ts : row.kind === 'glm_turn' ? row.ts : 0;
  if (typeof ts !== 'number' || ts < NO_TIME_FROM_S) return null;
  return { path: row.kind === 'turn' ? '/turn/ts' : '/ts', reason: 'is no time: 1e12 seconds or more' };
}

const BYTE_ORDER_MARK = 0xfeff;

/** Undefined: not JSON. */
function jsonOf(bytes: Buffer): unknown {
  try {
    const decoded = bytes.toString();
    // Slow, and exact: a replacement character would turn a torn name into another name.
    const text = decoded.includes('\uFFFD') ? new TextDecoder('utf-8', { fatal: true }).decode(bytes) : decoded;
    return JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text) as unknown;
  } catch {
    return undefined;
  }
}

function failed(problem: Problem): Outcome<never> {
  return { ok: false, problem };
}

/** The problem with its place in front. */
export function located(problem: Problem, file: string, line: number): Problem {
  return { ...problem, file, line, message: `${basename(file)}:${line}: ${problem.message}` };
}
