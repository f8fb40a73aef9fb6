import { addCodexLimits } from './codex-limits.ts';
import type { CodexLimits } from './codex-limits.ts';
import { fieldsAt, isFields, textAt } from './json-fields.ts';
import type { Fields } from './json-fields.ts';
import { objectsOf } from './json-lines.ts';
import type { Look, PaneReading } from './pane.ts';
import { Sight } from './pane.ts';
import { vendorTime } from './vendor-time.ts';

/**
 * Reads `account/rateLimits/read` answers and `account/rateLimits/updated` notifications of the Codex app-server: the
 * last one in the text. A notification names only what changed; what it leaves out is not read as zero. Problems:
 * invalid-json, vendor-error, insufficient-data, divergent, meter-unknown, percent-out-of-range, percent-unreadable,
 * reset-unreadable, window-expired.
 */
export function parseCodexAppServer(text: string, when: Look): PaneReading<CodexLimits> {
  const sight = new Sight(text, when);
  const messages = objectsOf(sight, text).objects.map(({ fields }) => fields);
  const message = messages.findLast((fields) => isFields(fields['error']) || appServerBuckets(fields).length > 0);
  if (message === undefined) noLimits(sight);
  else if (appServerBuckets(message).length === 0) {
    const reason = textAt(fieldsAt(message, 'error'), 'message') ?? 'without a reason';
    sight.note({ code: 'vendor-error', message: `Codex refused to give its limits: ${reason}` });
  }
  const buckets = message === undefined ? [] : appServerBuckets(message);
  return sight.end(addCodexLimits(sight, buckets, { source: 'codex-app-server', confidence: 'official' }));
}

function appServerBuckets(message: Fields): readonly Fields[] {
  const [result, params] = [fieldsAt(message, 'result'), fieldsAt(message, 'params')];
  const holder = 'rateLimits' in result ? result : 'rateLimits' in params ? params : message;
  const main = holder['rateLimits'];
  const byId = Object.entries(fieldsAt(holder, 'rateLimitsByLimitId')).flatMap(([id, bucket]) =>
    isFields(bucket) ? [{ limitId: id, ...bucket }] : [],
  );
  // The main bucket is one of those by id, once more.
  const known = isFields(main) && byId.some(({ limitId }) => limitId === (textAt(main, 'limitId') ?? 'codex'));
  return isFields(main) && !known ? [main, ...byId] : byId;
}

/**
 * Reads the `rate_limits` Codex wrote to a rollout: one object, one line, or many lines of which the last with limits
 * counts, as old as its `timestamp`. They may be null. Problems as for the app-server.
 */
export function parseCodexRollout(text: string, when: Look): PaneReading<CodexLimits> {
  const sight = new Sight(text, when);
  const lines = objectsOf(sight, text).objects.map(({ fields }) => fields);
  const line = lines.findLast((fields) => rolloutLimits(fields) !== null);
  if (line === undefined) noLimits(sight);
  const limits = line === undefined ? null : rolloutLimits(line);
  const written = vendorTime(line?.['timestamp']);
  const origin = { source: 'rollout', confidence: 'official' } as const;
  const dated = written.kind === 'at' ? { ...origin, observedAt: written.iso } : origin;
  return sight.end(addCodexLimits(sight, limits === null ? [] : [limits], dated));
}

function rolloutLimits(line: Fields): Fields | null {
  const payload = isFields(line['payload']) ? line['payload'] : line;
  const limits = payload['rate_limits'];
  if (isFields(limits)) return isFields(limits['primary']) || isFields(limits['secondary']) ? limits : null;
  return isFields(payload['primary']) || isFields(payload['secondary']) ? payload : null;
}

function noLimits(sight: Sight): void {
  sight.note({ code: 'insufficient-data', message: 'the text holds no rate limits of Codex' });
}
