import { amountAt, fieldsAt, isFields, resetField, sharePp, textAt } from './json-fields.ts';
import type { Fields } from './json-fields.ts';
import type { Sight } from './pane.ts';

/** What one report says; null: not told. */
export interface CcusageFields {
  readonly scope: 'session' | 'daily' | 'weekly';
  /** Sessions or days in the report; a week is one. */
  readonly entries: number;
  readonly total_tokens: number | null;
  readonly percent_used: number | null;
  readonly tokens_remaining: number | null;
  readonly cost_usd: number | null;
  /** The newest session's last activity, the newest day, or the ends of the week, as printed. */
  readonly latest: string | null;
  readonly reset_at: string | null;
  /** Of a report by session. */
  readonly session_count?: number;
}

/** Of a document that is no report. */
export const NO_FIGURES: Omit<CcusageFields, 'scope'> = {
  entries: 0,
  total_tokens: null,
  percent_used: null,
  tokens_remaining: null,
  cost_usd: null,
  latest: null,
  reset_at: null,
};

export interface CcusageReport {
  readonly fields: Omit<CcusageFields, 'scope'>;
  readonly resetsAt: string | null;
  /** Tokens; null: not known. */
  readonly limit: number | null;
}

const REMEDY = 'Give the JSON of ccusage for Codex unchanged, and --scope where its shape does not tell';

/** `{sessions[{sessionId, totalTokens, costUSD, lastActivity}], totals{totalTokens, costUSD}}`; totals win. */
export function readSession(sight: Sight, document: Fields): CcusageReport | null {
  const sessions = document['sessions'];
  if (!Array.isArray(sessions) || !sessions.every(isFields)) {
    sight.note({ code: 'invalid-sessions', message: 'the document has no list of sessions', remedy: REMEDY });
    return null;
  }
  if (sessions.length === 0) {
    sight.note({ code: 'no-sessions', message: 'the list of sessions is empty' });
    return null;
  }
  const latest = newest(sessions, 'lastActivity');
  const totals = fieldsAt(document, 'totals');
  const tokens = amountAt(totals, 'totalTokens') ?? sum(sessions, 'totalTokens');
  if (tokens === null) sight.note({ code: 'invalid-sessions', message: 'a session has no count of tokens' });
  const fields = {
    ...NO_FIGURES,
    total_tokens: tokens,
    cost_usd: amountAt(totals, 'costUSD') ?? sum(sessions, 'costUSD'),
    entries: sessions.length,
    session_count: sessions.length,
    latest: textAt(latest, 'lastActivity'),
  };
  return { fields, resetsAt: null, limit: null };
}

/** `{days|daily[{date, totalTokens|tokens, percentUsed|percent, costUSD|cost}], resetAt}`: the latest day. */
export function readDaily(sight: Sight, document: Fields): CcusageReport | null {
  const days = document['days'] ?? document['daily'];
  if (!Array.isArray(days) || !days.every(isFields)) {
    sight.note({ code: 'invalid-days', message: 'the document has no list of days', remedy: REMEDY });
    return null;
  }
  if (days.length === 0) {
    sight.note({ code: 'no-days', message: 'the list of days is empty' });
    return null;
  }
  const day = newest(days, 'date');
  const resetsAt = resetField(sight, document['resetAt'], 'ccusage daily');
  const tokens = amountAt(day, 'totalTokens') ?? amountAt(day, 'tokens');
  const percent = sharePp(sight, day['percentUsed'] ?? day['percent'], 'percent-used', 'ccusage daily');
  if (tokens === null && percent === null) {
    sight.note({ code: 'invalid-days', message: 'the latest day has neither tokens nor a percentage' });
  }
  const fields = {
    ...NO_FIGURES,
    total_tokens: tokens,
    cost_usd: amountAt(day, 'costUSD') ?? amountAt(day, 'cost'),
    percent_used: percent,
    entries: days.length,
    latest: textAt(day, 'date'),
    reset_at: textAt(document, 'resetAt'),
  };
  return { fields, resetsAt, limit: null };
}

/** `currentWeek|week: {startDate, endDate, percentUsed, tokensUsed, tokensRemaining, costUSD}`. */
export function readWeekly(sight: Sight, document: Fields): CcusageReport | null {
  const week = document['currentWeek'] ?? document['week'];
  if (!isFields(week)) {
    sight.note({ code: 'invalid-week', message: 'the document has no week', remedy: REMEDY });
    return null;
  }
  const [start, end] = [textAt(week, 'startDate'), textAt(week, 'endDate')];
  const used = amountAt(week, 'tokensUsed');
  const remaining = amountAt(week, 'tokensRemaining');
  const limit = used === null || remaining === null ? null : used + remaining;
  const printed = sharePp(sight, week['percentUsed'], 'percent-used', 'ccusage weekly');
  if (used === null && printed === null) {
    sight.note({ code: 'invalid-week', message: 'the week has neither tokens nor a percentage' });
  }
  const fields = {
    ...NO_FIGURES,
    total_tokens: used,
    cost_usd: amountAt(week, 'costUSD'),
    percent_used: agreeing(sight, printed, used, limit),
    entries: 1,
    tokens_remaining: remaining,
    latest: start === null && end === null ? null : `${start ?? '?'} to ${end ?? '?'}`,
    reset_at: textAt(document, 'resetAt'),
  };
  return { fields, resetsAt: null, limit };
}

/** A share printed as a fraction, or of another limit, does not fit the tokens beside it. */
function agreeing(sight: Sight, printed: number | null, used: number | null, limit: number | null): number | null {
  if (printed === null || used === null || limit === null || limit === 0) return printed;
  const counted = (used / limit) * 100;
  if (Math.abs(counted - printed) <= 1.01) return printed;
  const message = `the week is ${printed}% used as printed and ${counted.toFixed(1)}% by its tokens; neither is used`;
  sight.note({ code: 'divergent', message });
  return null;
}

/** Null where one of them has none: a part of a sum would look like all of it. */
function sum(list: readonly Fields[], key: string): number | null {
  return list.reduce<number | null>((total, fields) => {
    const amount = amountAt(fields, key);
    return total === null || amount === null ? null : total + amount;
  }, 0);
}

/** The object with the greatest text (an ISO date or time) in a field; the later one of equals. */
function newest(list: readonly Fields[], key: string): Fields {
  return list.reduce(
    (latest, fields) => ((textAt(fields, key) ?? '') >= (textAt(latest, key) ?? '') ? fields : latest),
    {},
  );
}
