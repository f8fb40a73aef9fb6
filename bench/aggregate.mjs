#!/usr/bin/env node
// How many events per second an aggregator takes in and keeps, sent as trackers send them: gzip, batches, one connection
// per request. Beside it the same requests against a server that only reads and answers them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { killAll, startServer } from '../scripts/e2e/children.mjs';

const HELP = `Usage: node bench/aggregate.mjs [options]      (build first)

  --seconds <n>   per round (default 10)
  --rounds <n>    rounds of each, one after the other in turn (default 3)
  --batch <n>     events per request (default 500)
  --senders <n>   trackers that send at the same time (default 4)
  --out <file>    write the figures there as JSON too
  --help          this text`;

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const SHIM = join(ROOT, 'packages/shim/dist/main.js');
const SINK = `
const { createServer } = require('node:http');
const server = createServer((incoming, outgoing) => {
  incoming.resume().on('end', () => outgoing.end('{"accepted":0,"duplicates":0,"acked_seq":0}'));
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ url: 'http://127.0.0.1:' + server.address().port })));`;

async function main() {
  const text = (value) => ({ type: 'string', default: value });
  const flags = parseArgs({
    options: {
      seconds: text('10'),
      rounds: text('3'),
      batch: text('500'),
      senders: text('4'),
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  }).values;
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const home = mkdtempSync(join(tmpdir(), 'ccp-bench-aggregate-'));
  try {
    const result = await measure(flags, home);
    console.log(JSON.stringify(result, null, 1));
    if (flags.out !== undefined) writeFileSync(flags.out, `${JSON.stringify(result, null, 1)}\n`);
    return result.problems.length === 0 ? 0 : 1;
  } finally {
    killAll();
    rmSync(home, { recursive: true, force: true });
  }
}

async function measure({ seconds, rounds, batch, senders }, home) {
  const env = { PATH: process.env.PATH, HOME: home };
  const key = spawnSync(
    process.execPath,
    [SHIM, 'aggregate', 'key', 'add', '--org', 'acme', '--feature', 'telemetry_full'],
    {
      env,
      encoding: 'utf8',
    },
  ).stdout.trim();
  const database = join(home, 'books.sqlite3');
  const aggregator = await startServer(
    process.execPath,
    [SHIM, 'aggregate', '--port', '0', '--json', '--database', database],
    {
      env,
      name: 'the aggregator',
      timeoutMs: 60_000,
    },
  );
  const sink = await startServer(process.execPath, ['-e', SINK], { env, name: 'the sink', timeoutMs: 60_000 });
  const trackers = Array.from({ length: Number(senders) }, (_, at) => new Tracker(at, Number(batch), key));
  const runs = { aggregator: [], sink: [] };
  for (let round = 0; round < Number(rounds); round += 1) {
    runs.sink.push(await load(sink.ready.url, trackers, Number(seconds), false));
    const before = cpuSeconds(aggregator.ready.pid);
    const run = await load(aggregator.ready.url, trackers, Number(seconds), true);
    // On a busy machine the clock says little; what a process was given says more.
    const cpu = cpuSeconds(aggregator.ready.pid) - before;
    runs.aggregator.push({ ...run, cpu_us_per_event: Math.round((cpu * 1e6) / run.events) });
  }
  const ask = await fetch(`${aggregator.ready.url}/v1/ingest/models`, { headers: { authorization: `Bearer ${key}` } });
  const { models } = await ask.json();
  const kept = Object.values(models).reduce((sum, one) => sum + one.turns, 0);
  const acknowledged = runs.aggregator.reduce((sum, run) => sum + run.events, 0);
  const problems =
    kept === acknowledged ? [] : [`${acknowledged} events were acknowledged and ${kept} are in the sums`];
  await aggregator.stop();
  return {
    node: process.version,
    cpus: cpus().length,
    seconds: Number(seconds),
    batch: Number(batch),
    senders: Number(senders),
    runs,
    events_kept: kept,
    bytes_per_event: Math.round(statSync(database).size / kept),
    problems,
  };
}

/** Time a process has been given, in seconds (proc(5)); NaN where there is no such file. */
function cpuSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return NaN;
  }
}

