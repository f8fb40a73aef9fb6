import type { Outcome, Problem } from '../problem.ts';
import { VERSION } from '../version.ts';
import type { Fields } from './older/shape.ts';
import type { RowFamily } from './row-families.ts';

/** Version of the row format. */
export const SCHEMA_VERSION = '1.0.0';

/** Rows are written in one piece, and a piece larger than this is no row of ours. */
export const MAX_ROW_BYTES = 1024 * 1024;

/**
 * The line a row is written as: with its kind and our versions in front, checked against its contract. `dedupe_key` comes
 * last: a line that ends with it was written to its end, so an index of keys need not read the rest.
 */
export function lineOf(file: string, family: RowFamily<unknown>, row: object): Outcome<Buffer> {
  const { dedupe_key: key, ...fields } = row as { readonly dedupe_key?: unknown };
  const header = { kind: family.kind, schema_version: SCHEMA_VERSION, tool_version: VERSION };
  const stamped: Fields = { ...header, ...fields, ...header, ...(key !== undefined && { dedupe_key: key }) };
  const parsed = family.parse(stamped);
  if (!parsed.ok) return { ok: false, problem: notWritten(file, parsed.problems[0]) };
  if (family.kind === 'window' && !isShare(stamped)) {
    return { ok: false, problem: notWritten(file, { path: '/quality_score', reason: 'must be from 0 to 1' }) };
  }
  const bytes = Buffer.from(`${JSON.stringify(stamped)}\n`);
  return bytes.length > MAX_ROW_BYTES
    ? { ok: false, problem: tooLarge(file, bytes.length) }
    : { ok: true, value: bytes };
}

function isShare({ quality_score: score }: Fields): boolean {
  return typeof score !== 'number' || (score >= 0 && score <= 1);
}

function notWritten(file: string, first?: { readonly path: string; readonly reason: string }): Problem {
  const { path = '', reason = 'is not valid' } = first ?? {};
  const message = `the row was not written to ${file}: ${path || 'the row'} ${reason}`;
  return { code: 'row-not-valid', file, pointer: path, message };
}

function tooLarge(file: string, bytes: number): Problem {
  return {
    code: 'row-too-large',
    file,
    message: `the row was not written to ${file}: it has ${bytes} bytes, and a row may have ${MAX_ROW_BYTES}`,
    remedy: 'Keep less of the text it was read from',
  };
}
