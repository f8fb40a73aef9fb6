import { createHash } from 'node:crypto';
import { addClaudeWindows } from './claude-meters.ts';
import type { ClaudeOrigin, ClaudeParsed } from './claude-meters.ts';
import { readUtilization } from './get-usage.ts';
import { documentOf, fieldsAt, isFields, textAt } from './json-fields.ts';
import type { Look, PaneReading } from './pane.ts';
import { Sight } from './pane.ts';
import { vendorTime } from './vendor-time.ts';

/** Claude Code itself trusts what it cached for an hour. */
const TRUSTED_MS = 3_600_000;
const CLOCK_SKEW_MS = 300_000;

/**
 * Reads `cachedUsageUtilization` of the configuration of Claude Code: the whole file or that object alone. Readings are
 * as old as `fetchedAtMs`; with the organisation beside it, the account is its SHA-256 (one person may have several).
 * Problems as for get_usage, and stale-reading.
 */
export function parseClaudeCache(text: string, when: Look): PaneReading<ClaudeParsed> {
  const sight = new Sight(text, when);
  const document = documentOf(sight, text);
  const cached = fieldsAt(document, 'cachedUsageUtilization');
  const cache = Object.keys(cached).length > 0 ? cached : isFields(document) ? document : {};
  const fetched = vendorTime(cache['fetchedAtMs']);
  const origin: ClaudeOrigin = { source: 'cache', confidence: 'official' };
  if (document === undefined) return sight.end(addClaudeWindows(sight, [], origin));
  if (fetched.kind !== 'at' || !isFields(cache['utilization'])) {
    sight.note({ code: 'insufficient-data', message: 'the file caches no usage, or does not say from when' });
    return sight.end(addClaudeWindows(sight, [], origin));
  }
  const ageMs = sight.observedMs - Date.parse(fetched.iso);
  if (ageMs < -CLOCK_SKEW_MS) {
    sight.note({ code: 'clock-skew', message: `the cached usage is from ${fetched.iso}, after it was read` });
    return sight.end(addClaudeWindows(sight, [], origin));
  }
  if (!(ageMs <= TRUSTED_MS)) {
    const message = `the cached usage is ${Math.round(ageMs / 60_000)} minutes old`;
    sight.note({ code: 'stale-reading', message, remedy: 'Open /usage in Claude Code to refresh it' });
  }
  const organization = textAt(fieldsAt(document, 'oauthAccount'), 'organizationUuid');
  const full: ClaudeOrigin = {
    ...origin,
    observedAt: fetched.iso,
    status: ageMs <= TRUSTED_MS ? null : 'stale',
    ...(organization === null ? {} : { account: createHash('sha256').update(organization).digest('hex') }),
  };
  return sight.end(addClaudeWindows(sight, readUtilization(sight, fieldsAt(cache, 'utilization'), full), full));
}
