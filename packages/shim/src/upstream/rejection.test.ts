import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal, rejectKinds, type RejectKind, type RejectScript } from '../simulator/rejections.ts';
import { classifyRejection, type Rejection } from './rejection.ts';

interface Fixture {
  readonly name: string;
  readonly origin: string;
  readonly now_ts: number;
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly expect: {
    readonly kind: string;
    readonly scope: string;
    readonly ends_ts: number | null;
    readonly source: string;
  } | null;
}

const folder = new URL('../../../../fixtures/shim/rejections/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
const readFixture = (file: string): Fixture => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Fixture;

const NOW = 1_800_000_000;
const UNIFIED = 'anthropic-ratelimit-unified-';

function classify(headers: Readonly<Record<string, string>>, body = '', status = 429): Rejection | null {
  return classifyRejection({ status, headers: Object.entries(headers).flat(), body, nowTs: NOW });
}

describe('published fixtures', () => {
  it('are many', () => {
    expect(files.length).toBeGreaterThanOrEqual(25);
  });

  it.each(files)('%s', (file) => {
    const { status, headers, body, now_ts: nowTs, expect: wanted } = readFixture(file);
    for (const answer of [body, Buffer.from(body)]) {
      const found = classifyRejection({ status, headers: headers.flat(), body: answer, nowTs });
      const shown = found && { kind: found.kind, scope: found.scope, ends_ts: found.endsTs, source: found.source };
      expect(shown).toEqual(wanted);
      if (found?.source === 'retry_after') expect(found.waitS).toBe((found.endsTs ?? 0) - nowTs);
      else expect(found?.waitS ?? null).toBeNull();
    }
  });
});

describe('what the simulator sends', () => {
  const wanted: Readonly<Record<RejectKind, Partial<Rejection>>> = {
    five_hour: { kind: 'five_hour', scope: 'lane', endsTs: NOW + 9000, source: 'window_reset' },
    weekly: { kind: 'weekly', scope: 'lane', endsTs: NOW + 259_200, source: 'window_reset' },
    weekly_model: { kind: 'weekly_model', scope: 'model', endsTs: NOW + 51_811, source: 'window_reset' },
    per_minute: { kind: 'per_minute', scope: 'model', endsTs: NOW + 17, source: 'window_reset' },
    request_scoped: { kind: 'request_scoped', scope: 'request', endsTs: null, source: 'none' },
    spend: { kind: 'spend', scope: 'lane', endsTs: Date.UTC(2027, 0, 24) / 1000, source: 'body' },
    long_context: { kind: 'long_context', scope: 'request', endsTs: null, source: 'none' },
    bare: { kind: 'bare', scope: 'model', endsTs: null, source: 'none' },
    zai_rate: { kind: 'concurrency', scope: 'model', endsTs: NOW + 30, source: 'window_reset' },
    zai_balance: { kind: 'balance', scope: 'lane', endsTs: null, source: 'none' },
  };

  function refuse(script: RejectScript, hasBetas = true): Rejection | null {
    const sent = refusal(script, { now_ms: NOW * 1000, request_id: 'req_1', has_betas: hasBetas });
    return classifyRejection({ ...sent, nowTs: NOW });
  }

  it.each(rejectKinds)('%s', (kind) => {
    expect(refuse({ kind })).toMatchObject({ ...wanted[kind], tryNext: true });
  });

  it.each([400, 402, 429] as const)('a spend cap under %i', (status) => {
    expect(refuse({ kind: 'spend', status })).toMatchObject(wanted.spend);
  });

  it('Z.AI without rate headers', () => {
    expect(refuse({ kind: 'zai_rate' }, false)).toMatchObject({ kind: 'concurrency', endsTs: null, source: 'none' });
  });
});

describe('windows', () => {
  it('names the rejected ones as the meters do, each with its reset', () => {
    const found = classify({
      [`${UNIFIED}status`]: 'rejected',
      [`${UNIFIED}5h-status`]: 'rejected',
      [`${UNIFIED}5h-reset`]: String(NOW + 100),
      [`${UNIFIED}7d-status`]: 'Rejected',
      [`${UNIFIED}7d-reset`]: String(NOW + 700),
      [`${UNIFIED}7d_oi-status`]: 'allowed',
      [`${UNIFIED}7d_oi-reset`]: String(NOW + 900),
      'x-should-retry': 'true',
    });
    expect(found).toEqual({
      kind: 'weekly',
      scope: 'lane',
      endsTs: NOW + 700,
      source: 'window_reset',
      waitS: null,
      windows: [
        { meter: 'unified-5h', resetsTs: NOW + 100 },
        { meter: 'unified-7d', resetsTs: NOW + 700 },
      ],
      tryNext: true,
      reason: '7d window exhausted',
    });
  });

  it('prefers the window that counts everything when two open together', () => {
    const reset = String(NOW + 500);
    const found = classify({
      [`${UNIFIED}7d_oi-status`]: 'rejected',
      [`${UNIFIED}7d_oi-reset`]: reset,
      [`${UNIFIED}7d-status`]: 'rejected',
      [`${UNIFIED}7d-reset`]: reset,
    });
    expect(found).toMatchObject({ kind: 'weekly', scope: 'lane' });
  });

  it('does not give the floating reset to a window the claim does not name', () => {
    const found = classify({
      [`${UNIFIED}status`]: 'rejected',
      [`${UNIFIED}reset`]: String(NOW + 300_000),
      [`${UNIFIED}representative-claim`]: 'seven_day',
      [`${UNIFIED}5h-status`]: 'rejected',
    });
    expect(found).toMatchObject({ kind: 'five_hour', endsTs: null, source: 'none' });
  });

  it('does not believe a claim against the own status of its window', () => {
    const found = classify({
      [`${UNIFIED}status`]: 'rejected',
      [`${UNIFIED}reset`]: String(NOW + 9000),
      [`${UNIFIED}representative-claim`]: 'five_hour',
      [`${UNIFIED}5h-status`]: 'allowed',
    });
    expect(found).toMatchObject({ kind: 'bare', scope: 'model', endsTs: null });
  });

  it.each([7200, -7200, 172_800, -172_800])(
    'a clock that is %i s ahead tells a reset as far away as it says',
    (skewS) => {
      const toldTs = NOW + skewS;
      const date = new Date(toldTs * 1000).toUTCString();
      const reset = { status: 'rejected', reset: String(toldTs + 900), 'representative-claim': 'five_hour' };
      const named = Object.fromEntries(Object.entries(reset).map(([name, value]) => [UNIFIED + name, value]));
      const found = classify({ ...named, Date: date });
      expect(found).toMatchObject({ endsTs: NOW + 900, waitS: 900, windows: [{ resetsTs: NOW + 900 }] });
      expect(classify({ date, 'retry-after': '7' })).toMatchObject({ endsTs: NOW + 7, waitS: 7 });
    },
  );

  it('a clock that is half a minute off is none to speak of: what takes long on its way looks like that', () => {
    const date = new Date((NOW - 29) * 1000).toUTCString();
    const reset = { status: 'rejected', reset: String(NOW + 900), 'representative-claim': 'five_hour' };
    const named = Object.fromEntries(Object.entries(reset).map(([name, value]) => [UNIFIED + name, value]));
    expect(classify({ ...named, date })).toMatchObject({ endsTs: NOW + 900, waitS: null });
  });

  it.each([
    ['five_hour', NOW + 8 * 86_400, NOW + 8 * 86_400],
    ['five_hour', NOW + 8 * 86_400 + 1, null],
    ['five_hour', NOW, null],
    ['overage', NOW + 40 * 86_400, NOW + 40 * 86_400],
    ['overage', NOW + 40 * 86_400 + 1, null],
  ])('claim %s with a reset at %i ends at %s', (claim, reset, endsTs) => {
    const headers = { status: 'rejected', reset: String(reset), 'representative-claim': claim };
    const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [UNIFIED + name, value]));
    expect(classify(named)?.endsTs).toBe(endsTs);
  });
});

