// Measures the shim beside its peers in one interleaved run: see README.md.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLoad } from './load/start-load.mjs';
import { describeMachine } from './machine.mjs';
import { readOptions, UsageError } from './options.mjs';
import { killAll } from './processes.mjs';
import { report } from './report/report.mjs';
import { playScenario } from './rounds.mjs';
import { SCENARIOS } from './scenarios.mjs';
import { startUpstream } from './upstream/start-upstream.mjs';

/** The whole run may not take longer, whatever hangs. */
const LIMIT_MS = 60 * 60_000;

await main().catch((error) => {
  killAll();
  process.stderr.write(`bench: ${error instanceof UsageError ? error.message : (error.stack ?? error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options === null) return;
  const folder = mkdtempSync(join(tmpdir(), 'ccp-bench-'));
  const leave = (code) => {
    killAll();
    rmSync(folder, { recursive: true, force: true });
    if (code !== 0) process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => leave(130));
  const limit = setTimeout(() => leave(1), LIMIT_MS);
  try {
    const raw = await measureAll(options, folder);
    const text = report(raw);
    process.stdout.write(options.json ? `${JSON.stringify(raw)}\n` : text);
    const file = save(options, raw, text);
    process.stderr.write(`Raw output: ${file}.json, the tables: ${file}.txt\n`);
  } finally {
    clearTimeout(limit);
    leave(0);
  }
}

async function measureAll(options, folder) {
  const machine = describeMachine();
  const upstream = await startUpstream(options.shim);
  const lab = { options, folder, upstream, answers: upstream.answers, load: startLoad(), quick: options.quick };
  const raw = {
    machine,
    options: {
      rounds: options.rounds,
      windows: options.windows,
      quick: options.quick,
      fresh: options.fresh,
      scenarios: options.scenarios,
      variants: options.variants,
    },
    versions: {},
    scenarios: [],
  };
  for (const name of options.scenarios) {
    const scenario = SCENARIOS.find((one) => one.name === name);
    if (scenario === undefined) continue;
    const say = (line) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
    const { cells, unavailable, versions } = await playScenario(lab, scenario, say);
    Object.assign(raw.versions, versions);
    raw.scenarios.push({ ...scenario, cells, unavailable });
  }
  return raw;
}

function save({ out, scenarios }, raw, text) {
  mkdirSync(out, { recursive: true });
  const set = scenarios.length === SCENARIOS.length ? 'all' : scenarios.join('+').slice(0, 60);
  const at = raw.machine.at.replace(/[-:]/g, '').slice(0, 15);
  const file = join(out, `${at}Z-${set}${raw.options.quick ? '-quick' : ''}`);
  writeFileSync(`${file}.json`, `${JSON.stringify(raw, null, 1)}\n`);
  writeFileSync(`${file}.txt`, text);
  return file;
}
