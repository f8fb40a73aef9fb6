import { windowLengthInText, type ErrorSaid } from './error-said.ts';
import { kindOfLength } from './rejected-windows.ts';

/** What a provider's business code stands for. */
export interface CodeMeaning {
  readonly kind: 'five_hour' | 'weekly' | 'spend' | 'per_minute' | 'concurrency' | 'balance' | 'plan' | 'overloaded';
  readonly scope: 'lane' | 'model' | 'request';
  /** Name of the window that is full; null: no window, so a time in the message is not its reset. */
  readonly meter: string | null;
  readonly reason: string;
}

/** Null: no code, or one that nobody has described; the status then decides. */
export function codeMeaning({ code, message }: ErrorSaid): CodeMeaning | 'no_rejection' | null {
  if (code === null) return null;
  // The message names the length of this one's window.
  if (code === 1308) return usageLimit(windowLengthInText(message) ?? 300);
  // The same number has been sent with both texts.
  if (code === 1305 && !/overload/i.test(message)) return RATE;
  return MEANINGS[code] ?? (code < 1302 ? 'no_rejection' : null);
}

function usageLimit(minutes: number): CodeMeaning {
  const kind = kindOfLength(minutes);
  const meter = kind === 'weekly' ? 'plan-7d' : kind === 'spend' ? 'plan-month' : 'plan-5h';
  return { kind, scope: 'lane', meter, reason: 'usage limit of the plan' };
}

const RATE: CodeMeaning = { kind: 'per_minute', scope: 'model', meter: null, reason: 'rate limit' };
const LOCKED: CodeMeaning = { kind: 'plan', scope: 'lane', meter: null, reason: 'account locked' };
const BUSY: CodeMeaning = { kind: 'overloaded', scope: 'request', meter: null, reason: 'overloaded' };

/** Z.AI: https://docs.z.ai/api-reference/api-code. Other codes up to 1301 say that the request itself is wrong. */
const MEANINGS: Readonly<Record<number, CodeMeaning>> = {
  1112: LOCKED,
  1113: { kind: 'balance', scope: 'lane', meter: null, reason: 'credit used up' },
  1121: LOCKED,
  // How many at once is counted per model there.
  1302: { kind: 'concurrency', scope: 'model', meter: null, reason: 'too many at once' },
  1303: RATE,
  1304: { kind: 'plan', scope: 'lane', meter: null, reason: 'daily limit of calls' },
  1305: BUSY,
  1309: { kind: 'plan', scope: 'lane', meter: null, reason: 'plan expired' },
  1310: { kind: 'weekly', scope: 'lane', meter: 'plan-7d', reason: 'weekly or monthly limit of the plan' },
  1311: { kind: 'plan', scope: 'model', meter: null, reason: 'model not in the plan' },
  1312: BUSY,
  1313: { kind: 'plan', scope: 'lane', meter: null, reason: 'fair use policy' },
};
