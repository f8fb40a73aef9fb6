#!/usr/bin/env node
// How long /v1/usage takes, and a start, with 50 models and a week of turns in the database.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { killAll, startServer } from '../scripts/e2e/children.mjs';

const HELP = `Usage: node bench/week.mjs [options]      (build first)

Fills a database with a week of turns of many models, starts the shim on it and times GET /v1/usage, beside GET /healthz,
which answers two letters.

  --models <n>  (default 50)
  --turns <n>   per model, at random moments of the week (default 2000)
  --calls <n>   timed calls (default 200)
  --out <file>  write the figures there as JSON too
  --help        this text`;

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const MAIN = join(ROOT, 'packages/shim/dist/main.js');
const { DatabaseSync } = createRequire(join(ROOT, 'packages/shim/package.json'))('@photostructure/sqlite');
const WEEK_S = 604_800;

process.exitCode = await main();

async function main() {
  const text = (value) => ({ type: 'string', default: value });
  const flags = parseArgs({
    options: {
      models: text('50'),
      turns: text('2000'),
      calls: text('200'),
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  }).values;
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const home = mkdtempSync(join(tmpdir(), 'ccp-week-'));
  try {
    const result = await measure(flags, home);
    console.log(JSON.stringify(result, null, 2));
    if (flags.out !== undefined) writeFileSync(flags.out, `${JSON.stringify(result)}\n`);
    return 0;
  } finally {
    killAll();
    rmSync(home, { recursive: true, force: true });
  }
}

async function measure({ models, turns, calls }, home) {
  const quotas = join(home, 'quotas.json');
  const limit = { rolling_tokens: 1e9, weekly_limit_value: 1e10, warn_pct: 0.8 };
  writeFileSync(quotas, JSON.stringify({ models: { 'model-1*': limit } }));
  const env = { PATH: process.env.PATH, HOME: home, CCP_TIME_ZONE: 'UTC' };
  const start = async () => {
    const startedMs = performance.now();
    const args = [MAIN, 'serve', '--port', '0', '--json', '--log-level', 'warn', '--quotas', quotas];
    const server = await startServer(process.execPath, args, { env, name: 'the shim' });
    return { ...server, readyMs: performance.now() - startedMs };
  };
  const empty = await start();
  await empty.stop();
  fill(join(home, '.local/state/ccp/ccp.sqlite3'), Number(models), Number(turns));
  const shim = await start();
  const { url, pid } = shim.ready;
  const agent = new Agent({ keepAlive: true });
  const first = await timed(`${url}/v1/usage`, agent);
  // Speeds of the week come back behind the requests.
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const usage = [];
  const healthz = [];
  for (let call = 0; call < Number(calls); call += 1) {
    usage.push(await timed(`${url}/v1/usage`, agent));
    healthz.push(await timed(`${url}/healthz`, agent));
    // A page that looks every few seconds finds caches cold more often than a loop does.
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  agent.destroy();
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  await shim.stop();
  return {
    node: process.version,
    models: Number(models),
    turns: Number(models) * Number(turns),
    ready_ms: { empty: Math.round(empty.readyMs), with_a_week: Math.round(shim.readyMs) },
    usage_ms: { first: round(first), first_with_speeds: round(usage[0]), ...quantiles(usage) },
    healthz_ms: quantiles(healthz),
    rss_mb: Math.round(rss),
  };
}

function fill(file, models, turns) {
  const db = new DatabaseSync(file);
  const nowTs = Date.now() / 1000;
  const sample = db.prepare(
    `INSERT INTO usage_sample (ts, rid, model, lane, op, input_tokens, output_tokens, dirty_s, stream_s, ttft_ms, status,
      err_type, epoch, cache_write_tokens, cache_read_tokens, usage_known, ended)
     VALUES (?, ?, ?, 'anthropic', 'stream', 900, 220, ?, ?, ?, 200, '', 'before', 300, 9000, 1, 'complete')`,
  );
  const minute = db.prepare(
    `INSERT INTO ledger_minute (lane, model, minute, first_ts, input, output, cache_write, cache_read, dirty_s, count)
     VALUES ('anthropic', ?, ?, ?, 900, 220, 300, 9000, ?, 1)
     ON CONFLICT DO UPDATE SET input = input + 900, output = output + 220, count = count + 1`,
  );
  db.exec('BEGIN');
  let rid = 0;
  for (let model = 0; model < models; model += 1) {
    for (let turn = 0; turn < turns; turn += 1) {
      const ts = nowTs - WEEK_S * Math.random();
      const dirtyS = 2 + 8 * Math.random();
      rid += 1;
      sample.run(
        ts,
        rid.toString(16).padStart(8, '0'),
        `model-${model}`,
        dirtyS,
        dirtyS * 0.8,
        200 + 900 * Math.random(),
      );
      minute.run(`model-${model}`, Math.floor(ts / 60), ts, dirtyS);
    }
  }
  db.exec('COMMIT');
  db.close();
}

/** Milliseconds to the first byte of the answer. */
function timed(url, agent) {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    get(url, { agent }, (answer) => {
      const tookMs = performance.now() - startedMs;
      answer.resume();
      answer.on('end', () => resolve(tookMs));
    }).on('error', reject);
  });
}

function quantiles(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share) => round(sorted[Math.floor((sorted.length - 1) * share)]);
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}

function round(ms) {
  return Math.round(ms * 100) / 100;
}
