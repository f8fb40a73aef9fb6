import type { ProblemCode } from '../../problem.ts';
import { amountAt, documentOf, fieldsAt, isFields, listAt, textAt } from './json-fields.ts';
import type { Fields } from './json-fields.ts';
import type { Look, PaneReading, Parsed } from './pane.ts';
import { Sight } from './pane.ts';

/** What `ccusage` says of Codex for one scope; null: not told. */
export interface CodexUsage extends Parsed {
  readonly scope: 'session' | 'daily' | 'weekly';
  /** Sessions or days in the report; a week is one. */
  readonly entries: number;
  readonly total_tokens: number | null;
  readonly percent_used: number | null;
  readonly tokens_remaining: number | null;
  readonly cost_usd: number | null;
  /** The newest session, its last activity, the newest day, or the ends of the week, as printed. */
  readonly latest: string | null;
  readonly reset_at: string | null;
}

type Found = Omit<CodexUsage, 'errors' | 'scope'>;

const NOTHING: Found = {
  entries: 0,
  total_tokens: null,
  percent_used: null,
  tokens_remaining: null,
  cost_usd: null,
  latest: null,
  reset_at: null,
};

/**
 * Reads the JSON of `ccusage` for Codex: sessions, days or the current week. The scope is the one asked for, else the one
 * the shape tells. Problems: invalid-json, invalid-sessions, no-sessions, invalid-days, no-days, invalid-week.
 */
export function parseCodexUsage(text: string, when: Look): PaneReading<CodexUsage> {
  const sight = new Sight(text, when);
  const document = documentOf(sight, text);
  const scope = when.scope ?? scopeOf(document);
  const fields = isFields(document) ? document : {};
  const found = document === undefined ? NOTHING : READERS[scope](sight, fields);
  return sight.end({ scope, ...found });
}

const READERS = { session: sessions, daily: days, weekly: week } as const;

function scopeOf(document: unknown): CodexUsage['scope'] {
  if (!isFields(document)) return 'session';
  if ('days' in document || 'daily' in document) return 'daily';
  return 'currentWeek' in document || 'week' in document ? 'weekly' : 'session';
}

function sessions(sight: Sight, document: Fields): Found {
  if (!Array.isArray(document['sessions']))
    return nothing(sight, 'invalid-sessions', 'the document has no list of sessions');
  const all = listAt(document, 'sessions');
  if (all.length === 0) return nothing(sight, 'no-sessions', 'the list of sessions is empty');
  const latest = all
    .toSorted((a, b) => ((textAt(a, 'lastActivity') ?? '') < (textAt(b, 'lastActivity') ?? '') ? -1 : 1))
    .at(-1);
  const totals = fieldsAt(document, 'totals');
  return {
    ...NOTHING,
    entries: all.length,
    // The totals may cover more than is listed.
    total_tokens: amountAt(totals, 'totalTokens') ?? sumOf(all, 'totalTokens'),
    cost_usd: amountAt(totals, 'costUSD') ?? sumOf(all, 'costUSD'),
    latest: latest === undefined ? null : textAt(latest, 'lastActivity'),
  };
}

function days(sight: Sight, document: Fields): Found {
  const list = document['days'] ?? document['daily'];
  if (!Array.isArray(list)) return nothing(sight, 'invalid-days', 'the document has no list of days');
  const all = list.filter(isFields);
  const day = all.toSorted((a, b) => ((textAt(a, 'date') ?? '') < (textAt(b, 'date') ?? '') ? -1 : 1)).at(-1);
  if (day === undefined) return nothing(sight, 'no-days', 'the list of days is empty');
  return {
    ...NOTHING,
    entries: all.length,
    total_tokens: amountAt(day, 'totalTokens') ?? amountAt(day, 'tokens'),
    percent_used: amountAt(day, 'percentUsed') ?? amountAt(day, 'percent'),
    cost_usd: amountAt(day, 'costUSD') ?? amountAt(day, 'cost'),
    latest: textAt(day, 'date'),
    reset_at: textAt(document, 'resetAt'),
  };
}

function week(sight: Sight, document: Fields): Found {
  const current = isFields(document['currentWeek']) ? document['currentWeek'] : document['week'];
  if (!isFields(current)) return nothing(sight, 'invalid-week', 'the document has no week');
  const [start, end] = [textAt(current, 'startDate'), textAt(current, 'endDate')];
  return {
    ...NOTHING,
    entries: 1,
    total_tokens: amountAt(current, 'tokensUsed'),
    percent_used: amountAt(current, 'percentUsed'),
    tokens_remaining: amountAt(current, 'tokensRemaining'),
    cost_usd: amountAt(current, 'costUSD'),
    latest: start === null && end === null ? null : `${start ?? '?'} to ${end ?? '?'}`,
    reset_at: textAt(document, 'resetAt'),
  };
}

function nothing(sight: Sight, code: ProblemCode, message: string): Found {
  sight.note({
    code,
    message,
    remedy: 'Give the JSON of ccusage for Codex unchanged, and --scope where its shape does not tell',
  });
  return NOTHING;
}

/** Null when one of them gives no number: part of a sum is a wrong number. */
function sumOf(all: readonly Fields[], key: string): number | null {
  const amounts = all.map((one) => amountAt(one, key));
  return amounts.includes(null) ? null : amounts.reduce<number>((sum, one) => sum + (one ?? 0), 0);
}
