/**
 * What shim and tracker agree on: the JSON Schemas, their types, and one parser per document.
 *
 * @example
 * const usage = parseUsage(await response.json());
 * if (!usage.ok) return usage.problems;
 */
export * from './generated/types.ts';
export { schemaNames, schemas } from './generated/schemas.ts';
export type { JsonSchema, SchemaName } from './generated/schemas.ts';
export {
  CONTRACT_VERSION,
  parse,
  parseAnomaly,
  parseCccSnapshot,
  parseChurn,
  parseCost,
  parseDecision,
  parseError,
  parseEvent,
  parseFeature,
  parseGlmCount,
  parseGlmTurn,
  parseMeasurement,
  parseMeterReading,
  parseMetricsSummary,
  parseProvidersConfig,
  parseQuotas,
  parseQuotasConfig,
  parseReadyz,
  parseRollups,
  parseSample,
  parseSamples,
  parseSession,
  parseSnapshot,
  parseTombstone,
  parseToolReport,
  parseTurn,
  parseUsage,
  parseUsageEvent,
  parseValue,
  parseWindow,
} from './parse.ts';
export type { Parsed, Problem } from './parse.ts';
export { findBreakingChanges, findBreakingChangesIn } from './compat.ts';
export type { BreakingChange, ChangeKind } from './breaking-change.ts';
export type { SchemaSet } from './schema-view.ts';
export { missingFields, unknownFields } from './fields.ts';
