#!/usr/bin/env node
// What the overlay costs while it stays open, and how long the statusline takes.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { killAll, startServer } from '../scripts/e2e/children.mjs';
import { describeMachine } from './machine.mjs';

const HELP = `Usage: node bench/overlay.mjs [options]      (build first; needs tmux and /proc)

Opens tracker preview in a terminal of tmux in front of a shim and a simulated provider, and reads its CPU time and memory
from /proc: first while nothing happens, then with a turn every second. Then times tracker statusline, in turn with a node
that does nothing (a script, and an empty module), because most of it is the start of node.

  --seconds <n>  of each of the two stretches (default 60)
  --rounds <n>   of the statusline (default 40)
  --frame <file> write the last frame there, with its colours
  --out <file>   write the figures there as JSON too
  --help         this text`;

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const SHIM = join(ROOT, 'packages/shim/dist/main.js');
const TRACKER = join(ROOT, 'packages/tracker/dist/main.js');
const SOCKET = `ccp-bench-${process.pid}`;
const TICKS_PER_S = 100;
const MODELS = ['claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-sonnet-4-5', 'claude-opus-4-5'];

process.exitCode = await main();

async function main() {
  const text = (value) => ({ type: 'string', default: value });
  const flags = parseArgs({
    options: {
      seconds: text('60'),
      rounds: text('40'),
      frame: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  }).values;
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const home = mkdtempSync(join(tmpdir(), 'ccp-overlay-'));
  try {
    const result = { machine: describeMachine(), ...(await measure(flags, home)) };
    console.log(JSON.stringify(result, null, 2));
    if (flags.out !== undefined) writeFileSync(flags.out, `${JSON.stringify(result)}\n`);
    return 0;
  } finally {
    spawnSync('tmux', ['-L', SOCKET, 'kill-server']);
    killAll();
    rmSync(home, { recursive: true, force: true });
  }
}

async function measure(flags, home) {
  const env = { PATH: process.env.PATH, HOME: home, ZAI_API_KEY: 'x', LC_ALL: 'C.UTF-8', TERM: 'screen-256color' };
  const url = await startShim(home, env);
  const data = join(home, 'data');
  const node = [process.execPath, TRACKER, 'preview', '--ccp-url', url, '--data-dir', data].join(' ');
  tmux(env, 'new-session', '-d', '-x', '120', '-y', '32', `exec ${node}`);
  const pid = Number(tmux(env, 'list-panes', '-F', '#{pane_pid}').trim());
  for (let turn = 0; turn < 12; turn += 1) await send(url, turn);
  // Start-up and the first compilations are no part of a day.
  await sleep(15_000);
  const seconds = Number(flags.seconds);
  const idle = await stretch(pid, seconds, async () => sleep(seconds * 1000));
  const busy = await stretch(pid, seconds, async () => {
    for (let turn = 0; turn < seconds; turn += 1) await Promise.all([send(url, turn), sleep(1000)]);
  });
  if (flags.frame !== undefined) writeFileSync(flags.frame, tmux(env, 'capture-pane', '-p', '-e'));
  return { overlay: { idle, one_turn_a_second: busy }, statusline: statusline(Number(flags.rounds), home, url, env) };
}

async function startShim(home, env) {
  const simulate = [SHIM, 'simulate', '--port', '0', '--ttft-ms', '150', '--pace-ms', '20', '--json'];
  const simulator = await startServer(process.execPath, simulate, { env, name: 'the simulator', timeoutMs: 60_000 });
  const providers = join(home, 'providers.yaml');
  const quotas = join(home, 'quotas.json');
  const to = JSON.stringify(simulator.ready.url);
  writeFileSync(
    providers,
    `providers: {anthropic: {base_url: ${to}, pass_through: true}, zai: {base_url: ${to}, key_env: ZAI_API_KEY}}\n` +
      `routes: [{pattern: 'claude-haiku*', provider: zai, fallback: [anthropic]}, {pattern: '*', provider: anthropic}]\n`,
  );
  const cap = { provider: 'anthropic', rolling_tokens: 90_000, weekly_limit_value: 2_000_000, warn_pct: 0.6 };
  writeFileSync(quotas, JSON.stringify({ models: { 'claude-sonnet*': cap } }));
  const serve = [SHIM, 'serve', '--port', '0', '--providers', providers, '--quotas', quotas, '--json'];
  return (await startServer(process.execPath, serve, { env, name: 'the shim', timeoutMs: 60_000 })).ready.url;
}

async function send(url, turn) {
  const answer = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': 'k', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({
      model: MODELS[turn % MODELS.length],
      max_tokens: 100,
      stream: true,
      messages: [{ role: 'user', content: 'hi' }],
    }),
  });
  await answer.text();
}

async function stretch(pid, seconds, live) {
  const before = ticks(pid);
  const startedMs = performance.now();
  await live();
  const wallS = (performance.now() - startedMs) / 1000;
  const cpuS = (ticks(pid) - before) / TICKS_PER_S;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mb = (name) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  return { seconds, cpu_pct: Math.round((cpuS / wallS) * 10_000) / 100, rss_mb: mb('VmRSS'), peak_rss_mb: mb('VmHWM') };
}

function ticks(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function statusline(rounds, home, url, env) {
  const data = join(home, 'statusline');
  const resets = Math.round(Date.now() / 1000) + 3600;
  const input = JSON.stringify({ rate_limits: { five_hour: { used_percentage: 37, resets_at: resets } } });
  const empty = join(home, 'empty.mjs');
  writeFileSync(empty, '');
  const args = {
    node_script: ['-e', '0'],
    node_module: [empty],
    statusline: [TRACKER, 'statusline', '--data-dir', data, '--ccp-url', url],
  };
  const found = Object.fromEntries(Object.keys(args).map((name) => [name, []]));
  spawnSync(process.execPath, args.statusline, { env, input });
  spawnSync('sleep', ['5']);
  for (let round = 0; round < rounds; round += 1) {
    for (const name of Object.keys(args)) {
      const startedMs = performance.now();
      spawnSync(process.execPath, args[name], { env, input });
      found[name].push(performance.now() - startedMs);
    }
  }
  const ratios = found.statusline.map((ms, at) => ms / found.node_module[at]);
  return {
    ...Object.fromEntries(Object.entries(found).map(([name, times]) => [`${name}_ms`, quantiles(times)])),
    statusline_per_node_module: quantiles(ratios),
  };
}

function quantiles(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (p) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] * 100) / 100;
  return { min: at(0), p50: at(0.5), p90: at(0.9), max: at(1) };
}

function tmux(env, ...args) {
  return execFileSync('tmux', ['-L', SOCKET, '-f', '/dev/null', ...args], { env, encoding: 'utf8' });
}
