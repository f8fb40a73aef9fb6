import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVendorMeters } from './vendor-meters.ts';

const OBSERVED_AT = '2026-01-14T12:00:00.000Z';

function read(headers: Readonly<Record<string, string>>): ReturnType<typeof readVendorMeters> {
  const place = { lane: 'anthropic', model: 'm', observedTs: Date.parse(OBSERVED_AT) / 1000 };
  return readVendorMeters(Object.entries(headers).flat(), place);
}

describe('readVendorMeters', () => {
  it('reads the windows of a subscription', () => {
    const readings = read({
      'Content-Type': 'text/event-stream',
      'anthropic-ratelimit-unified-status': 'allowed_warning',
      'anthropic-ratelimit-unified-reset': '1768402800',
      'anthropic-ratelimit-unified-representative-claim': 'five_hour',
      'anthropic-ratelimit-unified-fallback-percentage': '0.5',
      'Anthropic-RateLimit-Unified-5h-Utilization': '0.83',
      'anthropic-ratelimit-unified-5h-reset': '1768402800',
      'anthropic-ratelimit-unified-5h-status': 'allowed_warning',
      'anthropic-ratelimit-unified-5h-surpassed-threshold': '0.75',
      'anthropic-ratelimit-unified-7d_oi-utilization': '0.2',
      'anthropic-ratelimit-unified-7d_oi-reset': '1768900000.5',
    });
    expect(readings).toEqual([
      {
        lane: 'anthropic',
        model: null,
        meter: 'unified-5h',
        value: 0.83,
        unit: 'fraction',
        limit: 1,
        remaining: null,
        resets_at: '2026-01-14T15:00:00.000Z',
        observed_at: OBSERVED_AT,
        source: 'header',
        claim: 'five_hour',
        status: 'allowed_warning',
      },
      expect.objectContaining({
        meter: 'unified-7d_oi',
        // It counts one family of models and comes with its turns only.
        model: 'm',
        value: 0.2,
        resets_at: '2026-01-20T09:06:40.500Z',
        // No status of its own: that of the whole.
        status: 'allowed_warning',
      }),
    ]);
  });

  it('reads the limits of a key', () => {
    const readings = read({
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '49',
      'anthropic-ratelimit-requests-reset': '2026-01-14T12:01:00Z',
      'anthropic-ratelimit-input-tokens-limit': '30000',
      'anthropic-ratelimit-input-tokens-remaining': '29000',
      'anthropic-ratelimit-input-tokens-reset': '2026-01-14T13:01:00+01:00',
      'anthropic-ratelimit-output-tokens-limit': '8000',
    });
    expect(readings).toMatchObject([
      {
        meter: 'requests',
        unit: 'requests',
        value: 1,
        limit: 50,
        remaining: 49,
        resets_at: '2026-01-14T12:01:00.000Z',
        claim: null,
      },
      { meter: 'input-tokens', unit: 'tokens', value: 1000, resets_at: '2026-01-14T12:01:00.000Z' },
      { meter: 'output-tokens', value: null, limit: 8000, remaining: null, resets_at: null },
    ]);
  });

  it.each([
    ['1.01', 1.01],
    ['-0.0', 0],
    ['0', 0],
    ['0.123456789', 0.123456789],
    ['1e-3', 0.001],
    ['', null],
    ['much', null],
    ['NaN', null],
    ['Infinity', null],
  ])('reads the utilization %j as %s', (text, value) => {
    const [reading] = read({ 'anthropic-ratelimit-unified-5h-utilization': text });
    expect(reading?.value).toBe(value);
  });

  it.each([
    ['1768402800', '2026-01-14T15:00:00.000Z'],
    ['1768402800.25', '2026-01-14T15:00:00.250Z'],
    ['2026-01-14T15:00:00Z', '2026-01-14T15:00:00.000Z'],
    // A time that was not given is not made up.
    ['0', null],
    ['-0.0', null],
    ['', null],
    ['soon', null],
    ['1768402800000000000', null],
    ['1e300', null],
  ])('reads the reset %j as %s', (text, expected) => {
    const [reading] = read({
      'anthropic-ratelimit-unified-5h-utilization': '0.5',
      'anthropic-ratelimit-unified-5h-reset': text,
    });
    expect(reading?.resets_at ?? null).toBe(expected);
  });

  it.each([['0'], ['12'], ['1m'], ['60']])('does not take %j for a time in the reset of a key', (text) => {
    const [reading] = read({ 'anthropic-ratelimit-tokens-limit': '5', 'anthropic-ratelimit-tokens-reset': text });
    expect(reading?.resets_at).toBeNull();
  });

  it('finds nothing in other headers', () => {
    expect(read({})).toEqual([]);
    expect(read({ 'x-ratelimit-limit': '5', 'anthropic-ratelimit-': '1', 'retry-after': '3' })).toEqual([]);
  });

  it('never throws, whatever a provider sends', () => {
    const name = fc
      .tuple(
        fc.constantFrom('unified-5h', 'unified-7d', 'requests', 'tokens', 'unified'),
        fc.constantFrom('utilization', 'reset', 'status', 'limit', 'remaining'),
      )
      .map((parts) => `anthropic-ratelimit-${parts.join('-')}`);
    const value = fc.oneof(
      fc.string(),
      fc.double().map(String),
      fc.bigInt().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    );
    fc.assert(
      fc.property(fc.dictionary(name, value), (headers) => {
        for (const reading of read(headers)) {
          expect(reading.value === null || reading.value >= 0).toBe(true);
          if (reading.resets_at !== null) expect(Number.isNaN(Date.parse(reading.resets_at ?? ''))).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('what goes beyond a plan, and other makes', () => {
  it('says whether the provider bills on top', () => {
    const headers = {
      'anthropic-ratelimit-unified-status': 'allowed',
      'anthropic-ratelimit-unified-overage-status': 'allowed',
      'anthropic-ratelimit-unified-overage-reset': '1768402800',
    };
    const overage = { meter: 'unified-overage', resets_at: '2026-01-14T15:00:00.000Z' };
    expect(read(headers)).toContainEqual(expect.objectContaining({ ...overage, status: 'allowed' }));
    expect(read({ ...headers, 'anthropic-ratelimit-unified-overage-in-use': 'true' })).toContainEqual(
      expect.objectContaining({ ...overage, status: 'in_use' }),
    );
  });

  it('keeps the overall status where no window is named', () => {
    expect(
      read({ 'anthropic-ratelimit-unified-status': 'rejected', 'anthropic-ratelimit-unified-reset': '1768402800' }),
    ).toMatchObject([{ meter: 'unified', value: null, status: 'rejected', resets_at: '2026-01-14T15:00:00.000Z' }]);
  });

  it.each([
    ['300', 'codex-5h'],
    ['10080', 'codex-7d'],
    ['1440', 'codex-1440m'],
  ])('names a Codex window of %s minutes by its length, in whichever slot it comes', (minutes, meter) => {
    for (const slot of ['primary', 'secondary']) {
      const headers = {
        [`X-Codex-${slot}-Used-Percent`]: '62.5',
        [`x-codex-${slot}-window-minutes`]: minutes,
        [`x-codex-${slot}-reset-at`]: '1768402800',
      };
      expect(read(headers)).toMatchObject([
        { meter, value: 62.5, unit: 'percent', limit: 100, resets_at: '2026-01-14T15:00:00.000Z' },
      ]);
    }
  });
});
