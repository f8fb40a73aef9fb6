import { parseUploadAnswer } from '@ccp/contracts';
import type { UploadAnswer } from '@ccp/contracts';

/** What came back, or did not. */
export type Reply =
  | { readonly status: number; readonly retryAfter: string | undefined; readonly text: string }
  /** The connection failed: a code of the operating system, or in words. */
  | { readonly status: 0; readonly reason: string };

export type Judgement =
  | { readonly kind: 'kept'; readonly answer: UploadAnswer }
  /** The same again later. `afterMs` is what the aggregator asked for. */
  | { readonly kind: 'retry'; readonly reason: string; readonly afterMs: number | null }
  /** Fewer at once. */
  | { readonly kind: 'smaller' }
  /** Not until somebody has changed something. */
  | { readonly kind: 'stop'; readonly reason: string; readonly remedy: string };

/** What an answer means for what was sent. Nothing but `kept` lets a row leave the queue. */
export function judge(reply: Reply, nowMs: number): Judgement {
  if ('reason' in reply) return { kind: 'retry', reason: reply.reason, afterMs: null };
  const { status, text } = reply;
  if (status >= 200 && status < 300) {
    const answer = answerIn(text);
    if (answer !== null) return { kind: 'kept', answer };
    return { kind: 'retry', reason: `it answered ${status}, but not as an aggregator does`, afterMs: null };
  }
  const said = messageIn(text);
  const reason = `it answered ${status}${said === '' ? '' : ` (${said})`}`;
  if (status === 413) return { kind: 'smaller' };
  if (status === 429 || status === 408 || status === 425 || status >= 500)
    return { kind: 'retry', reason, afterMs: retryAfterMs(reply.retryAfter, nowMs) };
  return { kind: 'stop', reason, remedy: REMEDIES[status] ?? OTHER_REMEDY };
}

const KEY_REMEDY =
  'Ask who runs the aggregator for a key that is entitled to this tier: tracker privacy set TIER --key-file FILE';
const OTHER_REMEDY = 'Check the address: tracker privacy set TIER --endpoint URL';
const REMEDIES: Readonly<Record<number, string>> = { 401: KEY_REMEDY, 403: KEY_REMEDY };

function answerIn(text: string): UploadAnswer | null {
  try {
    const parsed = parseUploadAnswer(JSON.parse(text));
    return parsed.ok ? parsed.value : null;
  } catch {
    return null;
  }
}

/** What an error body says, if it is one of ours. */
function messageIn(text: string): string {
  try {
    const value = JSON.parse(text) as { error?: { message?: unknown } } | null;
    const message = value?.error?.message;
    return typeof message === 'string' ? message.slice(0, 300) : '';
  } catch {
    return '';
  }
}

/** Seconds or a date (RFC 9110, section 10.2.3); at most an hour, so that a wrong clock does not silence us for years. */
export function retryAfterMs(text: string | undefined, nowMs: number): number | null {
  if (text === undefined) return null;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? null : Math.min(3_600_000, Math.max(0, ms));
}

const FIRST_MS = 500;
const LONGEST_MS = 60_000;

/**
 * How long to wait before the n-th repetition (from 1): exponential, somewhere in the upper half, so that many trackers do
 * not come back together; never earlier than the aggregator asked.
 */
export function waitMs(nth: number, afterMs: number | null, random: () => number): number {
  const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(nth - 1, 20));
  return Math.max(afterMs ?? 0, most / 2 + (random() * most) / 2);
}
