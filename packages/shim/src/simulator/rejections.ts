import { errorBody } from './error-body.ts';
import type { ErrorFields } from './error-body.ts';

/** Every kind of refusal a provider is known to send under 429 (a spend cap also as 400 or 402). */
export const rejectKinds = [
  'five_hour',
  'weekly',
  'weekly_model',
  'per_minute',
  'request_scoped',
  'spend',
  'long_context',
  'bare',
  'zai_rate',
  'zai_balance',
] as const;

export type RejectKind = (typeof rejectKinds)[number];

export interface RejectScript {
  kind: RejectKind;
  /** Overrides the time to the reset of the rejected window. */
  reset_in_s?: number;
  retry_after_s?: number;
  should_retry?: boolean;
  /** `spend` only: real spend caps arrive as 400 (default), 402 or 429. */
  status?: 400 | 402 | 429;
}

export interface Refusal {
  readonly status: number;
  /** Names and values alternating, as node:http takes them. */
  readonly headers: readonly string[];
  readonly body: string;
}

export interface RefusalFacts {
  readonly now_ms: number;
  readonly request_id: string | undefined;
  /** Z.AI sends rate headers only to clients that forwarded their betas. */
  readonly has_betas: boolean;
}

/**
 * One refusal in the provider's own shape; resets count from `now_ms`.
 * Header names: https://docs.claude.com/en/api/rate-limits and the unified family subscriptions receive.
 */
export function refusal(script: RejectScript, facts: RefusalFacts): Refusal {
  const drawn = table[script.kind]({ script, facts, reset_s: script.reset_in_s ?? defaultResetS[script.kind] });
  const headers = { ...drawn.headers };
  if (script.retry_after_s !== undefined) headers['retry-after'] = String(script.retry_after_s);
  if (script.should_retry !== undefined) headers['x-should-retry'] = String(script.should_retry);
  const body = errorBody(drawn.error, facts.request_id);
  return { status: drawn.status ?? 429, headers: Object.entries(headers).flat(), body };
}

interface Ask {
  readonly script: RejectScript;
  readonly facts: RefusalFacts;
  readonly reset_s: number;
}

interface Drawn {
  readonly status?: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly error: ErrorFields;
}

const DAY_S = 86_400;
const defaultResetS: Readonly<Record<RejectKind, number>> = {
  five_hour: 9000,
  weekly: 3 * DAY_S,
  weekly_model: 51_811,
  per_minute: 17,
  request_scoped: 0,
  spend: 9 * DAY_S,
  long_context: 0,
  bare: 0,
  zai_rate: 30,
  zai_balance: 0,
};

const table: Readonly<Record<RejectKind, (ask: Ask) => Drawn>> = {
  five_hour: (ask) => windowFull(ask, 'five_hour', { '5h': 1, '7d': 0.42 }),
  weekly: (ask) => windowFull(ask, 'seven_day', { '5h': 0.31, '7d': 1.01 }),
  // Only one model family is out: the windows of the whole account still say allowed.
  weekly_model: (ask) => windowFull(ask, 'seven_day_overage_included', { '5h': 0.2, '7d': 0.64, '7d_oi': 1 }),
  per_minute: perMinute,
  request_scoped: () => ({
    headers: { 'x-should-retry': 'true' },
    error: { type: 'rate_limit_error', message: 'This request cannot be served now. Please try again.' },
  }),
  spend,
  long_context: () => ({
    headers: { 'x-should-retry': 'false' },
    error: { type: 'rate_limit_error', message: 'Extra usage is required for long context requests.' },
  }),
  bare: () => ({ headers: {}, error: { type: 'rate_limit_error', message: 'Error' } }),
  zai_rate: zaiRate,
  zai_balance: () => ({
    headers: {},
    error: { type: '1113', message: 'Insufficient balance or no resource package. Please recharge.' },
  }),
};

type UnifiedWindow = '5h' | '7d' | '7d_oi';

const windowResetS: Readonly<Record<UnifiedWindow, number>> = { '5h': 9000, '7d': 3 * DAY_S, '7d_oi': 51_811 };

const UNIFIED = 'anthropic-ratelimit-unified';

function windowFull(ask: Ask, claim: string, utilization: Partial<Record<UnifiedWindow, number>>): Drawn {
  const nowS = Math.ceil(ask.facts.now_ms / 1000);
  const rejectedReset = String(nowS + Math.ceil(ask.reset_s));
  const headers: Record<string, string> = {
    [`${UNIFIED}-status`]: 'rejected',
    [`${UNIFIED}-reset`]: rejectedReset,
    [`${UNIFIED}-representative-claim`]: claim,
    [`${UNIFIED}-fallback-percentage`]: '0.5',
    [`${UNIFIED}-overage-status`]: 'rejected',
    [`${UNIFIED}-overage-disabled-reason`]: 'org_level_disabled',
  };
  for (const [name, used] of Object.entries(utilization)) {
    const full = used >= 1;
    headers[`${UNIFIED}-${name}-utilization`] = String(used);
    headers[`${UNIFIED}-${name}-reset`] = full ? rejectedReset : String(nowS + windowResetS[name as UnifiedWindow]);
    headers[`${UNIFIED}-${name}-status`] = full ? 'rejected' : 'allowed';
    if (full) headers[`${UNIFIED}-${name}-surpassed-threshold`] = '1.0';
  }
  headers['retry-after'] = String(Math.ceil(ask.reset_s));
  headers['x-should-retry'] = 'true';
  const message = "This request would exceed your account's rate limit. Please try again later.";
  return { headers, error: { type: 'rate_limit_error', message } };
}

function perMinute({ facts, reset_s }: Ask): Drawn {
  const limits = { requests: 50, tokens: 48_000, 'input-tokens': 40_000, 'output-tokens': 8000 };
  const headers: Record<string, string> = {};
  for (const [name, limit] of Object.entries(limits)) {
    headers[`anthropic-ratelimit-${name}-limit`] = String(limit);
    headers[`anthropic-ratelimit-${name}-remaining`] = name === 'requests' ? '0' : String(limit / 2);
    headers[`anthropic-ratelimit-${name}-reset`] = rfc3339(facts.now_ms + reset_s * 1000);
  }
  headers['retry-after'] = String(Math.ceil(reset_s));
  headers['x-should-retry'] = 'true';
  const message = 'This request would exceed the rate limit of 50 requests per minute.';
  return { headers, error: { type: 'rate_limit_error', message } };
}

function spend({ script, facts, reset_s }: Ask): Drawn {
  const status = script.status ?? 400;
  const type = { 400: 'invalid_request_error', 402: 'billing_error', 429: 'rate_limit_error' }[status];
  const day = rfc3339(facts.now_ms + reset_s * 1000).slice(0, 10);
  const message = `You have reached your specified API usage limits. You will regain access on ${day} at 00:00 UTC.`;
  return { status, headers: { 'x-should-retry': 'false' }, error: { type, message } };
}

function zaiRate({ facts, reset_s }: Ask): Drawn {
  const withBetas = {
    [`${UNIFIED}-status`]: 'rejected',
    [`${UNIFIED}-reset`]: String(Math.ceil(facts.now_ms / 1000 + reset_s)),
    'retry-after': String(Math.ceil(reset_s)),
  };
  const message = 'High concurrency usage of this API, please reduce concurrency.';
  return { headers: facts.has_betas ? withBetas : {}, error: { type: '1302', message } };
}

function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
