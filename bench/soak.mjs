#!/usr/bin/env node
// Half an hour of mixed traffic at a fixed rate: does memory stay flat, do descriptors, is nothing lost?
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { killAll, startServer } from '../scripts/e2e/children.mjs';
import { Traffic } from './soak/traffic.mjs';
import { OTHER, PREFERRED } from './soak/scenario.mjs';
import { floorOf, slopePerHour } from './soak/slope.mjs';

const HELP = `Usage: node bench/soak.mjs [options]      (pnpm soak builds first)

Sends mixed traffic (short answers, streams, large prompts, clients that leave, lanes that reject and fail) through the
shim with everything on, and looks at its memory and descriptors all the while.

  --minutes <n>   how long (default 30)
  --rate <n>      requests a second (default 200)
  --out <folder>  where the figures go (default artifacts/soak)
  --json          print the result as JSON
  --help          this text`;

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const MAIN = join(ROOT, 'packages/shim/dist/main.js');
const LOOK_MS = 5_000;
/** Several collections of V8's old generation. */
const FLOOR_S = 180;

process.exitCode = await main();

async function main() {
  const options = {
    minutes: { type: 'string', default: '30' },
    rate: { type: 'string', default: '200' },
    out: { type: 'string', default: join(ROOT, 'artifacts/soak') },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  };
  const flags = parseArgs({ options }).values;
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const home = mkdtempSync(join(tmpdir(), 'ccp-soak-'));
  process.once('SIGINT', () => {
    killAll();
    process.exit(1);
  });
  try {
    return await soak(flags, home);
  } finally {
    killAll();
    rmSync(home, { recursive: true, force: true });
  }
}

async function soak({ minutes, rate, out, json }, home) {
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    CCP_TIME_ZONE: 'UTC',
    ZAI_KEY: 'of-the-lane',
    CCP_ROLLUP_INTERVAL: '60s',
  };
  const start = (args, name) => startServer(process.execPath, [MAIN, ...args, '--port', '0', '--json'], { env, name });
  const scenario = (name, behaviour) => {
    const file = join(home, `${name}.json`);
    writeFileSync(file, JSON.stringify(behaviour));
    return ['simulate', '--name', name, '--scenario', file, '--books', 'totals'];
  };
  const anthropic = await start(scenario('anthropic', PREFERRED), 'the first provider');
  const zai = await start(scenario('zai', OTHER), 'the second provider');
  const providers = join(home, 'providers.yaml');
  const quotas = join(home, 'quotas.json');
  writeFileSync(
    providers,
    JSON.stringify({
      providers: {
        anthropic: { base_url: anthropic.ready.url, pass_through: true },
        zai: { base_url: zai.ready.url, key_env: 'ZAI_KEY', concurrency: 48 },
      },
      routes: [{ pattern: '*', provider: 'anthropic', fallback: ['zai'] }],
    }),
  );
  const limit = { provider: 'anthropic', rolling_tokens: 60_000_000, warn_pct: 0.5 };
  writeFileSync(quotas, JSON.stringify({ models: { 'claude-*': limit } }));
  const shim = await start(['serve', '--providers', providers, '--quotas', quotas, '--log-level', 'error'], 'the shim');
  const traffic = new Traffic(shim.ready.url, Number(rate));
  const looks = [];
  const startedMs = Date.now();
  traffic.start();
  while (Date.now() - startedMs < Number(minutes) * 60_000) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const look = { at_s: Math.round((Date.now() - startedMs) / 1000), ...lookAt(shim.ready.pid), ...traffic.take() };
    looks.push(look);
    if (!json && looks.length % 12 === 0) console.log(line(look));
  }
  await traffic.stop();
  const result = {
    ...(await summary({ looks, traffic, shim, providers: [anthropic, zai] })),
    node: process.version,
    rate: Number(rate),
    minutes: Number(minutes),
  };
  mkdirSync(out, { recursive: true });
  const file = join(out, `${new Date(startedMs).toISOString().replace(/[-:]/g, '').slice(0, 15)}Z.json`);
  writeFileSync(file, `${JSON.stringify({ result, looks })}\n`);
  console.log(json ? JSON.stringify(result) : JSON.stringify(result, null, 2));
  await shim.stop();
  return result.problems.length === 0 ? 0 : 1;
}

function lookAt(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const rss = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  return { rss_mb: Math.round(rss * 10) / 10, fds: readdirSync(`/proc/${pid}/fd`).length };
}

async function summary({ looks, traffic, shim, providers }) {
  const usage = await (await fetch(`${shim.ready.url}/v1/usage`)).json();
  const readyz = await (await fetch(`${shim.ready.url}/v1/readyz`)).json();
  // What grows at first is code, caches and pools; the slope is that of what comes after.
  const steady = looks.slice(Math.floor(looks.length / 3));
  const rss = steady.map(({ at_s, rss_mb }) => /** @type {const} */ ([at_s, rss_mb]));
  // Memory under a garbage collector goes up and down by itself; what is lost lifts its floor.
  const floor = floorOf(rss, FLOOR_S);
  const slope = slopePerHour(floor);
  const served = { input: 0, output: 0 };
  for (const provider of providers) {
    const { totals } = await (await fetch(`${provider.ready.url}/__books`)).json();
    for (const model of Object.values(totals.models)) {
      served.input += model.input;
      served.output += model.output;
    }
  }
  const counted = { input: 0, output: 0 };
  for (const { tokens } of Object.values(usage.models)) {
    counted.input += tokens.session.input;
    counted.output += tokens.session.output;
  }
  const fds = steady.map((look) => look.fds);
  const problems = [];
  if (readyz.ready !== true) problems.push(`not ready: ${JSON.stringify(readyz.store)}`);
  if (slope.mb_per_hour > 10 && slope.mb_per_hour > 2 * slope.error) problems.push('memory grows');
  return {
    requests: traffic.total,
    answers: traffic.statuses,
    rss_mb: {
      first: looks[0]?.rss_mb,
      steady_median: median(steady.map((look) => look.rss_mb)),
      max: Math.max(...looks.map((look) => look.rss_mb)),
    },
    rss_slope: slopePerHour(rss),
    rss_floor: { seconds: FLOOR_S, mb: floor.map(([, mb]) => mb), ...slope },
    fds: {
      min: Math.min(...fds),
      max: Math.max(...fds),
      first_third: median(fds.slice(0, fds.length / 3)),
      last_third: median(fds.slice(-fds.length / 3)),
    },
    latency_ms: traffic.latency(),
    tokens: { served, counted },
    store: { ok: readyz.store.ok, log: readyz.store.log.ok, database: readyz.store.database.ok },
    problems,
  };
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function line({ at_s, rss_mb, fds, requests }) {
  return `${String(Math.round(at_s / 60)).padStart(3)} min   ${rss_mb} MB   ${fds} descriptors   ${Math.round(requests / (LOOK_MS / 1000))} requests/s`;
}
