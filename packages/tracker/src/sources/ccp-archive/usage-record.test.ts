import { parseEvent, parseSample, schemas } from '@ccp/contracts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { turnOfArchive, turnOfSample } from '../../events/turn-event.ts';
import { judgeRecord } from './usage-record.ts';

const names = Object.keys((schemas['usage-event'] as unknown as { properties: object }).properties);
const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  fc.constantFrom(-1, 0, 0.5, 1, 200, 1e10, 1.8e12, 1e308, '', 'stream', true, null),
  fc.double({ min: -1e12, max: 1e12, noNaN: true }),
);
/** Records with a time and a status more often than not, and anything in every field. */
const records = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...names, 'in_tokens', 'dirty_s', 'stream_s'), odd, { maxKeys: 30 }),
    fc.record(
      { ts: fc.double({ min: 1e9, max: 2e9, noNaN: true }), status: fc.constantFrom(200, 429, 0) },
      { requiredKeys: [] },
    ),
  )
  .map(([any, usable]) => ({ ...any, ...usable }));

test('whatever a record holds, what is made of it follows the contracts', () => {
  let turns = 0;
  fc.assert(
    fc.property(records, (record) => {
      const judged = judgeRecord(record);
      if (judged.kind !== 'turn') {
        expect(judged.why).not.toBe('');
        return;
      }
      turns += 1;
      expect(parseSample(judged.turn.details().sample)).toMatchObject({ ok: true });
      expect(parseEvent(turnOfArchive(judged.turn.details(), 1))).toMatchObject({ ok: true });
    }),
    { numRuns: 500 },
  );
  expect(turns).toBeGreaterThan(100);
});

const completion = {
  ts: 1768392004.125,
  rid: '00000001',
  lane: 'anthropic',
  model: 'claude-sonnet-4-5',
  input_tokens: 1200,
  output_tokens: 340,
  status: 200,
  reason: 'ok',
  op: 'stream',
  latency_ms: 4000,
  stream_ms: 3500,
  ttft_ms: 480,
  reroute_mode: 'hybrid',
  reroute_decision: 'preferred',
  preferred_attempt: true,
  warn_pct_cfg: 0.8,
  warn_pct_auto: 0.72,
  warn_pct_confidence: 0.35,
  gap_seconds_p50: 12,
  gap_seconds_p95: 48,
  gap_samples: 14,
};

describe('a finished exchange', () => {
  test('is the turn the shim would have told of, with what only its log says of the decision', () => {
    const judged = judgeRecord(completion);
    if (judged.kind !== 'turn') throw new Error(judged.why);
    const row = turnOfArchive(judged.turn.details(), 1);
    const { decision: _decision, source: _source, ...polled } = turnOfSample(judged.turn.details().sample, 1);
    expect(row).toMatchObject({ ...polled, source: 'ccp-archive', dedupe_key: '00000001@1768392004125' });
    expect(row.turn).toMatchObject({
      tokens_in: 1200,
      latency_ms: 4000,
      ttft_ms: 480,
      session_id: '',
      capacity_used: null,
    });
    expect(row).not.toHaveProperty('measurement');
    expect(row.decision).toEqual({
      reroute_mode: 'hybrid',
      reroute_decision: 'preferred',
      preferred_attempt: true,
      warn_pct_cfg: 0.8,
      warn_pct_auto: 0.72,
      warn_pct_confidence: 0.35,
      gap_seconds_p50: 12,
      gap_seconds_p95: 48,
      gap_samples: 14,
    });
  });

  test('without an id is known by what it did and the minute', () => {
    const keyOf = (record: object): string => {
      const judged = judgeRecord({ ...completion, rid: '', ...record });
      return judged.kind === 'turn' ? judged.turn.key : judged.why;
    };
    expect(keyOf({})).toMatch(/^h:[0-9a-f]{24}$/);
    expect(keyOf({ ts: completion.ts + 1 })).toBe(keyOf({}));
    expect(keyOf({ ts: completion.ts + 60 })).not.toBe(keyOf({}));
    expect(keyOf({ output_tokens: 1 })).not.toBe(keyOf({}));
  });

  test.each([
    [{ reason: 'stream_timeout' }, 'timeout'],
    [{ err_type: 'idle_timeout' }, 'timeout'],
    [{ err_type: 'stream_error' }, 'error_in_stream'],
    [{ err_type: 'net', status: 0 }, 'failed'],
    [{ ended: 'cancelled' }, 'cancelled'],
    [{}, 'complete'],
  ])('%j ended as %s', (fields, ended) => {
    const judged = judgeRecord({ ...completion, ...fields });
    expect(judged.kind === 'turn' && judged.turn.details().sample.ended).toBe(ended);
  });

  test('in the fields of a database is the same turn', () => {
    const { latency_ms: _l, stream_ms: _s, reroute_decision: _d, ...rest } = completion;
    const row = { ...rest, dirty_s: 4, stream_s: 3.5, decision: 'preferred', usage_known: 1 };
    const [one, other] = [judgeRecord(row), judgeRecord({ ...completion, usage_known: true })];
    if (one.kind !== 'turn' || other.kind !== 'turn') throw new Error('no turns');
    expect({ ...one.turn, details: one.turn.details() }).toEqual({ ...other.turn, details: other.turn.details() });
  });
});

test.each([
  [{}, 'seeds'],
  [{ ...completion, status: -1 }, 'decision lines'],
  [{ ...completion, event: 'decision' }, 'decision lines'],
  [{ ...completion, ended: 'pending' }, 'decision lines'],
  [{ ...completion, reason: 'streaming' }, 'early stream lines'],
  [{ ...completion, op: 'count_tokens' }, 'other requests'],
])('%j is passed over', (record, why) => {
  expect(judgeRecord(record)).toEqual({ kind: 'passed', why });
});

test.each([
  [{ rid: 'x', status: 200 }, 'it has no ts'],
  [{ ts: 1768392004, rid: 'x' }, 'it has no status'],
  [{ ...completion, ts: 1768392004125 }, 'its ts is no time in epoch seconds (1768392004125)'],
  [{ ...completion, status: 200.5 }, 'its status is no HTTP status (200.5)'],
  [[completion], 'it is no object'],
  [null, 'it is no object'],
])('%j is refused', (record, why) => {
  expect(judgeRecord(record)).toEqual({ kind: 'bad', why });
});
