import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  beyondMinimized,
  fullEvent,
  fullSummary,
  hashName,
  minimizedSummary,
  MINIMIZED_KEYS,
  TIER_RULES,
} from './index.ts';
import type { MetricsSummary, TrackerEvent } from './index.ts';
import { MAX_TEXT_CHARS } from './redact-text.ts';
import { isPlainName } from './redact.ts';

const options = {
  hash: (text: string) => hashName(createHmac('sha256', 'k').update(text).digest('hex')),
  terms: ['marybeth'],
};
const RUNS = Number(process.env['PRIVACY_RUNS'] ?? 300);

const alnum = (length: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'.split('')),
    minLength: length,
    maxLength: length,
  });

/** Made here so that no scanner of this repository takes one for real. */
const secret = fc.oneof(
  alnum(24).map((rest) => `sk-ant-api03-${rest}`),
  alnum(36).map((rest) => `ghp_${rest}`),
  alnum(16).map((rest) => `AKIA${rest.toUpperCase()}`),
  alnum(20).map((rest) => `xoxb-${rest}`),
  alnum(30).map((rest) => `eyJhbGciOi.${rest}.${rest}`),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: 40, maxLength: 40 }),
  alnum(12).map((rest) => `password=${rest}`),
);
const email = fc.tuple(alnum(6), alnum(5)).map(([user, host]) => `${user}@${host}.example`);
const path = fc
  .tuple(fc.constantFrom('/home/', '/Users/', '~/', './', '../', 'C:\\Users\\', 'src/', 'feature/'), alnum(8), alnum(6))
  .map(([root, one, two]) => `${root}${one}/${two}.ts`);
const prompt = fc
  .array(fc.constantFrom('please', 'rewrite', 'the', 'billing', 'module', 'so', 'that', 'it', 'scales'), {
    minLength: 6,
    maxLength: 40,
  })
  .map((words) => words.join(' '));
const private_ = fc.oneof(secret, email, path);
/** Anything, in the middle of something. */
const loaded = fc
  .tuple(fc.string({ maxLength: 12, unit: 'binary' }), private_, fc.string({ maxLength: 12 }))
  .map(([before, inner, after]) => ({ text: `${before} ${inner} ${after}`, inner }));

/** Every text of a document with where it stands; keys too. */
function* texts(value: unknown, at = ''): Generator<{ at: string; text: string }> {
  if (typeof value === 'string') yield { at, text: value };
  else if (Array.isArray(value)) for (const item of value) yield* texts(item, `${at}/*`);
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) {
      yield { at: `${at}#`, text: key };
      yield* texts(item, `${at}/${key}`);
    }
}

/** A document that has `fill` wherever a text may stand, and more fields than the contract knows. */
function eventFilledWith(fill: string): TrackerEvent {
  const extra = { prompt: fill, raw_text: fill, messages: [{ role: 'user', content: fill }] };
  const event = {
    kind: 'turn',
    schema_version: fill,
    tool_version: fill,
    type: fill,
    event_id: fill,
    captured_at: fill,
    source: fill,
    dedupe_key: fill,
    session: {
      session_id: fill,
      repo_id: fill,
      branch: fill,
      commit: fill,
      license_id: fill,
      privacy_tier: fill,
      created_at: fill,
      metadata: { [fill]: fill },
      ...extra,
    },
    turn: {
      turn_id: fill,
      session_id: fill,
      model: fill,
      subagent: fill,
      tokens_in: 1,
      tokens_out: 2,
      input_kind: fill,
      latency_ms: 3,
      attribution: { [fill]: 1 },
      capacity_unit: fill,
      lane: fill,
      rid: fill,
      epoch: fill,
      ended: fill,
      request_id: fill,
      ...extra,
    },
    measurement: { errors: [fill], ...extra },
    feature: {
      feature_id: fill,
      spec_ref: fill,
      status: fill,
      notes: fill,
      window: fill,
      commit: fill,
      provider: fill,
      ...extra,
    },
    cost: {
      provider: fill,
      estimated_usd: 1,
      unit_costs: { [fill]: 1 },
      model: fill,
      priced_as: fill,
      price_map: fill,
      ...extra,
    },
    value: {
      summary: fill,
      links: [fill, `https://ci.example/${encodeURIComponent(fill)}?q=${encodeURIComponent(fill)}`],
      evidence_refs: [fill],
      ...extra,
    },
    decision: { reroute_mode: fill, reroute_decision: fill, ...extra },
    session_id: fill,
    ended_at: fill,
    notes: fill,
    ...extra,
  };
  return event as unknown as TrackerEvent;
}

