import { describe, expect, test } from 'vitest';
import { refusal, rejectKinds } from './rejections.ts';
import type { RejectKind, RejectScript } from './rejections.ts';

const now_ms = 1_800_000_000_000;
const facts = { now_ms, request_id: 'req_1', has_betas: false };

function headersOf(script: RejectScript, given = facts): Record<string, string> {
  const { headers } = refusal(script, given);
  return Object.fromEntries(headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1] ?? '']] : [])));
}

const unified = 'anthropic-ratelimit-unified';

describe('refusals', () => {
  test.each(rejectKinds)('%s is a 429 in the error shape of the provider (spend: 400)', (kind) => {
    const { status, body } = refusal({ kind }, facts);
    const parsed = JSON.parse(body) as { type: string; error: { type: string; message: string }; request_id: string };
    const types: Partial<Record<RejectKind, string>> = {
      spend: 'invalid_request_error',
      zai_rate: '1302',
      zai_balance: '1113',
    };
    expect(status).toBe(kind === 'spend' ? 400 : 429);
    expect(parsed).toMatchObject({
      type: 'error',
      error: { type: types[kind] ?? 'rate_limit_error' },
      request_id: 'req_1',
    });
    expect(parsed.error.message.length).toBeGreaterThan(0);
  });

  test.each([
    ['five_hour', 'five_hour', '5h', 9000],
    ['weekly', 'seven_day', '7d', 259_200],
    ['weekly_model', 'seven_day_overage_included', '7d_oi', 51_811],
  ] as const)('%s names its window as the rejected one', (kind, claim, window, reset_s) => {
    const headers = headersOf({ kind });
    const at = String(now_ms / 1000 + reset_s);
    expect(headers).toMatchObject({
      [`${unified}-status`]: 'rejected',
      [`${unified}-reset`]: at,
      [`${unified}-representative-claim`]: claim,
      [`${unified}-${window}-status`]: 'rejected',
      [`${unified}-${window}-reset`]: at,
      'retry-after': String(reset_s),
    });
    const rejected = Object.entries(headers).filter(
      ([name, value]) => /-\d\w*-status$/u.test(name) && value === 'rejected',
    );
    expect(rejected).toHaveLength(1);
  });

  test('a full week of one model leaves the windows of the account open', () => {
    expect(headersOf({ kind: 'weekly_model' })).toMatchObject({
      [`${unified}-5h-status`]: 'allowed',
      [`${unified}-7d-status`]: 'allowed',
    });
  });

  test('per minute speaks the key family with RFC 3339 resets', () => {
    const headers = headersOf({ kind: 'per_minute', reset_in_s: 17 });
    for (const family of ['requests', 'tokens', 'input-tokens', 'output-tokens']) {
      expect(headers[`anthropic-ratelimit-${family}-reset`]).toBe('2027-01-15T08:00:17Z');
    }
    expect(headers).toMatchObject({ 'anthropic-ratelimit-requests-remaining': '0', 'retry-after': '17' });
    expect(Object.keys(headers).some((name) => name.startsWith(unified))).toBe(false);
  });

  test('the others carry as little as they really do', () => {
    expect(headersOf({ kind: 'request_scoped' })).toEqual({ 'x-should-retry': 'true' });
    expect(headersOf({ kind: 'long_context' })).toEqual({ 'x-should-retry': 'false' });
    expect(headersOf({ kind: 'bare' })).toEqual({});
    expect(headersOf({ kind: 'zai_balance' })).toEqual({});
    expect(headersOf({ kind: 'zai_rate' })).toEqual({});
    expect(headersOf({ kind: 'zai_rate' }, { ...facts, has_betas: true })).toMatchObject({ 'retry-after': '30' });
  });

  test('a spend cap comes under three statuses; headers can be overridden', () => {
    for (const [status, type] of [
      [400, 'invalid_request_error'],
      [402, 'billing_error'],
      [429, 'rate_limit_error'],
    ] as const) {
      const drawn = refusal({ kind: 'spend', status }, facts);
      expect([drawn.status, (JSON.parse(drawn.body) as { error: { type: string } }).error.type]).toEqual([
        status,
        type,
      ]);
    }
    expect(headersOf({ kind: 'bare', retry_after_s: 0, should_retry: false })).toEqual({
      'retry-after': '0',
      'x-should-retry': 'false',
    });
  });
});
