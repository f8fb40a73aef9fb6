import { schemas } from '@ccp/contracts';
import type { JsonSchema, SchemaName } from '@ccp/contracts';
import * as fc from 'fast-check';
import type { JournalRow, RowKind, RowOf } from '../events/row-families.ts';
import { arbitrarySnapshot } from './arbitrary-usage.ts';

type Schema = Readonly<Record<string, unknown>>;

const TEXTS = fc.oneof(
  fc.constantFrom('', 'W0-01', '漢字', 'a"b\\c', '"tombstone"', '\u2028', 'line\nfeed', '🚀'),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const TIMES = fc.oneof(
  fc.date({ min: new Date(0), max: new Date('2099-12-31'), noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom('2028-02-29T23:59:59Z', '2030-01-31T00:00:00.5+02:00', '2026-12-31T23:59:60Z'),
);
const NAMES = fc.constantFrom('codex', 'claude', 'glm', 'glm-4.6', 'a key', 'constructor');

/** Documents that follow a schema, with every field it knows now and then, and some it doesn't. */
function documents(schema: Schema, root: Schema): fc.Arbitrary<unknown> {
  if (typeof schema['$ref'] === 'string') return referenced(schema['$ref'], root);
  if (schema['const'] !== undefined) return fc.constant(schema['const']);
  if (Array.isArray(schema['anyOf'])) return fc.oneof(...schema['anyOf'].map((one: Schema) => documents(one, root)));
  const types = [schema['type']].flat();
  return fc.oneof(...types.map((type) => ofType(type, schema, root)));
}

function referenced(ref: string, root: Schema): fc.Arbitrary<unknown> {
  const local = /^#\/\$defs\/(.+)$/.exec(ref)?.[1];
  if (local !== undefined) return documents((root['$defs'] as Record<string, Schema>)[local] ?? {}, root);
  const other = schemas[ref.replace('urn:ccp:v1:', '') as SchemaName] as Schema;
  return documents(other, other);
}

function ofType(type: unknown, schema: Schema, root: Schema): fc.Arbitrary<unknown> {
  const { minimum: min = -1e6, maximum: max = 1e6 } = schema as { minimum?: number; maximum?: number };
  const known = schema['x-known-values'] as string[] | undefined;
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min, max });
    case 'number':
      return fc.oneof(fc.integer({ min: Math.ceil(min), max: Math.floor(max) }), fc.double({ min, max, noNaN: true }));
    case 'string':
      if (schema['format'] === 'date-time') return TIMES;
      return known === undefined ? TEXTS : fc.oneof(fc.constantFrom(...known), TEXTS);
    case 'array':
      return fc.array(documents(schema['items'] as Schema, root), { maxLength: 3 });
    default:
      return objects(schema, root);
  }
}

function objects(schema: Schema, root: Schema): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>);
  const fields = Object.fromEntries(properties.map(([name, one]) => [name, documents(one, root)]));
  const required = (schema['required'] ?? []) as string[];
  const { additionalProperties: others = true } = schema as { additionalProperties?: boolean | JsonSchema };
  const extra = typeof others === 'boolean' ? TEXTS : documents(others as Schema, root);
  return fc
    .tuple(fc.record(fields, { requiredKeys: required }), fc.dictionary(NAMES, extra, { maxKeys: 2 }))
    .map(([known, unknown]) => ({ ...unknown, ...(known as object) }));
}

const CONTRACTS: Readonly<Record<Exclude<RowKind, 'ccc_snapshot'>, SchemaName>> = {
  window: 'window',
  session: 'event',
  turn: 'event',
  session_end: 'event',
  glm_count: 'glm-count',
  glm_turn: 'glm-turn',
  snapshot: 'snapshot',
  churn: 'churn',
  anomaly: 'anomaly',
  meter_reading: 'meter-reading',
  codex_ccusage: 'tool-report',
  claude_monitor: 'tool-report',
  proxy_telemetry: 'tool-report',
  tombstone: 'tombstone',
};
const NEEDED = { session: 'session', turn: 'turn', session_end: 'session_id' } as const;

/** Rows of one kind that follow their contract. Quality is on our scale. */
export function arbitraryRow<Kind extends RowKind>(kind: Kind): fc.Arbitrary<RowOf<Kind>> {
  if (kind === 'ccc_snapshot') return arbitrarySnapshot as fc.Arbitrary<unknown> as fc.Arbitrary<RowOf<Kind>>;
  const schema = schemas[CONTRACTS[kind as keyof typeof CONTRACTS]] as Schema;
  const needed = kind in NEEDED ? NEEDED[kind as keyof typeof NEEDED] : undefined;
  const all = { ...schema, required: [...(schema['required'] as string[]), ...(needed === undefined ? [] : [needed])] };
  const share = fc.oneof(fc.constant(null), fc.double({ min: 0, max: 1, noNaN: true }));
  return fc.tuple(documents(all, schema), share).map(([row, score]) => {
    const quality = kind === 'window' ? { quality_score: score, quality: score } : {};
    return { ...(row as object), ...quality, kind } as unknown as RowOf<Kind>;
  });
}

/** Rows of every kind that has a journal of its own. */
export const arbitraryRows: fc.Arbitrary<Exclude<JournalRow, { kind: 'tombstone' }>> = fc.oneof(
  arbitraryRow('ccc_snapshot'),
  ...(Object.keys(CONTRACTS) as (keyof typeof CONTRACTS)[])
    .filter((kind) => kind !== 'tombstone')
    .map((kind) => arbitraryRow(kind)),
) as fc.Arbitrary<Exclude<JournalRow, { kind: 'tombstone' }>>;