function summaryFilledWith(fill: string): MetricsSummary {
  const summary = {
    schema_version: fill,
    tool_version: fill,
    generated_at: fill,
    sessions: 1,
    turns: 2,
    features_shipped: fill,
    capacity_used: 3,
    capacity_unit: fill,
    capacity_by_unit: { [fill]: 1 },
    features_per_capacity: [fill],
    avg_cls: { [fill]: fill },
    avg_impf: null,
    model_value: { [fill]: 1 },
    model_health: {
      [fill]: { speeds: { [fill]: fill, note: fill, inner: { [fill]: [fill, 1] } }, reroute_mode: fill },
    },
    tokens: { [fill]: { input: 1, output: 2, note: fill } },
    cost: { estimated_usd: 1, price_map: fill, unpriced_models: [fill] },
    reroutes: { fallbacks: 1, note: fill },
    gated_lanes: { [fill]: fill },
    license: { plan: fill, features: [fill], key_id: fill, expires_at: fill, sub: fill },
    windows: 1,
    sources: [fill],
    prompt: fill,
    [fill]: fill,
  };
  return summary as unknown as MetricsSummary;
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('minimized', () => {
  it('lets the closed set pass and nothing else, whatever the summary is', () => {
    const anything = fc.anything({ withNullPrototype: false, maxDepth: 3 });
    const arbitrary = fc.oneof(
      fc.dictionary(fc.oneof(fc.constantFrom<string>(...MINIMIZED_KEYS), fc.string()), anything),
      fc.string().map(summaryFilledWith),
      fc.string().map((text) => ({ ...summaryFilledWith(text), generated_at: `2030-01-31T12:00:00+01:00` })),
    );
    fc.assert(
      fc.property(arbitrary, (summary) => {
        const sent = JSON.parse(JSON.stringify(minimizedSummary(summary as MetricsSummary))) as Record<string, unknown>;
        for (const [key, value] of Object.entries(sent)) {
          expect(MINIMIZED_KEYS).toContain(key);
          if (key === 'generated_at') expect(value).toMatch(ISO);
          else expect(value === null || typeof value === 'number').toBe(true);
        }
        expect(beyondMinimized(sent)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('keeps the numbers as they are', () => {
    const summary = {
      generated_at: '2030-01-31T12:00:00.000Z',
      sessions: 3,
      turns: 9,
      features_shipped: 1,
      capacity_used: 0.25,
      features_per_capacity: 4,
      avg_cls: null,
    };
    expect(minimizedSummary(summary)).toEqual({
      generated_at: '2030-01-31T12:00:00.000Z',
      features_shipped: 1,
      capacity_used: 0.25,
      features_per_capacity: 4,
      avg_cls: null,
    });
    expect(beyondMinimized(summary)).toEqual(['/sessions', '/turns']);
  });

  it('needs its entitlement, and sends no events', () => {
    expect(TIER_RULES).toEqual({
      local: { sendsEvents: false, sendsSummary: false, requires: null },
      minimized: { sendsEvents: false, sendsSummary: true, requires: 'telemetry_minimized' },
      full: { sendsEvents: true, sendsSummary: true, requires: 'telemetry_full' },
    });
  });
});

describe('full', () => {
  const allowed = ({ at, text }: { at: string; text: string }): boolean =>
    at === '/value/summary' || at === '/value/links/*' || text === '' || ISO.test(text) || isPlainName(text);

  it('lets no text pass but plain names, times, one sentence and public links', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string(), prompt, private_), (fill) => {
        for (const { value } of [
          fullEvent(eventFilledWith(fill), options),
          fullSummary(summaryFilledWith(fill), options),
        ]) {
          expect([...texts(JSON.parse(JSON.stringify(value)))].filter((one) => !allowed(one))).toEqual([]);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('lets no credential, address or path pass, wherever it stands', () => {
    fc.assert(
      fc.property(loaded, ({ text, inner }) => {
        for (const fill of [text, inner]) {
          const sent = JSON.stringify([
            fullEvent(eventFilledWith(fill), options),
            fullSummary(summaryFilledWith(fill), options),
          ]);
          expect(sent).not.toContain(JSON.stringify(inner).slice(1, -1));
          expect(decodeURIComponent(sent.replaceAll('%', '%25'))).not.toContain(inner);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('lets no prompt pass: neither its words nor, in a summary, more than its first line', () => {
    fc.assert(
      fc.property(prompt, fc.string(), (words, tail) => {
        const event = eventFilledWith(words);
        const { value } = fullEvent({ ...event, value: { summary: 'Filters exports.' } }, options);
        expect(JSON.stringify(value)).not.toContain(words);
        const long = fullEvent({ kind: 'turn', value: { summary: `Done.\n${words}\n${tail}` } }, options);
        expect(long.value.value?.summary).toBe('Done.');
        expect(long.redaction.hashes['/value/summary']).toMatch(/^h_[0-9a-f]{24}$/);
      }),
      { numRuns: RUNS },
    );
  });

  it('keeps a sentence short and says what was taken out of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3_000 }), (summary) => {
        const { value } = fullEvent({ kind: 'turn', value: { summary } }, options);
        expect(value.value?.summary.length).toBeLessThanOrEqual(MAX_TEXT_CHARS);
        expect(value.value?.summary).not.toMatch(/[\p{Cc}]/u);
      }),
      { numRuns: RUNS },
    );
    const { value, redaction } = fullEvent(
      {
        kind: 'turn',
        value: {
          summary: 'Marybeth fixed src/pay.ts for bob@shop.example',
          links: ['https://ci.example/run/7?token=x', 'http://10.0.0.2/x', 'file:///etc/passwd'],
        },
      },
      options,
    );
    expect(value.value).toEqual({ summary: '[term] fixed [path] for [email]', links: ['https://ci.example/run/7'] });
    expect(redaction.spans).toEqual([
      { pointer: '/value/summary', kind: 'term', at: 0, chars: 8 },
      { pointer: '/value/summary', kind: 'path', at: 15, chars: 10 },
      { pointer: '/value/summary', kind: 'email', at: 30, chars: 16 },
    ]);
  });

  it('changes nothing when a receiver applies it again', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), prompt, private_), (fill) => {
        const once = fullEvent(eventFilledWith(fill), options).value;
        expect(fullEvent(once, { hash: () => 'h_000000000000000000000000' }).value).toEqual(once);
        const summed = fullSummary(summaryFilledWith(fill), options).value;
        expect(fullSummary(summed, { hash: () => 'h_000000000000000000000000' }).value).toEqual(summed);
      }),
      { numRuns: RUNS },
    );
  });

  it('keeps the ids by which events belong together', () => {
    const turn = {
      turn_id: '0a1b2c3d@1893488400250',
      session_id: '1f0e7f0e-8a51-4c3f-9b0e-3a9d1c2b4e5f',
      model: 'anthropic/claude-opus-4.5',
      subagent: '',
      tokens_in: 1,
      tokens_out: 2,
      input_kind: 'text',
      latency_ms: null,
    };
    const event = { kind: 'turn', event_id: `turn:${turn.session_id}:${turn.session_id}`, turn };
    expect(fullEvent(event, options).value).toEqual(event);
  });
});
