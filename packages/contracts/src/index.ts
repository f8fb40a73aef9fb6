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
  parseAggregateKeysConfig,
  parseAggregateReport,
  parseAnomaly,
  parseCccSnapshot,
  parseChurn,
  parseCost,
  parseDecision,
  parseError,
  parseEvent,
  parseEventUpload,
  parseFeature,
  parseGlmCount,
  parseGlmTurn,
  parseMeasurement,
  parseMeterReading,
  parseMetricsSummary,
  parseMinimizedUpload,
  parsePrivacyConfig,
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
  parseUploadAnswer,
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
export { beyondMinimized, fullEvent, fullSummary, isPrivacyTier, minimizedSummary } from './privacy-tier.ts';
export { MINIMIZED_KEYS, PRIVACY_TIERS, TIER_RULES } from './privacy-tier.ts';
export type { MinimizedSummary, PrivacyTier, TierRule } from './privacy-tier.ts';
export { hashName } from './redact.ts';
export type { Redacted, RedactOptions, Redaction } from './redact.ts';
