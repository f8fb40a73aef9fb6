import type { Problem } from '../../problem.ts';
import type { RowKind } from '../row-families.ts';

/** A JSON object whose keys are not known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Rows of an earlier writer, which did not say their kind and are known by the keys they have. */
export interface OlderShape {
  /** Who wrote them. */
  readonly name: string;
  readonly matches: (row: Fields) => boolean;
  readonly toCurrent: (row: Fields) => Converted;
}

/** An older row as the current contract has it. Keys the contract does not know are kept. */
export interface Converted {
  readonly kind: RowKind;
  readonly row: Fields;
  /** What could not be carried over. */
  readonly notes?: readonly Problem[];
}

/** Whether all of these keys are there. */
export function has(row: Fields, ...keys: readonly string[]): boolean {
  return keys.every((key) => row[key] !== undefined);
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without some keys. */
export function without(row: Fields, ...keys: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(row).filter(([key]) => !keys.includes(key)));
}

/** Keys that earlier writers set to null where they had no text; the contract has them absent. */
const TEXTS = new Set([
  'notes',
  'raw_text',
  'source',
  'scope',
  'window',
  'provider',
  'outcome',
  'spec_id',
  'spec_version',
  'methodology',
  'commit_start',
  'commit_end',
  'paths',
  'features',
  'feature_ids',
]);

/** Text that is null becomes absent, and a list of notes one text. */
export function withTexts(row: Fields): Fields {
  return Object.fromEntries(
    Object.entries(row).flatMap(([key, value]): [string, unknown][] => {
      if (value === null && TEXTS.has(key)) return [];
      if (key === 'notes' && Array.isArray(value)) return [[key, value.map(String).join('; ')]];
      return [[key, value]];
    }),
  );
}

/**
 * A time of an earlier writer as ISO 8601. Numbers are epoch seconds, or milliseconds where seconds would be beyond the
 * year 5000. Text stays as it is: one without a time zone is refused by the contract, because guessing the zone would
 * move the row by hours.
 */
export function isoOf(time: unknown): unknown {
  if (typeof time !== 'number' || !Number.isFinite(time)) return time;
  const at = new Date(Math.abs(time) > 1e11 ? time : time * 1000);
  return Number.isNaN(at.getTime()) ? time : at.toISOString();
}
