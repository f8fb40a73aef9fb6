#!/usr/bin/env node
// Everything goes wrong for a while; then all who counted must have counted the same.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Clients } from './chaos/clients.mjs';
import { compareAll } from './chaos/compare.mjs';
import { scenarioNames, Stage } from './chaos/stage.mjs';
import { killAll, StartError } from './e2e/children.mjs';
import { Mismatch } from './e2e/expect.mjs';
import { randomFrom } from './seeded-random.mjs';

const HELP = `Usage: pnpm chaos [options]

Runs the shim between clients and two simulated providers, with tracker poll --watch beside it. At random moments it
switches a provider to another behaviour (fixtures/shim/scenarios), kills the shim or the tracker with SIGKILL, or lets
no file of the shim grow, as on a full disk (Linux). At the end it compares, turn by turn: clients, providers, rows,
/v1/usage and the tracker's turns; and looks for damage, growth and processes left behind.

  --minutes <n>    how long (default 1)
  --seed <n>       makes the order of events repeatable (default: the clock)
  --streams <n>    concurrent clients (default 16)
  --within <ms>    a turn that ended longer before a kill has to be there (default 250; more on a machine so busy that
                   the shim itself does not get to run)
  --evidence       write the figures to artifacts/test_runs/chaos/latest.json
  --json           print one JSON document at the end
  --help           print this`;

const OPTIONS = {
  minutes: { type: 'string', default: '1' },
  seed: { type: 'string' },
  streams: { type: 'string', default: '16' },
  within: { type: 'string', default: '250' },
  evidence: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

const MOST_RSS_MIB = 400;
const EACH_ONCE = ['behaviour', 'shim', 'behaviour', 'tracker', 'disk', 'behaviour'];

process.exitCode = await main();

async function main() {
  let flags;
  try {
    flags = parseArgs({ options: OPTIONS, args: process.argv.slice(2) }).values;
  } catch (error) {
    console.error(`chaos: ${error.message.split('. ')[0]}. See --help.`);
    return 2;
  }
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const unusable = ['minutes', 'streams', 'within', 'seed'].find((name) => !(Number(flags[name] ?? 1) > 0));
  if (unusable !== undefined) {
    console.error(`chaos: --${unusable} ${String(flags[unusable])} is not a number above 0. See --help.`);
    return 2;
  }
  const home = mkdtempSync(join(tmpdir(), 'ccp-chaos-'));
  const leave = () => {
    killAll();
    rmSync(home, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => (leave(), process.exit(1)));
  try {
    return await run(flags, home);
  } catch (error) {
    if (!(error instanceof Mismatch || error instanceof StartError)) throw error;
    console.error(`chaos: ${error.message}`);
    return 1;
  } finally {
    leave();
  }
}

async function run(flags, home) {
  const seed = Number(flags.seed ?? Date.now() % 1_000_000);
  const random = randomFrom(seed);
  const say = flags.json ? () => undefined : console.log;
  const stage = new Stage(home);
  await stage.open();
  const clients = new Clients(stage.shimUrl, Number(flags.streams));
  const events = { behaviours: 0, shim_kills: 0, tracker_kills: 0, full_disks: 0 };
  const startedMs = performance.now();
  const endMs = startedMs + Number(flags.minutes) * 60_000;
  let played = 0;
  for (const event of moments(random)) {
    await sleep(200 + random() * 1_500);
    // A busy machine takes longer, but tries each kind.
    if (performance.now() >= endMs && played >= EACH_ONCE.length) break;
    played += 1;
    await play(event, { stage, random, events });
    stage.sampleMemory();
    await stage.readBooks();
  }
  for (const name of ['anthropic', 'zai']) await stage.play(name, 'healthy');
  await clients.stop();
  await stage.untilReady();
  await stage.endTracker('SIGTERM');
  const polled = await stage.track(['poll', '--once']);
  const entries = await stage.readBooks();
  const withinMs = Number(flags.within);
  const { problems, figures } = await compareAll({ stage, attempts: clients.attempts, entries, withinMs });
  if (polled.code !== 0) problems.push(`the last poll left with ${polled.code}: ${polled.err.trim()}`);
  const verified = await stage.track(['verify']);
  if (verified.code !== 0) problems.push(`tracker verify: ${verified.out.trim().slice(-600)}`);
  const rss = memory(stage.rssKib);
  if (rss.most_mib > MOST_RSS_MIB) problems.push(`the shim took ${rss.most_mib} MiB, more than ${MOST_RSS_MIB}`);
  await stage.close();
  const orphans = stage.orphans();
  if (orphans.length > 0) problems.push(`still running: ${orphans.join(', ')}`);
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  const report = {
    seed,
    seconds,
    streams: Number(flags.streams),
    within_ms: withinMs,
    ...events,
    ...figures,
    rss,
    problems,
  };
  if (flags.evidence) writeEvidence(report);
  if (flags.json) console.log(JSON.stringify(report));
  else {
    for (const problem of problems.slice(0, 20)) say(`violated: ${problem}`);
    for (const [name, value] of Object.entries({ ...report, problems: problems.length }))
      say(`${name.padEnd(17)} ${JSON.stringify(value)}`);
  }
  return problems.length === 0 ? 0 : 1;
}

/** Each kind of event once, then as chance has it; behaviours most often. */
function* moments(random) {
  yield* EACH_ONCE;
  for (;;) {
    const at = random();
    yield at < 0.55 ? 'behaviour' : at < 0.75 ? 'shim' : at < 0.9 ? 'tracker' : 'disk';
  }
}

async function play(event, { stage, random, events }) {
  if (event === 'behaviour') {
    const provider = random() < 0.5 ? 'anthropic' : 'zai';
    await stage.play(provider, scenarioNames[Math.floor(random() * scenarioNames.length)]);
    events.behaviours += 1;
  } else if (event === 'shim') {
    await stage.killShim();
    events.shim_kills += 1;
  } else if (event === 'tracker') {
    await stage.endTracker('SIGKILL');
    stage.startTracker();
    events.tracker_kills += 1;
  } else {
    // What can't be written waits: a shim that is killed meanwhile would lose it, so it is not.
    const done = await stage.fillDisk(() => sleep(300 + random() * 1_000));
    if (done !== null) events.full_disks += 1;
  }
}

function memory(kib) {
  const mib = kib.map((value) => Math.round(value / 1024));
  return { first_mib: mib[0] ?? 0, last_mib: mib.at(-1) ?? 0, most_mib: Math.max(0, ...mib) };
}

function writeEvidence(report) {
  const folder = new URL('../artifacts/test_runs/chaos/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('latest.json', folder), `${JSON.stringify({ node: process.version, ...report }, null, 1)}\n`);
}
