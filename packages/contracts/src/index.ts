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
  parseLicenseClaims,
  parseLicensePack,
  parseMeasurement,
  parseMeterReading,
  parseMetricsSummary,
  parseMinimizedUpload,
  parsePrivacyConfig,
  parseProvidersConfig,
  parseQuotas,
  parseQuotasConfig,
  parseReadyz,
  parseRevocations,
  parseRollups,
  parseRoutingPolicy,
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
export { openApi } from './openapi.ts';
export { canonicalJson } from './canonical-json.ts';
export type { CanonicalForm } from './canonical-json.ts';
export type { Denial, DenialCode, Denied } from './license/denial.ts';
export { deviceHash } from './license/device.ts';
export type { Device } from './license/device.ts';
export { parseKeyBundle } from './license/key-bundle.ts';
export type { KeyBundle, TrustedKey } from './license/key-bundle.ts';
export { licenseMetadata } from './license/metadata.ts';
export { verifyPolicy } from './license/policy.ts';
export type { PolicyContext, PolicyVerdict, ValidPolicy } from './license/policy.ts';
export { verifyRevocations } from './license/revocations.ts';
export type { RevocationContext, RevocationVerdict, ValidRevocations } from './license/revocations.ts';
export { sealDocument } from './license/seal.ts';
export type { SealedDocument } from './license/seal.ts';
export { packParts } from './license/signed-document.ts';
export type { SignedFiles } from './license/signed-document.ts';
export { CLOCK_SKEW_S } from './license/trust.ts';
export type { Clock } from './license/trust.ts';
export { bindDevice, checkEntitlement, licenseIdOf, verifyLicense } from './license/verify-license.ts';
export type { Entitlement, LicenseContext, LicenseVerdict, ValidLicense } from './license/verify-license.ts';
export { beyondMinimized, fullEvent, fullSummary, isPrivacyTier, minimizedSummary } from './privacy-tier.ts';
export { MINIMIZED_KEYS, PRIVACY_TIERS, TIER_RULES } from './privacy-tier.ts';
export type { MinimizedSummary, PrivacyTier, TierRule } from './privacy-tier.ts';
export { hashName } from './redact.ts';
export type { Redacted, RedactOptions, Redaction } from './redact.ts';
