import { NO_FIGURES, readDaily, readSession, readWeekly } from './ccusage-shapes.ts';
import type { CcusageFields, CcusageReport } from './ccusage-shapes.ts';
import { documentOf, isFields } from './json-fields.ts';
import type { Fields } from './json-fields.ts';
import { addMeter } from './meter.ts';
import type { Look, PaneReading, Parsed } from './pane.ts';
import { Sight } from './pane.ts';

/** What `ccusage` says of Codex for one scope; null: not told. */
export type CodexUsage = Parsed & CcusageFields;

const READERS = { session: readSession, daily: readDaily, weekly: readWeekly } as const;
const WINDOW_MIN = { daily: 1440, weekly: 10_080 } as const;

/**
 * Reads a report of `ccusage` on Codex: `session`, `daily` or `weekly`, as `when.scope` says or by its shape. What it
 * knows of limits it infers from logs: an estimate. Problems: invalid-json, invalid-sessions, no-sessions, invalid-days,
 * no-days, invalid-week, divergent, percent-out-of-range, reset-unreadable, window-expired.
 */
export function parseCodexUsage(text: string, when: Look): PaneReading<CodexUsage> {
  const sight = new Sight(text, when);
  const document = documentOf(sight, text);
  const fields = isFields(document) ? document : {};
  const scope = when.scope ?? scopeOf(fields);
  const report: CcusageReport | null = document === undefined ? null : READERS[scope](sight, fields);
  if (report !== null && scope !== 'session') addReport(sight, scope, report);
  return sight.end({ ...(report?.fields ?? NO_FIGURES), scope });
}

/** By its shape; sessions where that tells nothing. */
function scopeOf(fields: Fields): CcusageFields['scope'] {
  if ('days' in fields || 'daily' in fields) return 'daily';
  return 'currentWeek' in fields || 'week' in fields ? 'weekly' : 'session';
}

/** A share is a meter, if an estimated one; tokens alone are none. */
function addReport(sight: Sight, scope: 'daily' | 'weekly', { fields, resetsAt, limit }: CcusageReport): void {
  if (fields.percent_used === null) return;
  addMeter(sight, {
    provider: 'codex',
    scope: 'all',
    windowMin: WINDOW_MIN[scope],
    usedPp: fields.percent_used,
    used: fields.total_tokens,
    limit,
    unit: 'tokens',
    resetsAt,
    source: 'ccusage',
    confidence: 'estimate',
    meter: `ccusage ${scope}`,
  });
}
