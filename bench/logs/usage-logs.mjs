import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { randomFrom } from './random.mjs';

const MODELS = ['claude-sonnet-4-5', 'claude-opus-4-5', 'claude-haiku-4-5', 'glm-4.7'];
const FILE_BYTES = 64 * 1024 * 1024;

/**
 * Writes usage logs as the shim does, about `bytes` of them: a decision and a completion for each request, rotated.
 *
 * @returns {{ files: number, bytes: number, lines: number, requests: number, sums: import('./transcripts.mjs').Sums }}
 */
export function writeUsageLogs(folder, bytes, seed = 2) {
  const random = randomFrom(seed);
  mkdirSync(folder, { recursive: true });
  const made = {
    files: 0,
    bytes: 0,
    lines: 0,
    requests: 0,
    sums: { input: 0, output: 0, cacheWrite: 0, cacheRead: 0 },
  };
  let ts = Date.UTC(2030, 0, 1) / 1000;
  while (made.bytes < bytes) {
    const file = openSync(join(folder, `usage-${String(made.files).padStart(3, '0')}.jsonl`), 'w');
    let size = 0;
    while (size < FILE_BYTES && made.bytes < bytes) {
      let text = '';
      for (let request = 0; request < 2000; request += 1) {
        made.requests += 1;
        ts += random.next() * 2;
        text += exchange(random, ts, made);
      }
      size += writeSync(file, text);
      made.bytes += text.length;
    }
    closeSync(file);
    made.files += 1;
  }
  made.lines = made.requests * 2;
  return made;
}

function exchange(random, ts, { requests, sums }) {
  const rid = requests.toString(16).padStart(8, '0');
  const model = random.pick(MODELS);
  const lane = model.startsWith('glm') ? 'zai' : 'anthropic';
  const usage = {
    input: 1 + random.below(4000),
    output: random.size(180, 1),
    cacheWrite: random.size(900, 1.2),
    cacheRead: random.below(140_000),
  };
  for (const kind of Object.keys(usage)) sums[kind] += usage[kind];
  const latency = random.size(5000, 0.7);
  const common = `"usage_event_schema":"v1","epoch":"c0ffee01","lane":"${lane}","provider":"${lane}","model":"${model}","upstream_model":"${model}","op":"stream","upstream":"https://${lane}.example","h2":false,"header_mode":"pass_through","decision":"default","decision_reason":"default","rid":"${rid}"`;
  const at = Math.round(ts * 1000) / 1000;
  return (
    `{"seq":${2 * requests - 1},"ts":${at},${common},"event":"decision","status":-1,"reason":"attempt","ended":"pending","input_tokens":0,"output_tokens":0,"cache_write_tokens":0,"cache_read_tokens":0,"usage_known":false,"latency_ms":0,"stream_ms":null,"ttft_ms":null,"err_type":"","request_id":null}\n` +
    `{"seq":${2 * requests},"ts":${at + latency / 1000},${common},"event":"completion","status":200,"reason":"ok","ended":"complete","input_tokens":${usage.input},"output_tokens":${usage.output},"cache_write_tokens":${usage.cacheWrite},"cache_read_tokens":${usage.cacheRead},"usage_known":true,"latency_ms":${latency},"stream_ms":${Math.round(latency * 0.8)},"ttft_ms":${Math.round(latency * 0.2)},"err_type":"","request_id":"req_${rid}","session_id":"session-${requests % 50}","agent_id":null}\n`
  );
}
