#!/usr/bin/env node
// The tests under the versions of Node that are promised, one after the other.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const HELP = `Usage: node scripts/node-matrix.mjs [options]

Fetches versions of Node from the npm registry (the package "node"), and with each of them builds the programs anew, runs
the unit tests and the behaviour specs, and says which SQLite was used. This machine's own Node is not touched.

  --versions <list>  20,22,24,26 (default), or exact ones: 22.23.3
  --only <text>      unit tests of files whose path holds this text, and no specs; may be given again
  --specs <regexp>   behaviour specs of that name, also beside --only
  --json             print the result as JSON
  --evidence         write it to artifacts/test_runs/node-matrix/<version>.json, too
  --help             print this

Exit codes: 0 all passed under each version, 1 something did not, 2 a wrong command line, or a version can't be fetched.`;

const OPTIONS = {
  versions: { type: 'string', default: '20,22,24,26' },
  only: { type: 'string', multiple: true, default: [] },
  specs: { type: 'string' },
  json: { type: 'boolean', default: false },
  evidence: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};
const ROOT = resolve(import.meta.dirname, '..');

process.exitCode = main();

function main() {
  let flags;
  try {
    flags = parseArgs({ options: OPTIONS }).values;
    if (!/^\d+(?:\.\d+){0,2}(?:,\d+(?:\.\d+){0,2})*$/u.test(flags.versions))
      throw new Error('--versions must be a list like 22,24.1.0');
  } catch (error) {
    console.error(`node-matrix: ${error.message.split('. ')[0]}. See --help.`);
    return 2;
  }
  if (flags.help) console.log(HELP);
  if (flags.help) return 0;
  const results = [];
  for (const wanted of flags.versions.split(',')) {
    const node = fetched(wanted);
    if (node === null) return 2;
    const result = tried(node, flags);
    results.push(result);
    if (flags.evidence) keep(wanted, result);
    if (!flags.json) console.log(line(result));
  }
  const ok = results.every((one) => one.ok);
  if (flags.json) console.log(JSON.stringify({ ok, results }));
  return ok ? 0 : 1;
}

/** Where npm has put that version; null: nowhere. */
function fetched(version) {
  const args = ['-y', '-p', `node@${version}`, 'node', '-p', 'process.execPath'];
  // Not in this folder: npx would take a program of that name from here.
  const { status, stdout, stderr } = spawnSync('npx', args, { cwd: tmpdir(), encoding: 'utf8' });
  const path = stdout?.trim().split('\n').at(-1) ?? '';
  if (status === 0 && path !== '') return path;
  console.error(`node-matrix: node@${version} can't be fetched: ${stderr?.trim().split('\n').at(-1)}`);
  return null;
}

function tried(fetchedNode, { only, specs, json }) {
  const folder = mkdtempSync(join(tmpdir(), 'ccp-matrix-'));
  // Away from npm's cache: the programs refuse to install a service that begins there.
  const node = join(folder, 'bin', basename(fetchedNode));
  mkdirSync(dirname(node));
  copyFileSync(fetchedNode, node);
  const env = {
    ...process.env,
    PATH: [dirname(node), process.env.PATH].join(delimiter),
    CCP_BUILT: '1',
    CUCUMBER_PUBLISH_ENABLED: 'false',
    // Built by this very Node, not taken from what another one built.
    TURBO_FORCE: 'true',
  };
  const run = (args, command = node) => {
    const began = performance.now();
    // What tests print goes beside the JSON, not into it.
    const { status } = spawnSync(command, args, { cwd: ROOT, env, stdio: ['ignore', json ? 2 : 'inherit', 'inherit'] });
    return { ok: status === 0, seconds: Math.round((performance.now() - began) / 100) / 10 };
  };
  const ask = (code) => spawnSync(node, ['-p', code], { cwd: ROOT, env, encoding: 'utf8' }).stdout.trim();
  try {
    const result = { node: ask('process.version'), sqlite: sqliteOf(ask), at: new Date().toISOString() };
    const load = loadavg()[0];
    const { packageManager } = read(join(ROOT, 'package.json'));
    // npx is a script, which runs under the Node that comes first in PATH.
    const build = run(['-y', packageManager, 'build'], 'npx');
    const report = join(folder, 'units.json');
    const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`];
    const units = build.ok && { ...run(['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...only]), only };
    if (units) Object.assign(units, countsOfUnits(report));
    const wantsSpecs = specs !== undefined || only.length === 0;
    const behaviour = build.ok && wantsSpecs && runSpecs(run, { folder, specs });
    const ok = build.ok && units.ok && (!wantsSpecs || behaviour.ok);
    return { ok, ...result, cpus: cpus().length, load_1m: load, build, units, specs: behaviour };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runSpecs(run, { folder, specs }) {
  const report = join(folder, 'specs.json');
  const cucumber = ['--import', 'tsx', 'node_modules/@cucumber/cucumber/bin/cucumber.js'];
  const name = specs === undefined ? [] : ['--name', specs];
  const ran = run([...cucumber, '--format', 'summary', '--format', `json:${report}`, ...name]);
  const scenarios = read(report)?.flatMap(({ elements }) => elements) ?? [];
  const failed = scenarios.filter(({ steps }) => steps.some(({ result }) => result.status !== 'passed'));
  return {
    ...ran,
    // A name that fits nothing has shown nothing.
    ok: ran.ok && scenarios.length > 0,
    only: specs ?? null,
    passed: scenarios.length - failed.length,
    failed: failed.map(({ name: which }) => which),
  };
}

function countsOfUnits(file) {
  const report = read(file);
  if (report === undefined) return { ok: false, passed: 0, failed: ['there is no report'], skipped: 0 };
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  return {
    passed: report.numPassedTests,
    failed: tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** What the shim's own rule finds: the engine in Node, or the packaged one. */
function sqliteOf(ask) {
  return ask('process.getBuiltinModule?.("node:sqlite") ? "node:sqlite" : "@photostructure/sqlite"');
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function keep(version, result) {
  const folder = join(ROOT, 'artifacts', 'test_runs', 'node-matrix');
  mkdirSync(folder, { recursive: true });
  const command = `node scripts/node-matrix.mjs ${process.argv.slice(2).join(' ')}`;
  writeFileSync(join(folder, `${version}.json`), `${JSON.stringify({ command, ...result }, null, 2)}\n`);
}

function line({ ok, node, sqlite, build, units, specs }) {
  const count = (one) => (one ? `${one.passed} passed, ${one.failed.length} failed in ${one.seconds} s` : 'not run');
  const failures = [...(units.failed ?? []), ...(specs.failed ?? [])].map((name) => `\n          ${name}`);
  return `${ok ? 'ok    ' : 'FAILED'}  ${node}, ${sqlite}: build ${build.seconds} s; units ${count(units)}; specs ${count(specs)}${failures.join('')}`;
}
