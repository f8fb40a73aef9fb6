#!/usr/bin/env node
// How fast usage logs are read, beside wc -l, which only counts lines, and jq and DuckDB, which give the same sums.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine } from './machine.mjs';
import { writeLogs } from './usage-log/write-logs.mjs';

const HELP = `Usage: node bench/usage-log.mjs [options]      (build first)

Writes usage logs, half of them as the original program did and half as our shim does, and reads them in turn with wc -l, jq,
DuckDB if it is there, and the tracker's reader, each as a process of its own. Sums per model must be the same. Wall time and
processor time are printed; on a machine that is busy with other things only the second one tells.

  --mib <n>          size of the logs (default 1024)
  --rounds <n>       (default 3)
  --duckdb <folder>  one in which @duckdb/node-api is installed
  --out <file>       raw output; the table goes beside it (default artifacts/bench/<UTC time>-usage-log.json)
  --help             this text`;

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const MIB = 2 ** 20;
const JQ = `reduce (inputs | select(.status != null and .status != -1 and .reason != "streaming")) as $line ({};
  .[$line.model].turns += 1 | .[$line.model].input += $line.input_tokens | .[$line.model].output += $line.output_tokens)`;

const flags = parseArgs({
  options: {
    mib: { type: 'string', default: '1024' },
    rounds: { type: 'string', default: '3' },
    duckdb: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
}).values;
if (flags.help) console.log(HELP);
else await main();

async function main() {
  const home = mkdtempSync(join(tmpdir(), 'ccp-usage-log-'));
  try {
    const machine = describeMachine();
    const made = writeLogs(home, Number(flags.mib) * MIB);
    const files = readdirSync(join(home, 'logs')).map((name) => join(home, 'logs', name));
    const readers = {
      wc: ['wc', '-l', ...files],
      jq: ['jq', '-n', '-c', '-S', JQ, ...files],
      ...(flags.duckdb !== undefined && {
        duckdb: [process.execPath, join(ROOT, 'bench/usage-log/duckdb-sums.mjs'), flags.duckdb, ...files],
      }),
      tracker: [process.execPath, join(ROOT, 'bench/usage-log/read-logs.mjs'), home],
    };
    // Once without a clock, so that nobody reads from the disk alone.
    spawnSync('cat', files, { stdio: 'ignore' });
    const runs = [];
    for (let round = 0; round < Number(flags.rounds); round += 1) {
      const names = Object.keys(readers);
      for (const name of [...names.slice(round % names.length), ...names.slice(0, round % names.length)])
        runs.push({ round, name, load: loadavg()[0], ...timed(readers[name]) });
    }
    const sums = runs
      .filter(({ name }) => name !== 'wc')
      .map(({ output }) => canonical(JSON.parse(output).sums ?? JSON.parse(output)));
    if (new Set(sums).size !== 1) throw new Error(`the sums differ:\n${[...new Set(sums)].join('\n')}`);
    const text = table(machine, made, runs);
    console.log(text);
    const out =
      flags.out ?? join(ROOT, `artifacts/bench/${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}-usage-log.json`);
    mkdirSync(join(out, '..'), { recursive: true });
    writeFileSync(out, `${JSON.stringify({ machine, made, runs })}\n`);
    writeFileSync(out.replace(/\.json$/, '.txt'), `${text}\n`);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function timed([command, ...args]) {
  // The shell's own clock also counts the processor time of its child.
  const child = spawnSync('bash', ['-c', 'TIMEFORMAT="@%R %U %S"; time "$0" "$@"', command, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * MIB,
  });
  const clock = /@([\d.]+) ([\d.]+) ([\d.]+)/.exec(child.stderr);
  if (child.status !== 0 || clock === null) throw new Error(`${command}: ${child.stderr}`);
  const [wall_s, user_s, system_s] = clock.slice(1).map(Number);
  return { wall_s, cpu_s: user_s + system_s, output: child.stdout.trim().split('\n').at(-1) };
}

function table(machine, made, runs) {
  const median = (name, key) => {
    const values = runs
      .filter((run) => run.name === name)
      .map((run) => run[key])
      .toSorted((a, b) => a - b);
    return values[Math.floor((values.length - 1) / 2)];
  };
  const ratio = (name, other, key) =>
    median0(byRound(runs, other).map((run, index) => run[key] / byRound(runs, name)[index][key])).toFixed(3);
  const mib = made.bytes / MIB;
  const lines = [...new Set(runs.map(({ name }) => name))].map((name) =>
    [
      name.padEnd(8),
      `${(mib / median(name, 'wall_s')).toFixed(0)}`.padStart(11),
      `${(mib / median(name, 'cpu_s')).toFixed(0)}`.padStart(11),
      ratio(name, 'wc', 'wall_s').padStart(10),
      ratio(name, 'wc', 'cpu_s').padStart(10),
      ratio(name, 'jq', 'wall_s').padStart(10),
      ratio(name, 'jq', 'cpu_s').padStart(10),
    ].join(' '),
  );
  const rss = JSON.parse(runs.find(({ name }) => name === 'tracker').output).rss_mb;
  return [
    `${mib.toFixed(0)} MiB of usage logs, ${made.lines} lines, ${made.turns} turns; ${byRound(runs, 'wc').length} rounds; sums equal`,
    `${machine.cpu}, node ${machine.node}, load ${runs.map(({ load }) => load.toFixed(1)).join(' ')}`,
    'reader   MiB/s wall   MiB/s cpu   × wc wall   × wc cpu  × jq wall   × jq cpu',
    ...lines,
    `targets: ≥ 0.25 × wc -l, ≥ 3 × jq, not slower than DuckDB; the tracker's reader took ${rss} MB`,
  ].join('\n');
}

function byRound(runs, name) {
  return runs.filter((run) => run.name === name).toSorted((a, b) => a.round - b.round);
}

function median0(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

function canonical(sums) {
  return JSON.stringify(
    Object.entries(sums)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([model, sum]) => [model, sum.turns, sum.input, sum.output]),
  );
}
