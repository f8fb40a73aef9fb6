#!/usr/bin/env node
// Everything goes wrong for a while; then all who counted must have counted the same.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clockLibrary, MISSING } from './chaos/clock.mjs';
import { focusNames } from './chaos/events.mjs';
import { runChaos } from './chaos/run.mjs';
import { killAll, StartError } from './e2e/children.mjs';
import { Mismatch } from './e2e/expect.mjs';
import { readFlags } from './read-flags.mjs';

const HELP = `Usage: pnpm chaos [options]

Runs the shim between clients and two simulated providers, with tracker poll --watch beside it. At random moments it
switches a provider to another behaviour (fixtures/shim/scenarios), kills the shim or the tracker with SIGKILL, lets no
file of the shim grow, as on a full disk (Linux), or sets the wall clock of the shim or the tracker (libfaketime; where
it is missing no clock jumps): ten minutes or an hour either way, two days back, eight hours on. At the end it compares,
turn by turn: clients, providers, rows, /v1/usage and the tracker's turns; and looks for damage, sums below nothing,
lanes that stay closed, growth, and processes that left or were left behind.

  --minutes <n>    how long (default 1)
  --only <what>    one thing goes wrong, all the time: ${focusNames.slice(0, 5).join(', ')},
                   ${focusNames.slice(5).join(', ')}
  --clock <whose>  clocks that jump: shim, both, or any (default: now this one, now that one, now both)
  --seed <n>       makes the order of events repeatable (default: the clock)
  --streams <n>    concurrent clients (default 16)
  --within <ms>    a turn that ended longer before a kill has to be there (default 250; more on a machine so busy that
                   the shim itself does not get to run)
  --evidence       write the figures to artifacts/test_runs/chaos/latest.json
  --json           print one JSON document at the end
  --help           print this

Exit codes: 0 all held, 1 something was violated, 2 wrong command line, or --only clock-jump without libfaketime.`;

const OPTIONS = {
  minutes: { type: 'string', default: '1' },
  only: { type: 'string' },
  clock: { type: 'string', default: 'any' },
  seed: { type: 'string' },
  streams: { type: 'string', default: '16' },
  within: { type: 'string', default: '250' },
  evidence: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

process.exitCode = await main();

async function main() {
  const { flags, code } = readFlags({ name: 'chaos', help: HELP, options: OPTIONS });
  if (flags === null) return code;
  const problem = unusable(flags);
  if (problem !== null) {
    console.error(`chaos: ${problem}`);
    return 2;
  }
  if (clockLibrary() === null) console.error(`chaos: ${MISSING}`);
  const home = mkdtempSync(join(tmpdir(), 'ccp-chaos-'));
  const leave = () => {
    killAll();
    rmSync(home, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => (leave(), process.exit(1)));
  try {
    return told(await runChaos(optionsOf(flags, home)), flags);
  } catch (error) {
    if (!(error instanceof Mismatch || error instanceof StartError)) throw error;
    console.error(`chaos: ${error.message}`);
    return 1;
  } finally {
    leave();
  }
}

/** What is wrong with the command line, or null. */
function unusable(flags) {
  const wrong = ['minutes', 'streams', 'within', 'seed'].find((name) => !(Number(flags[name] ?? 1) > 0));
  if (wrong !== undefined) return `--${wrong} ${String(flags[wrong])} is not a number above 0. See --help.`;
  if (flags.only !== undefined && !focusNames.includes(flags.only))
    return `--only ${flags.only} is not one of ${focusNames.join(', ')}.`;
  if (!['shim', 'both', 'any'].includes(flags.clock)) return `--clock ${flags.clock} is not shim, both or any.`;
  return flags.only === 'clock-jump' && clockLibrary() === null ? MISSING : null;
}

function optionsOf({ minutes, seed, streams, within, only, clock }, home) {
  return {
    home,
    minutes: Number(minutes),
    seed: Number(seed ?? Date.now() % 1_000_000),
    streams: Number(streams),
    withinMs: Number(within),
    only,
    whose: clock,
  };
}

/** @returns the exit code */
function told(report, { evidence, json }) {
  const violated = Object.entries(report.invariants).flatMap(([name, all]) => all.map((one) => `${name}: ${one}`));
  if (evidence) writeEvidence(report);
  if (json) console.log(JSON.stringify(report));
  else {
    for (const one of violated.slice(0, 20)) console.log(`violated: ${one}`);
    const { invariants, ...figures } = report;
    const held = Object.values(invariants).filter((all) => all.length === 0).length;
    const shown = {
      ...figures,
      invariants_held: `${held} of ${Object.keys(invariants).length}`,
      violations: violated.length,
    };
    for (const [name, value] of Object.entries(shown)) console.log(`${name.padEnd(17)} ${JSON.stringify(value)}`);
  }
  return violated.length === 0 ? 0 : 1;
}

function writeEvidence(report) {
  const folder = new URL('../artifacts/test_runs/chaos/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('latest.json', folder), `${JSON.stringify({ node: process.version, ...report }, null, 1)}\n`);
}
