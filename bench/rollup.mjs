#!/usr/bin/env node
// How long the tracker takes to add up a million turns: from the first row, from what it kept, and tick by tick.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine } from './machine.mjs';

const HELP = `Usage: node bench/rollup.mjs [options]      (build first)

Writes windows.jsonl with turns of a made-up shim and times what the tracker does with it, in processes of their own, beside
wc -l on the same file. Every step once per round. wall_ms is by the clock, cpu_ms what the process used; start and imports
of Node are apart (start_ms) except for wc.

  --turns <n>   (default 1000000)
  --rounds <n>  (default 3)
  --out <name>  raw figures and table go to artifacts/bench/<name>.json and .txt (default: the time and -rollup)
  --help        this text`;

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const DIST = join(ROOT, 'packages/tracker/dist');
const MODELS = ['claude-sonnet-4-5', 'claude-haiku-4-5', 'glm-4.6', 'claude-opus-4-5'];

process.exitCode = await main();

async function main() {
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const flags = parseArgs({
    options: {
      turns: { type: 'string', default: '1000000' },
      rounds: { type: 'string', default: '3' },
      out: { type: 'string', default: `${stamp}-rollup` },
      help: { type: 'boolean', default: false },
    },
  }).values;
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const dir = mkdtempSync(join(tmpdir(), 'ccp-rollup-'));
  try {
    const turns = Number(flags.turns);
    await writeTurns(dir, turns);
    const bytes = statSync(join(dir, 'windows.jsonl')).size;
    const rounds = Array.from({ length: Number(flags.rounds) }, (_, nth) => measure(dir, nth));
    const result = { machine: describeMachine(), turns, bytes, rounds };
    const folder = join(ROOT, 'artifacts/bench');
    mkdirSync(folder, { recursive: true });
    const text = tableOf(result);
    writeFileSync(join(folder, `${flags.out}.json`), `${JSON.stringify(result, null, 1)}\n`);
    writeFileSync(join(folder, `${flags.out}.txt`), text);
    console.log(text);
    return 0;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Rows as the tracker writes them, without its locks and syncs. */
async function writeTurns(dir, turns) {
  const { turnOfSample } = await import(join(DIST, 'events/turn-event.js'));
  const { lineOf } = await import(join(DIST, 'events/stamp.js'));
  const { rowFamilies } = await import(join(DIST, 'events/row-families.js'));
  const fd = openSync(join(dir, 'windows.jsonl'), 'w', 0o600);
  let lines = [];
  for (let nth = 0; nth < turns; nth += 1) {
    const sample = sampleAt(nth);
    lines.push(lineOf('windows.jsonl', rowFamilies.turn, turnOfSample(sample, sample.ts + 1)).value);
    if (lines.length < 1000 && nth < turns - 1) continue;
    writeSync(fd, Buffer.concat(lines));
    lines = [];
  }
  closeSync(fd);
}

function sampleAt(nth) {
  return {
    ts: 1_893_456_000 + nth * 5.25,
    rid: nth.toString(16).padStart(8, '0'),
    epoch: 'c0ffee01',
    model: MODELS[nth % 4],
    lane: nth % 4 === 2 ? 'zai' : 'anthropic',
    op: 'stream',
    input_tokens: 100 + (nth % 9000),
    output_tokens: 10 + (nth % 700),
    cache_write_tokens: nth % 3 === 0 ? 500 : 0,
    cache_read_tokens: (nth % 5) * 1000,
    usage_known: true,
    dirty_s: 1.5 + (nth % 7),
    stream_s: 1.25,
    ttft_ms: 250 + (nth % 100),
    status: 200,
    ended: 'complete',
    err_type: '',
    decision: 'preferred',
    reroute_mode: 'hybrid',
    session_id: `3f0c6a52-0000-4000-8000-${String(nth >> 6).padStart(12, '0')}`,
    agent_id: null,
    request_id: `req_011C${nth.toString(36).padStart(16, '0')}`,
    warn_pct_auto: null,
    gap_samples: 0,
  };
}

/** One round: the order is that of a life, so what a step leaves behind is there for the next one. */
function measure(dir, round) {
  const file = join(dir, 'windows.jsonl');
  const startedMs = performance.now();
  spawnSync('wc', ['-l', file]);
  const wc = { step: 'wc -l', wall_ms: performance.now() - startedMs };
  const nothing = ['--data-dir', dir, '--ccp-url', 'http://127.0.0.1:9'];
  return [
    wc,
    probe('cold: rollup from the first row', { argv: ['rollup', '--data-dir', dir] }),
    probe('warm: a new process, nothing new', { argv: ['poll', '--once', ...nothing] }),
    ...probe('ticks', { ticks: { dir, round, counts: [1, 1000, 1000, 1000] } }),
    probe('report daily', { argv: ['report', 'daily', '--data-dir', dir] }),
    probe('verify: every row judged in full', { argv: ['verify', '--data-dir', dir] }),
  ];
}

/** Runs what is asked for in a process of its own, which says how long it took. */
function probe(step, task) {
  const args = [join(import.meta.dirname, 'load/rollup-probe.mjs'), JSON.stringify({ step, dist: DIST, ...task })];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  if (!last.startsWith('PROBE ')) throw new Error(`${step} failed:\n${stdout.slice(-2000)}\n${stderr}`);
  return JSON.parse(last.slice(6));
}

function tableOf({ machine, turns, bytes, rounds }) {
  const [first = []] = rounds;
  const ms = (values) => {
    const sorted = values.filter((value) => value !== undefined).toSorted((a, b) => a - b);
    if (sorted.length === 0) return '–'.padStart(24);
    const [median, least, most] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[0], sorted.at(-1)];
    return `${median.toFixed(1)} (${least.toFixed(1)}–${most.toFixed(1)})`.padStart(24);
  };
  const rows = first.map(({ step }, at) => {
    const of = (key) => ms(rounds.map((round) => round[at]?.[key]));
    return `${step.padEnd(42)}${of('wall_ms')}${of('cpu_ms')}${of('start_ms')}`;
  });
  return [
    `${turns} turns, ${(bytes / 2 ** 20).toFixed(0)} MiB · ${machine.cpu} · Node ${machine.node} · load ${machine.load_before.toFixed(1)}`,
    `${'ms, median (least–most)'.padEnd(42)}${'wall'.padStart(24)}${'cpu'.padStart(24)}${'start of Node'.padStart(24)}`,
    ...rows,
    '',
  ].join('\n');
}
