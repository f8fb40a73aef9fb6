import { schemas } from './generated/schemas.ts';
import type { SchemaName } from './generated/schemas.ts';
import { CONTRACT_VERSION } from './parse.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

interface Operation {
  readonly path: string;
  readonly method: 'get' | 'post';
  readonly id: string;
  readonly summary: string;
  readonly query?: readonly Parameter[];
  /** Status → what it means, and its schema; null: no body or none of ours. */
  readonly answers: Readonly<Record<string, Answer>>;
}

interface Answer {
  readonly says: string;
  readonly schema?: SchemaName;
  /** Of an answer that is not JSON. */
  readonly type?: string;
}

interface Parameter {
  readonly name: string;
  readonly says: string;
  readonly schema: JsonObject;
}

const BAD: Readonly<Record<string, Answer>> = {
  '400': { says: 'A parameter can’t be used; the message names it.', schema: 'error' },
};
const NO_HISTORY: Readonly<Record<string, Answer>> = {
  '503': { says: 'Nothing is kept, or the database can’t be read now.', schema: 'error' },
};
const SINCE: Parameter = {
  name: 'since',
  says: 'From this time on (epoch seconds).',
  schema: { type: 'number', minimum: 0 },
};
const MODEL: Parameter = { name: 'model', says: 'This model only.', schema: { type: 'string' } };
const LIMIT: Parameter = {
  name: 'limit',
  says: 'So many at most.',
  schema: { type: 'integer', minimum: 1 },
};
const CURSOR: Parameter = { name: 'cursor', says: '`next_cursor` of the page before.', schema: { type: 'string' } };

const OPERATIONS: readonly Operation[] = [
  {
    path: '/v1/usage',
    method: 'get',
    id: 'getUsage',
    summary: 'Tokens, quotas, speeds, lanes and meters, per model.',
    answers: { '200': { says: 'The state now.', schema: 'usage' } },
  },
  {
    path: '/v1/usage/samples',
    method: 'get',
    id: 'listSamples',
    summary: 'Finished turns, oldest first.',
    query: [
      SINCE,
      {
        name: 'written_after',
        says: 'Also earlier turns that were stored after this one: `written_to` of an answer before.',
        schema: { type: 'integer', minimum: 0 },
      },
      MODEL,
      { name: 'lane', says: 'This lane only.', schema: { type: 'string' } },
      LIMIT,
      CURSOR,
    ],
    answers: { '200': { says: 'A page of turns.', schema: 'samples' }, ...BAD, ...NO_HISTORY },
  },
  {
    path: '/v1/usage/rollups',
    method: 'get',
    id: 'listRollups',
    summary: 'Sums per hour or day, the present ones included.',
    query: [
      { name: 'granularity', says: 'Length of a bucket.', schema: { type: 'string', enum: ['hour', 'day'] } },
      SINCE,
      MODEL,
      LIMIT,
      CURSOR,
    ],
    answers: { '200': { says: 'Buckets, oldest first.', schema: 'rollups' }, ...BAD, ...NO_HISTORY },
  },
  {
    path: '/v1/quotas',
    method: 'get',
    id: 'getQuotas',
    summary: 'The limits in use and where they come from.',
    answers: { '200': { says: 'The limits.', schema: 'quotas' } },
  },
  {
    path: '/v1/quotas/reload',
    method: 'post',
    id: 'reloadQuotas',
    summary: 'Reads the limits again.',
    query: [{ name: 'file', says: 'Another file of the same folder.', schema: { type: 'string' } }],
    answers: {
      '204': { says: 'They are in use.' },
      '400': { says: 'They can’t be used; the former ones stay.', schema: 'error' },
    },
  },
  {
    path: '/v1/readyz',
    method: 'get',
    id: 'getReadyz',
    summary: 'Whether a turn could be served now, and why not. Also at /readyz.',
    answers: { '200': { says: 'Ready.', schema: 'readyz' }, '503': { says: 'Not ready.', schema: 'readyz' } },
  },
  {
    path: '/healthz',
    method: 'get',
    id: 'getHealthz',
    summary: 'Whether the process lives.',
    answers: { '200': { says: 'It does.', type: 'text/plain' } },
  },
  {
    path: '/metrics',
    method: 'get',
    id: 'getMetrics',
    summary: 'Counters and gauges for Prometheus. Also at /v1/metrics.',
    query: [
      {
        name: 'names',
        says: 'original: the names of the first shim, also those that promtool does not like.',
        schema: { type: 'string', enum: ['original'] },
      },
    ],
    answers: { '200': { says: 'Prometheus text, version 0.0.4.', type: 'text/plain' } },
  },
  {
    path: '/v1/events',
    method: 'get',
    id: 'streamEvents',
    summary: 'Decisions and completions as they are written: Server-Sent Events whose data follows usage-event.',
    query: [
      { name: 'last_event_id', says: 'As the header Last-Event-ID: go on after it.', schema: { type: 'string' } },
    ],
    answers: {
      '200': { says: 'A stream that stays open.', type: 'text/event-stream' },
      '404': { says: 'The feature is off.', schema: 'error' },
    },
  },
];

