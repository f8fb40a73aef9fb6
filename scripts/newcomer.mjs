#!/usr/bin/env node
// The first minute of somebody who has just found this repository, typed and timed.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { killAll } from './e2e/children.mjs';
import { Newcomer } from './newcomer/newcomer.mjs';

const HELP = `Usage: node scripts/newcomer.mjs [options]

Clones this repository (its newest commit) into an empty folder, with an empty home, and types what README.md says: start,
look, poll, doctor. The provider is the simulator, so that no account is needed. Prints the seconds of each stage. Nothing
of this machine's caches is used: npm, pnpm and the packages come from the registry.

  --within <s>     the numbers must be there after so many seconds (60)
  --npm-cache <dir>  npm's cache, for a machine that has run npx pnpm before
  --json           print the result as JSON
  --evidence       write it to artifacts/test_runs/newcomer/latest.json, too
  --help           print this

Exit codes: 0 in time and nothing to mend, 1 too late, or a doctor complains, 2 a wrong command line, or no git.`;

const OPTIONS = {
  within: { type: 'string', default: '60' },
  'npm-cache': { type: 'string' },
  json: { type: 'boolean', default: false },
  evidence: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};
const ROOT = resolve(import.meta.dirname, '..');

process.on('exit', killAll);
process.exitCode = await main();

async function main() {
  let flags;
  try {
    flags = parseArgs({ options: OPTIONS }).values;
    if (!(Number(flags.within) > 0)) throw new Error('--within must be seconds above zero');
    if (spawnSync('git', ['--version']).status !== 0) throw new Error('git cannot be run');
  } catch (error) {
    console.error(`newcomer: ${error.message.split('. ')[0]}. See --help.`);
    return 2;
  }
  if (flags.help) console.log(HELP);
  if (flags.help) return 0;
  const folder = mkdtempSync(join(tmpdir(), 'ccp-newcomer-'));
  // How long it takes depends on what else the machine does.
  const loadBefore = loadavg()[0];
  const newcomer = new Newcomer({ root: ROOT, folder, npmCache: flags['npm-cache'] });
  try {
    const result = { ...(await newcomer.firstMinute()), within_s: Number(flags.within) };
    const ok = result.live_s <= result.within_s && result.doctors.every((one) => one.green);
    return report({ ok, ...result, ...machine(), load_1m: [loadBefore, loadavg()[0]] }, flags);
  } catch (error) {
    console.error(`newcomer: ${error.message}\n${newcomer.said().trimEnd()}`);
    return 1;
  } finally {
    await newcomer.leave();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

function machine() {
  const commit = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).stdout.trim();
  return { at: new Date().toISOString(), commit, node: process.version, cpus: cpus().length };
}

function report(result, { json, evidence }) {
  if (evidence) {
    const folder = join(ROOT, 'artifacts', 'test_runs', 'newcomer');
    mkdirSync(folder, { recursive: true });
    const kept = { command: 'node scripts/newcomer.mjs --evidence', ...result };
    writeFileSync(join(folder, 'latest.json'), `${JSON.stringify(kept, null, 2)}\n`);
  }
  if (json) console.log(JSON.stringify(result));
  else {
    for (const { name, seconds: took } of result.stages) console.log(`${took.toFixed(1).padStart(7)} s  ${name}`);
    for (const { command, green, checks, complaints } of result.doctors) {
      console.log(`${green ? 'green' : 'NOT green'}: ${command}, ${checks} checks`);
      for (const { check, grade, found } of complaints) console.log(`  ${grade} ${check}: ${found}`);
    }
    console.log(
      `live numbers after ${result.live_s} s (at most ${result.within_s}), all of it ${result.total_s} s; load ${result.load_1m.join(' to ')}`,
    );
  }
  return result.ok ? 0 : 1;
}
