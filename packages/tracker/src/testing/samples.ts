import type { UsageSample } from '@ccp/contracts';

/** The n-th turn of a made-up shim, one a second from 2030 on. */
export function sampleAt(nth: number, over: Partial<UsageSample> = {}): UsageSample {
  return {
    ts: 1_893_456_000 + nth + 0.25,
    rid: nth.toString(16).padStart(8, '0'),
    epoch: 'c0ffee01',
    model: 'claude-sonnet-4-5',
    lane: 'anthropic',
    op: 'stream',
    input_tokens: 100 + nth,
    output_tokens: 10 + nth,
    cache_write_tokens: 5,
    cache_read_tokens: 7,
    usage_known: true,
    dirty_s: 1.5,
    stream_s: 1.25,
    ttft_ms: 250,
    status: 200,
    ended: 'complete',
    err_type: '',
    decision: 'preferred',
    reroute_mode: 'hybrid',
    session_id: 's-1',
    agent_id: null,
    ...over,
  };
}
