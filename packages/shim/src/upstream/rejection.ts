import { accessRegainedInText, readErrorSaid, resetInText, type ErrorSaid } from './error-said.ts';
import { providerSkewS } from './provider-clock.ts';
import { codeMeaning, type CodeMeaning } from './provider-codes.ts';
import {
  believable,
  claimedWindow,
  CLOSED,
  floatingReset,
  fullCodexWindows,
  hasKeyLimits,
  hasRateHeaders,
  nameHeaders,
  readUnified,
  retryAfterS,
  usedUpKeyLimits,
  type NamedHeaders,
  type RejectedWindow,
  type UnifiedWord,
} from './rejected-windows.ts';

export type RejectionKind =
  | 'five_hour'
  | 'weekly'
  /** The week of one family of models; the account's own windows are open. */
  | 'weekly_model'
  | 'per_minute'
  /** This request only, for no reason that outlasts it. */
  | 'request_scoped'
  | 'spend'
  | 'long_context'
  | 'overloaded'
  | 'concurrency'
  | 'balance'
  | 'plan'
  /** Too many requests, and not a word more. */
  | 'bare';

/** What a provider would not serve, and until when. */
export interface Rejection {
  readonly kind: RejectionKind;
  /** What must rest: the whole lane, this model on it, or nothing (only this request). */
  readonly scope: 'lane' | 'model' | 'request';
  /** Epoch seconds at which the rejected window is over; null: the provider gave none. Latest of several, never later. */
  readonly endsTs: number | null;
  readonly source: 'window_reset' | 'retry_after' | 'body' | 'none';
  /** Seconds from now where the provider gave a wait, or a time by another clock: it moves along when ours is set back. */
  readonly waitS: number | null;
  /** The rejected  */
  readonly windows: readonly { readonly meter: string; readonly resetsTs: number | null }[];
  /** May another lane be tried for this request before the first byte? */
  readonly tryNext: boolean;
  /** In few words, for logs. */
  readonly reason: string;
}

export interface RefusingAnswer {
  readonly status: number;
  /** Flat name, value list. */
  readonly headers: readonly string[];
  readonly body: Buffer | string;
  readonly nowTs: number;
}

/**
 * Tells the kinds of refusal apart; null: an answer, or an error that says nothing about limits.
 *
 * The order of the rules is the point. A window's own status is the best witness; what the body says comes next; the
 * status of the whole, which floats from window to window, counts only where neither spoke. `x-should-retry` is for the
 * client's library and says nothing about what is used up: also full windows come with it.
 */
export function classifyRejection(answer: RefusingAnswer): Rejection | null {
  if (answer.status < 400) return null;
  const skewS = providerSkewS(answer.headers, answer.nowTs);
  if (skewS === 0) return classify(answer);
  // Its times are judged by its own clock; what is left of them is a wait.
  const found = classify({ ...answer, nowTs: answer.nowTs + skewS });
  return found === null ? null : asWait(found, skewS, answer.nowTs);
}

function asWait(found: Rejection, skewS: number, nowTs: number): Rejection {
  const ours = (ts: number | null): number | null => (ts === null ? null : ts - skewS);
  const endsTs = ours(found.endsTs);
  const windows = found.windows.map(({ meter, resetsTs }) => ({ meter, resetsTs: ours(resetsTs) }));
  return { ...found, endsTs, waitS: endsTs === null ? null : endsTs - nowTs, windows };
}

function classify({ status, headers, body, nowTs }: RefusingAnswer): Rejection | null {
  const named = nameHeaders(headers);
  const unified = readUnified(named, nowTs);
  const evidence = { status, named, unified, said: readErrorSaid(body), nowTs };
  for (const rule of RULES) {
    const found = rule(evidence);
    if (found === 'no_rejection') return null;
    if (found !== null) return found;
  }
  return null;
}

interface Evidence {
  readonly status: number;
  readonly named: NamedHeaders;
  readonly unified: UnifiedWord;
  readonly said: ErrorSaid;
  readonly nowTs: number;
}

type Rule = (evidence: Evidence) => Rejection | 'no_rejection' | null;

const RULES: readonly Rule[] = [
  overloaded,
  fullWindow,
  businessCode,
  longContext,
  moneySpent,
  closedAsAWhole,
  codexWindow,
  keyLimit,
  unexplained,
];

