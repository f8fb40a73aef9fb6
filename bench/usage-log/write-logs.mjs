import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const MIB = 2 ** 20;
const FILE_MIB = 64;
const PIECE_MIB = 16;
const MODELS = ['claude-sonnet-4-5', 'claude-haiku-4-5', 'glm-4.6', 'claude-opus-4-1'];

/**
 * Writes about `bytes` of usage logs below `home`, file by file as the original program and as our shim write them. Of each
 * form 16 MiB are made, and then again and again: more than the caches of a processor hold.
 *
 * @returns {{ bytes: number, lines: number, turns: number }}
 */
export function writeLogs(home, bytes) {
  mkdirSync(join(home, 'logs'));
  const made = { bytes: 0, lines: 0, turns: 0 };
  const forms = [piece(original, 1), piece(ours, 2)];
  for (let file = 0; made.bytes < bytes; file += 1) {
    const fd = openSync(join(home, 'logs', `usage-${String(file).padStart(4, '0')}.jsonl`), 'w');
    // As a script that moved logs away left the next one.
    if (file % 4 === 0) made.bytes += writeSync(fd, '{}');
    const { text, lines, turns } = forms[file % 2];
    const end = Math.min(bytes, made.bytes + FILE_MIB * MIB);
    while (made.bytes < end) {
      made.bytes += writeSync(fd, text);
      made.lines += lines;
      made.turns += turns;
    }
    closeSync(fd);
  }
  return made;
}

/** Lines of one form. */
function piece(form, seed) {
  let state = seed;
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const hex = () =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  const texts = [];
  let [size, turns, ts] = [0, 0, 1_761_268_000];
  for (; size < PIECE_MIB * MIB; turns += 1) {
    const start = (ts += random());
    const model = MODELS[Math.floor(random() * MODELS.length)];
    const [input, output] = [Math.floor(random() * 9000), Math.floor(random() * 2000)];
    for (const line of form({ model, rid: hex(), start, took: 3 * random(), input, output }, turns, hex)) {
      const text = `${JSON.stringify(line)}\n`;
      size += text.length;
      texts.push(text);
    }
  }
  return { text: Buffer.from(texts.join('')), lines: texts.length, turns };
}

function micros(ts) {
  return Math.round(ts * 1e6) / 1e6;
}

/** A line before the attempt, one when the stream began, one when it ended. */
function original({ model, rid, start, took, input, output }, n) {
  const lane = model.startsWith('glm') ? 'zai' : 'anthropic';
  const quota = {
    ...{
      decision_reason: 'catalog',
      rolling_used_tokens: n,
      rolling_capacity_tokens: 1e6,
      headroom_pct_rolling: 0.5123,
    },
    ...{ warn_pct_cfg: 0.8, reroute_mode: 'hybrid', reroute_decision: 'preferred' },
  };
  const at = (ts, tokens, rest) => ({
    // In all the digits of a double, as a Go program prints it.
    ts,
    rid,
    lane,
    model,
    ...tokens,
    ...rest,
    err_type: '',
    upstream: lane,
    h2: false,
  });
  const none = { input_tokens: 0, output_tokens: 0 };
  return [
    {
      ...at(start, none, { status: -1, reason: '', op: '', latency_ms: 0 }),
      event: 'decision',
      decision: 'catalog',
      ...quota,
    },
    { ...at(start + 0.2, none, { status: 200, reason: 'streaming', op: 'stream', latency_ms: 200 }), ...quota },
    {
      ...at(
        start + took,
        { input_tokens: input, output_tokens: output },
        { status: 200, reason: 'ok', op: 'stream', latency_ms: Math.round(took * 1000) },
      ),
      ...{ stream_ms: Math.round(took * 900), ttft_ms: 400, header_mode: 'x-api-key', warn_pct_auto: 0.78 },
      ...{ gap_seconds_p50: 12, gap_seconds_p95: 48, gap_samples: 14, ...quota },
    },
  ];
}

/** A line before the attempt and one when it ended, with the fields in the order of the shim's own writer. */
function ours({ model, rid, start, took, input, output }, n, hex) {
  const lane = model.startsWith('glm') ? 'zai' : 'anthropic';
  const shared = {
    ...{
      usage_event_schema: 'v1',
      epoch: 'c0ffee01',
      lane,
      provider: lane,
      model,
      upstream_model: model,
      op: 'stream',
    },
    ...{ upstream: 'https://api.anthropic.com', h2: false, header_mode: 'x-api-key', decision: 'catalog' },
    ...{ decision_reason: 'route claude-*', warn_pct_cfg: 0.8, warn_pct_auto: null, warn_pct_confidence: null },
    ...{
      gap_seconds_p50: null,
      gap_seconds_p95: null,
      gap_samples: 0,
      reroute_mode: 'hybrid',
      reroute_decision: 'preferred',
    },
    ...{ preferred_attempt: true, rid, retry: false, attempts: 1, fallback_from: null, rolling_used_tokens: n },
    ...{
      rolling_capacity_tokens: 1e6,
      weekly_used_tokens: 2 * n,
      weekly_capacity_tokens: null,
      headroom_pct_rolling: 0.5123,
    },
    ...{
      headroom_pct_weekly: null,
      wasted_retry_ms: 0,
      cooldown_active: false,
      cooldown_next_ts: null,
      cooldown_kind: null,
    },
    ...{
      shadow_decision: null,
      probe: false,
      reserved_tokens: 5000,
      session_id: `0b7c8f0e-1111-4222-8333-${hex()}abcd`,
      agent_id: null,
    },
  };
  const tokens = (known, own) => ({
    input_tokens: 0,
    output_tokens: 0,
    cache_write_tokens: 0,
    cache_read_tokens: 0,
    ...own,
    usage_known: known,
  });
  const end = { latency_ms: Math.round(took * 1000), stream_ms: Math.round(took * 900), ttft_ms: 432, err_type: '' };
  return [
    {
      ...{
        seq: 2 * n,
        ts: micros(start),
        ...shared,
        event: 'decision',
        status: -1,
        reason: 'attempt',
        ended: 'pending',
      },
      ...tokens(false, {}),
      ...{ latency_ms: 0, stream_ms: null, ttft_ms: null, err_type: '', request_id: null, rejection_kind: null },
    },
    {
      ...{
        seq: 2 * n + 1,
        ts: micros(start + took),
        ...shared,
        event: 'completion',
        status: 200,
        reason: 'ok',
        ended: 'complete',
      },
      ...tokens(true, { input_tokens: input, output_tokens: output, cache_write_tokens: 300, cache_read_tokens: 9000 }),
      ...{ ...end, request_id: `req_011CUx${hex()}${hex()}`, rejection_kind: null },
    },
  ];
}