/** Keeps every tracker sending for some time, one request at a time each. */
async function load(url, trackers, seconds, counts) {
  const latencies = [];
  let [events, busy, failed] = [0, 0, 0];
  const started = performance.now();
  const until = started + seconds * 1000;
  await Promise.all(
    trackers.map(async (tracker) => {
      let upload = null;
      while (performance.now() < until) {
        upload ??= tracker.next();
        const sent = performance.now();
        const { status, retryAfterMs } = await send(url, upload, tracker.key);
        if (status === 200) {
          latencies.push(performance.now() - sent);
          events += tracker.batch;
          upload = null;
        } else if (status === 429) {
          busy += 1;
          await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
        } else failed += 1;
      }
      // What was not acknowledged is sent again in the next round, under the same numbers.
      if (counts && upload !== null) tracker.putBack(upload);
    }),
  );
  const elapsed = (performance.now() - started) / 1000;
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  return { events, events_per_s: Math.round(events / elapsed), p50_ms: at(0.5), p99_ms: at(0.99), busy, failed };
}

class Tracker {
  #seq = 0;
  #back = null;
  #stream;

  constructor(at, batch, key) {
    this.batch = batch;
    this.key = key;
    this.#stream = `bench-${at}`;
  }

  next() {
    const back = this.#back;
    this.#back = null;
    if (back !== null) return back;
    const events = Array.from({ length: this.batch }, () => this.#event((this.#seq += 1)));
    return gzipSync(JSON.stringify({ upload_schema: 'v1', stream: this.#stream, events }), { level: 1 });
  }

  putBack(upload) {
    this.#back = upload;
  }

  /** As large as a turn of the shim is. */
  #event(seq) {
    const id = `turn:${this.#stream}-${Math.floor(seq / 40)}:${seq}`;
    const model = seq % 5 === 0 ? 'glm-4.6' : seq % 2 === 0 ? 'claude-sonnet-4-5' : 'claude-haiku-4-5';
    const at = new Date(1_900_000_000_000 + seq * 1_000).toISOString();
    const turn = {
      turn_id: id,
      session_id: `${this.#stream}-${Math.floor(seq / 40)}`,
      model,
      subagent: '',
      tokens_in: 1000 + (seq % 997),
      tokens_out: seq % 503,
      cache_write_tokens: 120,
      cache_read_tokens: 40_000,
      input_kind: 'text',
      latency_ms: 4_000 + (seq % 811),
      attribution: { [model]: 1 },
      capacity_used: null,
      ts: 1_900_000_000 + seq,
      lane: 'anthropic',
      rid: (seq % 0xffffffff).toString(16).padStart(8, '0'),
      status: 200,
      ended: 'complete',
      usage_known: true,
      ttft_ms: 612,
      stream_s: 3.5,
    };
    const event = {
      kind: 'turn',
      schema_version: '1.0.0',
      tool_version: '0.1.0',
      type: 'turn',
      event_id: id,
      captured_at: at,
      source: 'shim',
      turn,
    };
    return { seq, id, event, redaction: { hashes: {}, spans: [], dropped: 0 } };
  }
}

function send(url, body, key) {
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    'content-encoding': 'gzip',
    'content-length': body.length,
  };
  return new Promise((resolve) => {
    const sending = request(
      `${url}/v1/events`,
      { method: 'POST', headers, agent: new Agent({ keepAlive: false }) },
      (response) => {
        response
          .resume()
          .on('end', () =>
            resolve({ status: response.statusCode, retryAfterMs: Number(response.headers['retry-after'] ?? 1) * 1000 }),
          );
      },
    );
    sending.on('error', () => resolve({ status: 0, retryAfterMs: 100 }));
    sending.end(body);
  });
}

process.exitCode = await main();
