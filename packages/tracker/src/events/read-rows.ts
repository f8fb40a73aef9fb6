import { basename } from 'node:path';
import { systemErrorCode } from '../problem.ts';
import type { Outcome, Problem } from '../problem.ts';
import { lineAt, linesForward, linesFromEnd } from './lines.ts';
import type { RowFamily } from './journal.ts';

/** The row that was looked for, and what could not be used on the way to it. */
export interface Newest<Row> {
  readonly row: Row | null;
  /** At most the five nearest to the end. Rows of other families are no problem here. */
  readonly passedOver: readonly Problem[];
}

/** Every row of a file, oldest first. A file that is not there has no rows. */
export async function* readRows<Row>(file: string, family: RowFamily<Row>): AsyncGenerator<Outcome<Row>> {
  try {
    for await (const { bytes, line } of linesForward(file)) {
      const found = toRow(bytes, family);
      yield found.ok ? found : { ok: false, problem: located(found.problem, file, line) };
    }
  } catch (error) {
    const problem = unreadable(file, error);
    if (problem !== null) yield { ok: false, problem };
  }
}

/** The last row that satisfies `accept`. */
export async function newestRow<Row>(
  file: string,
  family: RowFamily<Row>,
  accept: (row: Row) => boolean,
): Promise<Outcome<Newest<Row>>> {
  const passedOver: Problem[] = [];
  try {
    for await (const { bytes, offset } of linesFromEnd(file)) {
      const found = toRow(bytes, family);
      if (found.ok && accept(found.value)) return { ok: true, value: { row: found.value, passedOver } };
      if (!found.ok && found.problem.code !== 'foreign-row' && passedOver.length < 5) {
        passedOver.push(located(found.problem, file, await lineAt(file, offset)));
      }
    }
  } catch (error) {
    const problem = unreadable(file, error);
    if (problem !== null) return { ok: false, problem };
  }
  return { ok: true, value: { row: null, passedOver } };
}

function toRow<Row>(bytes: Buffer, family: RowFamily<Row>): Outcome<Row> {
  let value: unknown;
  try {
    // Fatal: a replacement character would turn a torn name into another name.
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return { ok: false, problem: { code: 'row-not-json', message: 'not a JSON row: torn or damaged' } };
  }
  const kind = kindOf(value);
  if (kind !== family.kind) {
    const message = `a row of another family (${kind === undefined ? 'it has no kind' : `kind ${JSON.stringify(kind)}`})`;
    return { ok: false, problem: { code: 'foreign-row', message } };
  }
  const parsed = family.parse(value);
  if (parsed.ok) return parsed;
  const { path = '', reason = 'is not valid' } = parsed.problems[0] ?? {};
  const message = `not a ${family.kind} row: ${path || 'the row'} ${reason}`;
  return { ok: false, problem: { code: 'row-not-valid', pointer: path, message } };
}

function kindOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined;
  return typeof value.kind === 'string' ? value.kind : undefined;
}

function located(problem: Problem, file: string, line: number): Problem {
  return { ...problem, file, line, message: `${basename(file)}:${line}: ${problem.message}` };
}

/** Null when there simply is no file. */
function unreadable(file: string, error: unknown): Problem | null {
  const code = systemErrorCode(error);
  if (code === undefined) throw error;
  if (code === 'ENOENT') return null;
  return {
    code: 'journal-unreadable',
    file,
    message: `${file} cannot be read (${code})`,
    remedy: 'Check the rights of the file, or choose another folder: --data-dir DIR (TRACKER_DATA_DIR)',
  };
}