describe('what is no rejection', () => {
  const full = { [`${UNIFIED}status`]: 'rejected', [`${UNIFIED}5h-status`]: 'rejected' };
  const error = (type: string, message = 'x'): string => JSON.stringify({ type: 'error', error: { type, message } });

  it.each([
    ['an answer, whatever its headers say', 200, error('overloaded_error')],
    ['a bad request', 400, error('invalid_request_error')],
    ['a wrong key', 401, error('authentication_error')],
    ['a failure of the server', 500, error('api_error')],
    ['a server that is not there', 503, '<html>'],
    ['a bad parameter by code', 400, error('1210')],
    ['unwanted content by code', 400, error('1301')],
    ['a message that only quotes one', 400, error('invalid_request_error', 'x: You have reached your specified …')],
  ])('%s', (_, status, body) => {
    expect(classify(full, body, status)).toBeNull();
  });
});

const rateName = fc.constantFrom(
  ...['status', 'reset', 'representative-claim', '5h-status', '5h-reset', '7d-status', '7d-reset', '7d_oi-status']
    .concat(['7d_oi-reset', '30d-status', 'overage-status', '-status', '9999999d_-status', 'overage-reset'])
    .map((name) => UNIFIED + name),
  ...['requests', 'tokens', 'input-tokens', 'output-tokens'].flatMap((limit) =>
    ['remaining', 'reset'].map((what) => `anthropic-ratelimit-${limit}-${what}`),
  ),
  ...['used-percent', 'window-minutes', 'reset-at', 'reset-after-seconds'].flatMap((what) =>
    ['primary', 'secondary'].map((slot) => `x-codex-${slot}-${what}`),
  ),
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
);
const rateValue = fc.oneof(
  fc.constantFrom('rejected', 'allowed', 'blocked', 'queueing_hard', 'five_hour', 'seven_day_opus', '0', '-0.0', '100'),
  fc.integer({ min: NOW - 1e6, max: NOW + 5e6 }).map(String),
  fc.integer({ min: NOW - 1000, max: NOW + 1e6 }).map((s) => new Date(s * 1000).toISOString()),
  fc.constantFrom('300', '10080', 'NaN', '1e400', '-1', 'Infinity', '2027-99-99T', 'Mon 99', ' '),
  fc.string(),
);
const headerList = fc
  .array(fc.tuple(fc.oneof({ weight: 6, arbitrary: rateName }, fc.string()), rateValue), { maxLength: 14 })
  .map((pairs) => pairs.flat());
