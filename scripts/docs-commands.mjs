#!/usr/bin/env node
// Runs the commands of the docs as a reader would type them, so that none of them goes stale.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { killAll } from './e2e/children.mjs';
import { commandsOf } from './docs/read.mjs';
import { LONG_RUNNING, NOT_RUN, ONCE, PASTED, adapted } from './docs/tables.mjs';
import { openDocsWorld } from './docs/world.mjs';

const HELP = `Usage: node scripts/docs-commands.mjs [options]

Runs every command of the \`\`\`sh blocks in README.md, CONTRIBUTING.md and docs/ against the built programs, a shim and a
scripted provider, in a home of its own. A command is expected to leave with 0, or with what its comment says:
"# exits 30", "# exits 10 or 20". What can't be run in a test is printed with its reason (scripts/docs/tables.mjs).

  --only <text>    files whose path holds this text
  --root <dir>     the checkout whose docs and programs are tried (this one)
  --timeout <s>    for one command (60)
  --verbose        print what ran, too
  --help           print this

Exit codes: 0 nothing failed, 1 a command failed, 2 not built, no POSIX shell, or a wrong command line.`;

const OPTIONS = {
  only: { type: 'string', default: '' },
  root: { type: 'string', default: resolve(import.meta.dirname, '..') },
  timeout: { type: 'string', default: '60' },
  verbose: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

process.on('exit', killAll);
process.exitCode = await main();

async function main() {
  let flags;
  try {
    flags = parseArgs({ options: OPTIONS }).values;
    if (!(Number(flags.timeout) > 0)) throw new Error('--timeout must be seconds above zero');
  } catch (error) {
    console.error(`docs-commands: ${error.message.split('. ')[0]}. See --help.`);
    return 2;
  }
  if (flags.help) console.log(HELP);
  if (flags.help) return 0;
  if (process.platform === 'win32') {
    console.error('docs-commands: the docs are written for a POSIX shell, which Windows lacks.');
    return 2;
  }
  const root = resolve(flags.root);
  if (!existsSync(join(root, 'packages/tracker/dist/main.js'))) {
    console.error('docs-commands: not built yet. Run pnpm build first.');
    return 2;
  }
  let world;
  try {
    world = await openDocsWorld(root);
  } catch (error) {
    console.error(`docs-commands: no shim to try them on: ${error.message}`);
    return 1;
  }
  try {
    return await runAll(world, {
      root,
      only: flags.only,
      timeoutMs: Number(flags.timeout) * 1000,
      verbose: flags.verbose,
    });
  } finally {
    await world.close();
    rmSync(world.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function runAll(world, { root, only, timeoutMs, verbose }) {
  const tally = { ran: 0, notRun: 0, failed: 0 };
  const seen = new Map();
  for (const wrong of await wrongNames(world, root)) {
    tally.failed += 1;
    console.log(`FAILED   ${wrong}`);
  }
  for (const file of filesOf(root).filter((one) => one.includes(only))) {
    let block = 0;
    let exported = [];
    for (const command of commandsOf(readFileSync(join(root, file), 'utf8'))) {
      if (command.block !== block) exported = [];
      block = command.block;
      const where = `${file}:${command.line}: ${command.text}`;
      const reason = NOT_RUN.find(([pattern]) => pattern.test(command.text))?.[1];
      if (reason !== undefined) {
        tally.notRun += 1;
        console.log(`not run  ${where}\n         ${reason}`);
        continue;
      }
      const text = adapted(command.text, world);
      const began = performance.now();
      const known = ONCE.some((pattern) => pattern.test(text)) ? seen.get(text) : undefined;
      const result = known ?? (await runLine([...exported, text].join('\n'), { world, timeoutMs, text }));
      seen.set(text, result);
      // A variable set on one line of a block counts on the next ones, as in a shell.
      if (text.startsWith('export ')) exported.push(text);
      tally.ran += 1;
      const fits = result.stoppedByUs ? true : command.exits.includes(result.code);
      if (!fits) tally.failed += 1;
      if (!fits || verbose)
        console.log(`${fits ? 'ran     ' : 'FAILED  '} ${where} (${Math.round(performance.now() - began)} ms)`);
      if (!fits)
        console.log(
          `         ${result.why ?? `left with ${result.code}, not ${command.exits.join(' or ')}`}\n${indented(result.said)}`,
        );
    }
  }
  console.log(`docs: ${tally.ran} ran, ${tally.notRun} not run, ${tally.failed} failed`);
  return tally.failed === 0 ? 0 : 1;
}

function filesOf(root) {
  const docs = readdirSync(join(root, 'docs'), { recursive: true })
    .filter((name) => name.endsWith('.md'))
    .toSorted((a, b) => (a < b ? -1 : 1));
  return ['README.md', 'CONTRIBUTING.md', ...docs.map((name) => `docs/${name}`)];
}

/** Metrics that the guide for operators names and no shim has; links of all pages that lead nowhere. */
async function wrongNames(world, root) {
  const guide = 'docs/integration/operations.md';
  const wrong = [];
  if (existsSync(join(root, guide))) {
    const metrics = await (await fetch(`${world.env.CCP_BASE_URL}/metrics?names=original`)).text();
    const known = new Set([...metrics.matchAll(/^# TYPE (\w+)/gmu)].map(([, name]) => name));
    const named = readFileSync(join(root, guide), 'utf8').match(/\b(?:ccp|gen_ai_(?:client|server))_[a-z_]+\b/gu) ?? [];
    const isKnown = (name) => known.has(name) || known.has(name.replace(/_(?:bucket|sum|count)$/u, ''));
    for (const name of new Set(named)) if (!isKnown(name)) wrong.push(`${guide}: no shim has a metric ${name}`);
  }
  for (const file of filesOf(root)) {
    const text = readFileSync(join(root, file), 'utf8');
    for (const [, link] of text.matchAll(/\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)/gu)) {
      if (!existsSync(join(root, file, '..', link))) wrong.push(`${file}: the link ${link} leads nowhere`);
    }
  }
  return wrong;
}

/** One line in a shell of its own. What runs until it is ended is ended once it has printed something. */
function runLine(script, { world, timeoutMs, text }) {
  const isLong = LONG_RUNNING.some((pattern) => pattern.test(text));
  const pasted = PASTED.find(([pattern]) => pattern.test(text))?.[1];
  const input = pasted === undefined ? 'ignore' : openSync(join(world.folder, pasted), 'r');
  const child = spawn('/bin/sh', ['-c', script], {
    env: world.env,
    cwd: world.work,
    stdio: [input, 'pipe', 'pipe'],
    detached: true,
  });
  if (typeof input === 'number') closeSync(input);
  return new Promise((done) => {
    let said = '';
    let why;
    let stoppedByUs = false;
    const end = (signal) => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, signal);
      } catch {
        // It has ended by itself.
      }
    };
    const timer = setTimeout(() => {
      const seconds = timeoutMs / 1000;
      why = isLong && !stoppedByUs ? `said nothing for ${seconds} s` : `did not end within ${seconds} s`;
      stoppedByUs = false;
      end('SIGKILL');
    }, timeoutMs);
    const hear = (chunk) => {
      said = (said + chunk).slice(-4000);
      if (!isLong || stoppedByUs) return;
      stoppedByUs = true;
      end('SIGTERM');
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', (chunk) => (said = (said + chunk).slice(-4000)));
    child.once('close', (code) => {
      clearTimeout(timer);
      done({ code, said, why, stoppedByUs });
    });
  });
}

function indented(text) {
  const lines = text.trimEnd().split('\n').slice(-8);
  return lines.map((line) => `         | ${line}`).join('\n');
}