/** The provider is busy, whoever asks. Its rate headers, if any, are those of a request that was never counted. */
function overloaded({ status, said }: Evidence): Rejection | null {
  return status === 529 || said.type === 'overloaded_error' ? ofRequest('overloaded', 'overloaded') : null;
}

function fullWindow(evidence: Evidence): Rejection | null {
  return speaksOfLimits(evidence) ? ofWindows(evidence.unified.rejected, evidence) : null;
}

function businessCode(evidence: Evidence): Rejection | 'no_rejection' | null {
  const meaning = codeMeaning(evidence.said);
  return meaning === null || meaning === 'no_rejection' ? meaning : ofCode(meaning, evidence);
}

function ofCode(meaning: CodeMeaning, evidence: Evidence): Rejection {
  const { kind, scope, meter, reason } = meaning;
  if (scope === 'request') return ofRequest(kind, reason);
  const reset = resetOfCode(meaning, evidence);
  if (reset !== null) {
    const full = meter === null ? [] : [{ meter, resetsTs: reset.endsTs }];
    return { kind, scope, ...reset, waitS: null, windows: full, tryNext: true, reason };
  }
  // "Weekly or monthly": only the reset tells which.
  const monthly: CodeMeaning = { ...meaning, kind: 'spend', meter: 'plan-month' };
  if (kind === 'weekly' && resetOfCode(monthly, evidence) !== null) return ofCode(monthly, evidence);
  const full = meter === null ? [] : [{ meter, resetsTs: null }];
  return { ...limitOf(kind, scope, reason, evidence), windows: full };
}

function resetOfCode({ kind, meter }: CodeMeaning, { named, unified, said, nowTs }: Evidence): Reset | null {
  const header = CLOSED.has(unified.status) ? floatingReset(named, kind, nowTs) : null;
  if (header !== null) return { endsTs: header, source: 'window_reset' };
  const text = meter === null ? null : believable(resetInText(said.message), kind, nowTs);
  return text === null ? null : { endsTs: text, source: 'body' };
}

interface Reset {
  readonly endsTs: number;
  readonly source: 'window_reset' | 'body';
}

function longContext({ status, said }: Evidence): Rejection | null {
  if (!MAY_REFUSE.has(status) || !/^extra usage is required for (?:long|1m) context/i.test(said.message)) return null;
  return ofRequest('long_context', 'long context needs extra usage');
}

