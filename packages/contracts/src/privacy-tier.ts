import type { MetricsSummary, TrackerEvent } from './generated/types.ts';
import { canonicalTime, redact } from './redact.ts';
import type { Redacted, RedactOptions } from './redact.ts';
import { EVENT_RULES, SUMMARY_RULES } from './redaction-rules.ts';

/** How much may leave the machine, least first. */
export const PRIVACY_TIERS = ['local', 'minimized', 'full'] as const;

export type PrivacyTier = (typeof PRIVACY_TIERS)[number];

export interface TierRule {
  /** Whether sessions and turns go to `/v1/events`. */
  readonly sendsEvents: boolean;
  /** Whether the summary goes to `/v1/metrics`. */
  readonly sendsSummary: boolean;
  /** Feature a license must have; null: none is needed. */
  readonly requires: string | null;
}

/** What each tier sends, and what it takes. */
export const TIER_RULES: Readonly<Record<PrivacyTier, TierRule>> = {
  local: { sendsEvents: false, sendsSummary: false, requires: null },
  minimized: { sendsEvents: false, sendsSummary: true, requires: 'telemetry_minimized' },
  full: { sendsEvents: true, sendsSummary: true, requires: 'telemetry_full' },
};

/** The closed set: what leaves of a summary at the tier minimized. */
export const MINIMIZED_KEYS = [
  'generated_at',
  'features_shipped',
  'features_per_capacity',
  'avg_cls',
  'avg_impf',
  'avg_churn_score',
  'capacity_used',
] as const;

/** A summary at the tier minimized: numbers, null, and one time. */
export type MinimizedSummary = { readonly generated_at?: string } & {
  readonly [Key in Exclude<(typeof MINIMIZED_KEYS)[number], 'generated_at'>]?: number | null;
};

/** Whether `text` names a tier. */
export function isPrivacyTier(text: unknown): text is PrivacyTier {
  return (PRIVACY_TIERS as readonly unknown[]).includes(text);
}

/**
 * The keys of the closed set that the summary has, in its order. Numbers as they are; the only text is the time, written
 * anew in ISO 8601 UTC. A key with anything else in it is left out, whatever the summary is.
 */
export function minimizedSummary(summary: MetricsSummary): MinimizedSummary {
  const entries = MINIMIZED_KEYS.flatMap((key): [string, unknown][] => {
    const value: unknown = Object.hasOwn(summary, key) ? summary[key] : undefined;
    if (key === 'generated_at') {
      const time = typeof value === 'string' ? canonicalTime(value) : null;
      return time === null ? [] : [[key, time]];
    }
    return value === null || (typeof value === 'number' && Number.isFinite(value)) ? [[key, value]] : [];
  });
  return Object.fromEntries(entries) as MinimizedSummary;
}

/** Every reason why a document is more than {@link minimizedSummary} lets pass, as JSON pointers; empty: it is not. */
export function beyondMinimized(document: object): string[] {
  const allowed = minimizedSummary(document as MetricsSummary);
  return Object.entries(document)
    .filter(([key, value]) => !Object.hasOwn(allowed, key) || allowed[key as keyof MinimizedSummary] !== value)
    .map(([key]) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
}

/** A summary at the tier full. */
export function fullSummary(summary: MetricsSummary, options: RedactOptions): Redacted<MetricsSummary> {
  return redact(summary, SUMMARY_RULES, options) as unknown as Redacted<MetricsSummary>;
}

/** An event at the tier full. */
export function fullEvent(event: TrackerEvent, options: RedactOptions): Redacted<TrackerEvent> {
  return redact(event, EVENT_RULES, options) as unknown as Redacted<TrackerEvent>;
}
