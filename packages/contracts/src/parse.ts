import { createRequire } from 'node:module';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { schemaNames } from './generated/schemas.ts';
import type { SchemaName } from './generated/schemas.ts';
import type { DocumentTypes } from './generated/types.ts';
import { problemOf } from './problem.ts';
import type { Problem } from './problem.ts';
import { schemaCompiler } from './schema-compiler.ts';
import type { SchemaCompiler } from './schema-compiler.ts';

export type { Problem } from './problem.ts';

/** Version of every contract in this package. Changes inside a version only add. */
export const CONTRACT_VERSION = 'v1';

/** A document that follows its contract, or every reason why it does not. */
export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly Problem[] };

/** Answer of `GET /v1/usage`. Never throws; unknown fields are kept. */
export const parseUsage = parserOf('usage');
/** One finished exchange of `GET /v1/usage/samples`. */
export const parseSample = parserOf('sample');
/** Answer of `GET /v1/usage/samples`. */
export const parseSamples = parserOf('samples');
/** Answer of `GET /v1/usage/rollups`. */
export const parseRollups = parserOf('rollups');
/** Answer of `GET /v1/quotas`. */
export const parseQuotas = parserOf('quotas');
/** Answer of `GET /v1/readyz`. */
export const parseReadyz = parserOf('readyz');
/** One line of `usage.jsonl`, or one event of `GET /v1/events`. */
export const parseUsageEvent = parserOf('usage-event');
/** Content of `providers.yaml`, already read as YAML. */
export const parseProvidersConfig = parserOf('providers-config');
/** Content of `quotas.json`. */
export const parseQuotasConfig = parserOf('quotas-config');
/** A failure in the error shape of the Anthropic Messages API. */
export const parseError = parserOf('error');
/** A row with `kind: "ccc_snapshot"` of `windows.jsonl`. */
export const parseCccSnapshot = parserOf('ccc-snapshot');
/** A session of the event model. */
export const parseSession = parserOf('session');
/** A turn of the event model. */
export const parseTurn = parserOf('turn');
/** A measurement of the event model. */
export const parseMeasurement = parserOf('measurement');
/** A feature of the event model. */
export const parseFeature = parserOf('feature');
/** A cost of the event model. */
export const parseCost = parserOf('cost');
/** A value of the event model. */
export const parseValue = parserOf('value');
/** A decision of the event model. */
export const parseDecision = parserOf('decision');
/** A row of `windows.jsonl` with `kind` session, turn or session_end. */
export const parseEvent = parserOf('event');
/** A row with `kind: "window"` of `windows.jsonl`. */
export const parseWindow = parserOf('window');
/** A row of `snapshots.jsonl`. */
export const parseSnapshot = parserOf('snapshot');
/** A row with `kind: "glm_count"` of `glm_counts.jsonl`. */
export const parseGlmCount = parserOf('glm-count');
/** A row with `kind: "glm_turn"` of `glm_counts.jsonl`. */
export const parseGlmTurn = parserOf('glm-turn');
/** A row of `codex_ccusage.jsonl`, `claude_monitor.jsonl` or `proxy_telemetry.jsonl`. */
export const parseToolReport = parserOf('tool-report');
/** A row of `churn.jsonl`. */
export const parseChurn = parserOf('churn');
/** A row of `anomalies.jsonl`. */
export const parseAnomaly = parserOf('anomaly');
/** A row of `readings.jsonl`. */
export const parseMeterReading = parserOf('meter-reading');
/** A row that takes back another one. */
export const parseTombstone = parserOf('tombstone');
/** The file `metrics_summary.json`. */
export const parseMetricsSummary = parserOf('metrics-summary');
/** Body of `POST /v1/events`. */
export const parseEventUpload = parserOf('event-upload');
/** Body of `POST /v1/metrics` at the tier minimized. */
export const parseMinimizedUpload = parserOf('minimized-summary');
/** Answer of `POST /v1/events` and `POST /v1/metrics`. */
export const parseUploadAnswer = parserOf('upload-answer');
/** Answer of `GET /v1/public/report`. */
export const parseAggregateReport = parserOf('aggregate-report');
/** Content of `privacy.json`. */
export const parsePrivacyConfig = parserOf('privacy-config');
/** Content of `aggregate-keys.json`. */
export const parseAggregateKeysConfig = parserOf('aggregate-keys-config');

/** The signed part of a license pack. */
export const parseLicenseClaims = parserOf('license');
/** The file `license.pack`. Says nothing about its signature. */
export const parseLicensePack = parserOf('license-pack');
/** The signed part of a revocation list. */
export const parseRevocations = parserOf('revocations');

/** The signed part of a policy pack. */
export const parseRoutingPolicy = parserOf('policy');

/**
 * Checks a value against the contract called `name`. The value is returned as it came: nothing is copied,
 * converted, defaulted or removed.
 */
export function parse<N extends SchemaName>(name: N, value: unknown): Parsed<DocumentTypes[N]> {
  const validate = validatorOf(name);
  if (validate(value)) return { ok: true, value: value as DocumentTypes[N] };
  return { ok: false, problems: (validate.errors ?? []).map(problemOf) };
}

function parserOf<N extends SchemaName>(name: N): (value: unknown) => Parsed<DocumentTypes[N]> {
  return (value) => parse(name, value);
}

const require = createRequire(import.meta.url);
const validators = new Map<SchemaName, ValidateFunction>();
let compiler: SchemaCompiler | undefined;

function validatorOf(name: SchemaName): ValidateFunction {
  const known = validators.get(name);
  if (known !== undefined) return known;
  if (!schemaNames.includes(name)) throw new Error(`no schema is called ${name}; known: ${schemaNames.join(', ')}`);
  const validate = import.meta.url.endsWith('.ts') ? compiled(name) : built(name);
  validators.set(name, validate);
  return validate;
}

/** Written by the build: loading one takes milliseconds. */
function built(name: SchemaName): ValidateFunction {
  return require(`./generated/validators/${name}.cjs`) as ValidateFunction;
}

/** From source there is no build to rely on. */
function compiled(name: SchemaName): ValidateFunction {
  compiler ??= schemaCompiler({ optimize: false });
  const validate = compiler.getSchema(`urn:ccp:${CONTRACT_VERSION}:${name}`);
  if (validate === undefined)
    throw new Error(`the schema ${name} has another $id than urn:ccp:${CONTRACT_VERSION}:${name}`);
  return validate;
}