/** Caps that people set and money that is gone arrive under several statuses; the text tells. */
function moneySpent(evidence: Evidence): Rejection | null {
  const { status, said, nowTs } = evidence;
  if (!MAY_REFUSE.has(status)) return null;
  if (/^you have reached your specified .{0,40}usage limits/i.test(said.message)) {
    const endsTs = believable(accessRegainedInText(said.message), 'spend', nowTs);
    const end = endsTs === null ? waitEnd('spend', evidence) : ({ endsTs, source: 'body', waitS: null } as const);
    return { ...limitOf('spend', 'lane', 'spend cap reached', evidence), ...end };
  }
  // Depends on what this request wants on top of the plan; the next one may want nothing.
  if (/^(?:you're|you are) out of extra usage/i.test(said.message)) return ofRequest('balance', 'out of extra usage');
  const isBroke =
    status === 402 ||
    said.type === 'billing_error' ||
    said.type === 'insufficient_quota' ||
    /^your credit balance is too low/i.test(said.message);
  return isBroke ? limitOf('balance', 'lane', 'credit used up', evidence) : null;
}

/** The status of the whole, where no window has one of its own that says the same. */
function closedAsAWhole(evidence: Evidence): Rejection | null {
  const { named, unified, nowTs } = evidence;
  if (!speaksOfLimits(evidence) || unified.status === '') return null;
  if (unified.status.startsWith('queueing')) return limitOf('concurrency', 'model', 'asked to queue', evidence);
  if (unified.status === 'payment_required') return limitOf('balance', 'lane', 'payment required', evidence);
  if (!CLOSED.has(unified.status)) return null;
  const claimed = claimedWindow(named, unified, nowTs);
  if (claimed !== null) return ofWindows([claimed], evidence);
  if (unified.open.size > 0) return null;
  if (unified.status === 'blocked') return limitOf('plan', 'lane', 'account blocked', evidence);
  const resetsTs = floatingReset(named, 'weekly', nowTs);
  return { ...byDistance(resetsTs, 'window_reset', evidence), windows: [{ meter: 'unified', resetsTs }] };
}

function codexWindow(evidence: Evidence): Rejection | null {
  if (!speaksOfLimits(evidence)) return null;
  const { said, named, nowTs } = evidence;
  const full = ofWindows(fullCodexWindows(named, nowTs), evidence);
  if (full !== null || said.type !== 'usage_limit_reached') return full;
  return byDistance(believable(said.resetsTs, 'weekly', nowTs), 'body', evidence);
}

function keyLimit(evidence: Evidence): Rejection | null {
  if (evidence.status !== 429) return null;
  const usedUp = ofWindows(usedUpKeyLimits(evidence.named, evidence.nowTs), evidence);
  if (usedUp !== null || !hasKeyLimits(evidence.named)) return usedUp;
  return limitOf('per_minute', 'model', 'rate limit', evidence);
}

function unexplained(evidence: Evidence): Rejection | null {
  const { status, named } = evidence;
  if (status !== 429) return null;
  const bare = limitOf('bare', 'model', 'too many requests', evidence);
  const isForThisOne = named.has('x-should-retry') && !hasRateHeaders(named) && bare.endsTs === null;
  return isForThisOne ? ofRequest('request_scoped', 'this request only') : bare;
}

/** Statuses under which a limit may be meant at all. */
const MAY_REFUSE: ReadonlySet<number> = new Set([400, 402, 403, 429]);

/** Rate headers come with every answer; only here do they explain it. */
function speaksOfLimits({ status }: Evidence): boolean {
  return status === 429 || status === 402;
}

/** Of several windows the one that opens last decides; of equal ones the one that counts everything. */
function ofWindows(rejected: readonly RejectedWindow[], evidence: Evidence): Rejection | null {
  const [first, ...others] = rejected;
  if (first === undefined) return null;
  const last = others.reduce((latest, one) => (opensLater(one, latest) ? one : latest), first);
  const { kind, scope, resetsTs, meter } = last;
  const reason = `${meter.replace(/^(?:unified|codex)-/, '')} window exhausted`;
  const end =
    resetsTs === null ? waitEnd(kind, evidence) : ({ endsTs: resetsTs, source: 'window_reset', waitS: null } as const);
  const named = rejected.map((one) => ({ meter: one.meter, resetsTs: one.resetsTs }));
  return { kind, scope, ...end, windows: named, tryNext: true, reason };
}

function opensLater(one: RejectedWindow, other: RejectedWindow): boolean {
  const difference = (one.resetsTs ?? 0) - (other.resetsTs ?? 0);
  return difference > 0 || (difference === 0 && one.scope === 'lane' && other.scope === 'model');
}

/** A limit without a name: what opens later than five hours from now is no window of five hours. */
function byDistance(endsTs: number | null, source: 'window_reset' | 'body', evidence: Evidence): Rejection {
  const end = endsTs === null ? waitEnd('weekly', evidence) : { endsTs, source, waitS: null };
  const away = end.endsTs === null ? null : end.endsTs - evidence.nowTs;
  const kind = away === null ? 'bare' : away <= FIVE_HOURS_S ? 'five_hour' : 'weekly';
  return { kind, scope: 'lane', ...end, windows: [], tryNext: true, reason: 'limit reached' };
}

/** With the rounding of a reset to whole minutes. */
const FIVE_HOURS_S = 18_060;

/** A limit that belongs to no window of which the end is known. */
function limitOf(kind: RejectionKind, scope: 'lane' | 'model', reason: string, evidence: Evidence): Rejection {
  return { kind, scope, ...waitEnd(kind, evidence), windows: [], tryNext: true, reason };
}

function ofRequest(kind: RejectionKind, reason: string): Rejection {
  return { kind, scope: 'request', endsTs: null, source: 'none', waitS: null, windows: [], tryNext: true, reason };
}

function waitEnd(kind: string, { named, nowTs }: Evidence): Pick<Rejection, 'endsTs' | 'source' | 'waitS'> {
  const waitS = retryAfterS(named, nowTs);
  const endsTs = waitS === null ? null : believable(nowTs + waitS, kind, nowTs);
  return endsTs === null ? { endsTs: null, source: 'none', waitS: null } : { endsTs, source: 'retry_after', waitS };
}
