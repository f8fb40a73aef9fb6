#!/usr/bin/env node
// Kills a tracker again and again while it uploads through bad weather, now and then the aggregator too, and holds the
// aggregator's books against the journal afterwards.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { killAll, runToEnd, startServer } from './e2e/children.mjs';
import { compare } from './uplink-chaos/compare.mjs';
import { startWeather } from './uplink-chaos/weather.mjs';

const HELP = `Usage: node scripts/uplink-chaos.mjs [options]      (build first)

A program keeps sessions at the tier full and uploads them; what stands between it and the aggregator is down, slow, answers
500 and 429, and cuts connections before, within and after a request. The program is ended with SIGKILL at random moments.
Afterwards every event of the journal is in the aggregator's books once, the events of each session are in their order, the
sums agree, no number is missing and the queue has stayed within its size.

  --kills <n>   how often (default 20)
  --seed <n>    makes the moments repeatable (default: the clock)
  --evidence    write the figures to artifacts/test_runs/uplink-chaos/latest.json
  --help        print this`;

const SHIM = fileURLToPath(new URL('../packages/shim/dist/main.js', import.meta.url));
const WRITER = fileURLToPath(new URL('uplink-chaos/writer.mjs', import.meta.url));
const QUEUE_BYTES = 4 * 1024 * 1024;
const LONGEST_MS = 1_500;

process.exitCode = await main();

async function main() {
  const { values: flags } = parseArgs({
    options: {
      kills: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      evidence: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const home = mkdtempSync(join(tmpdir(), 'ccp-uplink-chaos-'));
  try {
    return await run({ kills: Number(flags.kills), seed: Number(flags.seed), evidence: flags.evidence }, home);
  } finally {
    killAll();
    rmSync(home, { recursive: true, force: true });
  }
}

async function run({ kills, seed, evidence }, home) {
  const random = randomFrom(seed);
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_STATE_HOME: join(home, 'state'),
  };
  const key = spawnSync(
    process.execPath,
    [
      SHIM,
      'aggregate',
      'key',
      'add',
      '--org',
      'acme',
      '--feature',
      'telemetry_full',
      '--feature',
      'telemetry_minimized',
    ],
    { env, encoding: 'utf8' },
  ).stdout.trim();
  let port = 0;
  const startAggregator = async () => {
    const started = await startServer(process.execPath, [SHIM, 'aggregate', '--json', '--port', String(port)], {
      env,
      name: 'the aggregator',
      timeoutMs: 60_000,
    });
    ({ port } = started.ready);
    return started;
  };
  let aggregator = await startAggregator();
  const weather = await startWeather({ random, target: () => aggregator.ready.url });
  const dataDir = join(home, 'data');
  const settings = {
    tier: 'full',
    since: '2000-01-01T00:00:00.000Z',
    endpoint: weather.url,
    retention: { queue_bytes: QUEUE_BYTES },
  };
  mkdirSync(join(home, 'config', 'ccp'), { recursive: true });
  writeFileSync(join(home, 'config', 'ccp', 'privacy.json'), JSON.stringify(settings));
  const writerEnv = { ...env, CCP_AGGREGATOR_KEY: key };
  let aggregatorKills = 0;
  for (let round = 1; round <= kills; round += 1) {
    if (round % 7 === 3) await weather.down();
    const writer = await startServer(process.execPath, [WRITER, dataDir], {
      env: writerEnv,
      name: 'the writer',
      timeoutMs: 60_000,
    });
    const aliveMs = random() * LONGEST_MS;
    if (round % 5 === 0) {
      await pause(aliveMs / 2);
      process.kill(aggregator.ready.pid, 'SIGKILL');
      aggregatorKills += 1;
      while (aggregator.isRunning()) await pause(5);
      aggregator = await startAggregator();
      await pause(aliveMs / 2);
    } else await pause(aliveMs);
    if (!writer.isRunning()) throw new Error(`the writer ended by itself: ${writer.said()}`);
    process.kill(writer.ready.pid, 'SIGKILL');
    while (writer.isRunning()) await pause(5);
    if (round % 7 === 3) await weather.up();
    if (round % 20 === 0) console.log(`${round} kills`);
  }
  weather.clear();
  const finish = await runToEnd(process.execPath, [WRITER, dataDir, '--finish'], { env: writerEnv, timeoutMs: 90_000 });
  if (finish.code !== 0) throw new Error(`the last upload failed: ${finish.err}`);
  const last = JSON.parse(finish.out);
  const ask = async (path) => {
    const response = await fetch(`${aggregator.ready.url}${path}`, { headers: { authorization: `Bearer ${key}` } });
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return response.json();
  };
  const { problems, figures } = await compare({ dataDir, ask, queueBytes: QUEUE_BYTES });
  if (last.pending > 0) problems.push(`${last.pending} rows still wait`);
  const report = {
    node: process.version,
    seed,
    kills,
    aggregator_kills: aggregatorKills,
    weather: weather.counts,
    ...figures,
    problems,
  };
  console.log(JSON.stringify(report));
  if (evidence) {
    const folder = new URL('../artifacts/test_runs/uplink-chaos/', import.meta.url);
    mkdirSync(folder, { recursive: true });
    writeFileSync(new URL('latest.json', folder), `${JSON.stringify(report, null, 1)}\n`);
  }
  await aggregator.stop();
  await weather.down();
  return problems.length === 0 ? 0 : 1;
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** mulberry32: small, and the same everywhere. */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