const errorBody = fc.record(
  {
    type: fc.oneof(fc.constantFrom('1308', '1302', 'overloaded_error', 'rate_limit_error'), fc.anything()),
    code: fc.oneof(
      fc.integer({ min: 1100, max: 1320 }),
      fc.integer({ min: 1100, max: 1320 }).map(String),
      fc.anything(),
    ),
    message: fc.oneof(
      fc.constantFrom(
        '[1310][will reset at 2027-01-18 16:00:00]',
        'regain access on 9999-99-99',
        '5 hour 2027-13-41 99:99',
      ),
      fc.anything(),
    ),
    resets_at: fc.anything(),
  },
  { requiredKeys: [] },
);
const anyBody = fc.oneof(
  fc.string(),
  fc.json(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  errorBody.map((error) => safeJson({ type: 'error', error })),
);
const anyStatus = fc.constantFrom(200, 400, 402, 403, 404, 429, 500, 503, 529);

function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
  } catch {
    return '{';
  }
}

describe('whatever comes', () => {
  it('answers something whole, and an end in the future', () => {
    fc.assert(
      fc.property(headerList, anyBody, anyStatus, (headers, body, status) => {
        const found = classifyRejection({ status, headers, body, nowTs: NOW });
        if (found === null) return;
        expect(status).toBeGreaterThanOrEqual(400);
        expect(found.endsTs === null).toBe(found.source === 'none');
        expect(found.endsTs ?? NOW + 1).toBeGreaterThan(NOW);
        expect(found.endsTs ?? 0).toBeLessThanOrEqual(NOW + 40 * 86_400);
        if (found.scope === 'request') expect(found.endsTs).toBeNull();
      }),
      { numRuns: 2000 },
    );
  });

  it('never ends later than the last reset named among the rejected windows', () => {
    const window = fc.record({
      name: fc.constantFrom('5h', '7d', '7d_oi', '7d_opus'),
      status: fc.constantFrom('rejected', 'allowed', 'allowed_warning'),
      inS: fc.integer({ min: 1, max: 600_000 }),
    });
    const windows = fc.uniqueArray(window, { selector: ({ name }) => name, minLength: 1 });
    fc.assert(
      fc.property(windows, headerList, (named, noise) => {
        const headers = named.flatMap(({ name, status, inS }) => [
          ...[`${UNIFIED}${name}-status`, status],
          ...[`${UNIFIED}${name}-reset`, String(NOW + inS)],
        ]);
        const own = new Set(headers.filter((_, index) => index % 2 === 0));
        const others = noise.filter((_, index) => noise[index - (index % 2)]?.endsWith('-status') !== true);
        const rejected = named.filter(({ status }) => status === 'rejected');
        const found = classifyRejection({ status: 429, headers: [...headers, ...others], body: '', nowTs: NOW });
        expect(own.size).toBe(headers.length / 2);
        if (rejected.length === 0) return;
        const latest = NOW + Math.max(...rejected.map(({ inS }) => inS));
        expect(found?.endsTs).toBe(latest);
        expect(found?.windows.map(({ resetsTs }) => resetsTs)).toContain(latest);
        expect(found?.scope === 'model').toBe(found?.kind === 'weekly_model');
      }),
    );
  });

  it('reads header names in any case', () => {
    fc.assert(
      fc.property(headerList, anyBody, anyStatus, (headers, body, status) => {
        const shouted = headers.map((part, index) => (index % 2 === 0 ? asciiUpper(part) : part));
        const plain = classifyRejection({ status, headers, body, nowTs: NOW });
        expect(classifyRejection({ status, headers: shouted, body, nowTs: NOW })).toEqual(plain);
      }),
    );
  });
});

/** Names are ASCII; other letters do not come back the same from upper case. */
function asciiUpper(text: string): string {
  return text.replace(/[a-z]/g, (letter) => letter.toUpperCase());
}
