#!/usr/bin/env node
// Kills the shim again and again under load, and holds what it knows afterwards against the provider's own books.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compareRound, compareTotals } from './crash/compare.mjs';
import { Load } from './crash/load.mjs';
import { killAll, startServer } from './e2e/children.mjs';
import { randomFrom } from './seeded-random.mjs';
import { readFlags } from './read-flags.mjs';

const HELP = `Usage: pnpm crash [options]

Starts a simulated provider and the shim, keeps streams running through it, and ends the shim with SIGKILL at a random
moment; starts it again and compares: every turn that a client had whole more than the flush interval before the kill is
there once, nothing is there twice, the ledger is the sum of its rows, and the database is sound.

  --kills <n>      how often (default 20)
  --within <ms>    what the product promises: what ended longer before the kill is there (default 250; on a machine that
                   is busy with other things the shim itself may not get to run for longer than that)
  --streams <n>    concurrent streams (default 64)
  --seed <n>       makes the moments repeatable (default: the clock)
  --evidence       write the figures to artifacts/test_runs/crash/latest.json
  --json           print one JSON document at the end
  --help           print this`;

const OPTIONS = {
  kills: { type: 'string', default: '20' },
  within: { type: 'string', default: '250' },
  streams: { type: 'string', default: '64' },
  seed: { type: 'string' },
  evidence: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

const MAIN = fileURLToPath(new URL('../packages/shim/dist/main.js', import.meta.url));
/** Longer than a turn here takes, shorter than patience. */
const LONGEST_MS = 1_200;

process.exitCode = await main();

async function main() {
  const { flags, code } = readFlags({ name: 'crash', help: HELP, options: OPTIONS });
  if (flags === null) return code;
  const home = mkdtempSync(join(tmpdir(), 'ccp-crash-'));
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      killAll();
      rmSync(home, { recursive: true, force: true });
      process.exit(1);
    });
  }
  try {
    return await run(flags, home);
  } finally {
    killAll();
    rmSync(home, { recursive: true, force: true });
  }
}

async function run(flags, home) {
  const kills = Number(flags.kills);
  const random = randomFrom(Number(flags.seed ?? Date.now()));
  const say = flags.json ? () => undefined : console.log;
  const world = await openWorld(home);
  const load = new Load({ streams: Number(flags.streams), models: ['claude-sonnet-4-5', 'claude-haiku-4-5'] });
  const rounds = [];
  let known = { since: Date.now() / 1000 - 1, samples: new Map() };
  for (let round = 1; round <= kills; round += 1) {
    const shim = await world.startShim();
    const found =
      round === 1
        ? { problems: [], lost: [] }
        : await compareRound({ shim, load, known, flushMs: Number(flags.within), home });
    if (round > 1) {
      rounds.push(found);
      known = found.known ?? known;
      for (const problem of found.problems) say(`kill ${round - 1}: ${problem}`);
    }
    load.start(shim.ready.url);
    await new Promise((resolve) => setTimeout(resolve, 50 + random() * LONGEST_MS));
    load.killedAt(performance.now());
    process.kill(shim.ready.pid, 'SIGKILL');
    await load.stopped();
    if (round % 20 === 0)
      say(`${round} kills, ${load.finished} turns whole, ${rounds.flatMap((one) => one.problems).length} problems`);
  }
  const shim = await world.startShim();
  rounds.push(await compareRound({ shim, load, known, flushMs: Number(flags.within), home }));
  const totals = await compareTotals({ shim, books: world.books, rounds, load, home });
  const problems = [...rounds.flatMap((one) => one.problems), ...totals.problems];
  if (load.unfinished > kills * Number(flags.streams))
    problems.push(`${load.unfinished} turns came to nothing: more than there were streams at each kill`);
  const report = {
    kills,
    streams: Number(flags.streams),
    within_ms: Number(flags.within),
    ...totals.figures,
    lost: summary(rounds),
    problems,
  };
  for (const problem of totals.problems) say(problem);
  if (flags.evidence) await world.writeEvidence(report);
  if (flags.json) console.log(JSON.stringify(report));
  else for (const [name, value] of Object.entries(report)) say(`${name.padEnd(14)} ${JSON.stringify(value)}`);
  await shim.stop();
  return problems.length === 0 ? 0 : 1;
}

/** Turns a client had whole and the shim did not know after the kill, and how long before it they had ended. */
function summary(rounds) {
  const lost = rounds.flatMap((one) => one.lost);
  return {
    turns: lost.length,
    most_per_kill: Math.max(0, ...rounds.map((one) => one.lost.length)),
    oldest_ms: Math.round(Math.max(0, ...lost)),
  };
}

async function openWorld(home) {
  const scenario = join(home, 'scenario.json');
  const usage = { input: 101, output: 37, cache_write_5m: 11, cache_write_1h: 0, cache_read: 1009 };
  writeFileSync(scenario, JSON.stringify({ turn: { text_chunks: 12, pace_ms: 8, ttft_ms: 15, usage } }));
  const env = { PATH: process.env.PATH, HOME: home, CCP_TIME_ZONE: 'UTC' };
  const flags = ['--port', '0', '--json'];
  const provider = await startServer(
    process.execPath,
    [MAIN, 'simulate', ...flags, '--scenario', scenario, '--books', 'totals'],
    {
      env,
      name: 'the simulated provider',
    },
  );
  const providers = join(home, 'providers.yaml');
  const anthropic = { base_url: provider.ready.url, pass_through: true };
  writeFileSync(
    providers,
    JSON.stringify({ providers: { anthropic }, routes: [{ pattern: '*', provider: 'anthropic' }] }),
  );
  return {
    startShim: () =>
      startServer(process.execPath, [MAIN, 'serve', ...flags, '--providers', providers, '--log-level', 'warn'], {
        env,
        name: 'the shim',
      }),
    books: async () => (await (await fetch(`${provider.ready.url}/__books`)).json()).totals,
    writeEvidence: (report) => {
      const folder = new URL('../artifacts/test_runs/crash/', import.meta.url);
      return import('node:fs').then(({ mkdirSync }) => {
        mkdirSync(folder, { recursive: true });
        writeFileSync(
          new URL('latest.json', folder),
          `${JSON.stringify({ node: process.version, ...report }, null, 1)}\n`,
        );
      });
    },
  };
}