/** What the stream of events carries is a schema of ours, too, although no answer has it as its body. */
const BESIDES: readonly SchemaName[] = ['usage-event'];

/**
 * The OpenAPI 3.1 document of what the shim answers, made from the schemas both sides are tested against. Proxied paths
 * (`/v1/messages`, …) are the provider's and not in it.
 *
 * @param server where the shim answers, such as `http://127.0.0.1:8082`
 */
export function openApi(server: string, programVersion: string): JsonObject {
  return {
    openapi: '3.1.0',
    info: {
      title: 'shim',
      version: programVersion,
      summary: `What the local router for coding agents says about itself (contract ${CONTRACT_VERSION}).`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: server }],
    paths: Object.fromEntries(OPERATIONS.map((one) => [one.path, { [one.method]: operation(one) }])),
    components: { schemas: components() },
  };
}

function operation({ id, summary, query = [], answers }: Operation): JsonObject {
  return {
    operationId: id,
    summary,
    ...(query.length > 0 && {
      parameters: query.map(({ name, says, schema }) => ({ name, in: 'query', description: says, schema })),
    }),
    responses: Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, response(answer)])),
  };
}

function response({ says, schema, type }: Answer): JsonObject {
  if (schema !== undefined)
    return { description: says, content: { 'application/json': { schema: { $ref: reference(schema) } } } };
  if (type !== undefined) return { description: says, content: { [type]: { schema: { type: 'string' } } } };
  return { description: says };
}

/** The schemas that answers name, and those that these name in turn. */
function components(): JsonObject {
  const open: string[] = [...BESIDES, ...OPERATIONS.flatMap(schemasOf)];
  const found: Record<string, Json> = {};
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name in found) continue;
    const { $id: _id, $schema: _dialect, ...schema } = schemas[name as SchemaName] as unknown as JsonObject;
    // A place of its own first, so that schemas that name each other end.
    found[name] = null;
    found[name] = rewritten(schema, name, (next) => open.push(next));
  }
  return Object.fromEntries(Object.entries(found).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function schemasOf({ answers }: Operation): readonly string[] {
  return Object.values(answers).flatMap(({ schema }) => schema ?? []);
}

const URN = /^urn:ccp:v1:([a-z0-9-]+)(#.*)?$/;

/** References to documents of ours become references into this one; those within a schema follow it to its new place. */
function rewritten(value: Json, home: string, named: (schema: string) => void): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((one) => rewritten(one, home, named));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      if (key !== '$ref' || typeof one !== 'string') return [key, rewritten(one, home, named)];
      if (one.startsWith('#')) return [key, reference(home) + one.slice(1)];
      const [, schema = '', pointer = '#'] = URN.exec(one) ?? [];
      if (schema !== '') named(schema);
      return [key, reference(schema) + pointer.slice(1)];
    }),
  );
}

function reference(schema: string): string {
  return `#/components/schemas/${schema}`;
}
