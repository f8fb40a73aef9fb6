// `pnpm test`: unit and property tests (vitest), then the behaviour specs (cucumber) and longer trials against the built
// programs, two at a time, for they wait more than they work. Closes with one line that counts them all. With
// CCP_SKIP_IS_FAILURE=1 a test that was skipped counts as failed.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'ccp-test-'));
const env = { ...process.env, DO_NOT_TRACK: '1', CUCUMBER_PUBLISH_ENABLED: 'false', CCP_BUILT: '1' };
const counts = { passed: 0, failed: 0, skipped: 0 };

try {
  const units = join(folder, 'units.json');
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${units}`,
  ];
  count(run([...args, ...process.argv.slice(2)]), () => {
    const report = JSON.parse(readFileSync(units, 'utf8'));
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests,
      skipped: report.numPendingTests + report.numTodoTests,
    };
  });
  if (process.argv.length === 2) await countAll();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

if (process.env.CCP_SKIP_IS_FAILURE === '1' && counts.skipped > 0) {
  console.log(`${counts.skipped} tests were skipped, which counts as failure here`);
  counts.failed += counts.skipped;
  counts.skipped = 0;
}
console.log(
  `\n${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`,
);
process.exitCode = counts.failed > 0 ? 1 : 0;

function run(args) {
  return spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'], env }).status ?? 1;
}

/** Two at a time, the longest first; what one prints is shown whole, when it has ended. */
async function countAll() {
  const waiting = [specs, contractGate, docsCommands, localOnly, uplinkChaos, crash, fuzz, supervise];
  const lane = async () => {
    for (let trial = waiting.shift(); trial !== undefined; trial = waiting.shift()) await trial();
  };
  await Promise.all([lane(), lane()]);
}

async function specs() {
  const report = join(folder, 'specs.json');
  const cucumber = ['--import', 'tsx', 'node_modules/@cucumber/cucumber/bin/cucumber.js'];
  count(await aside([...cucumber, '--format', 'summary', '--format', `json:${report}`]), () => {
    const scenarios = JSON.parse(readFileSync(report, 'utf8')).flatMap((feature) => feature.elements);
    const statuses = scenarios.map((one) => new Set(one.steps.map((step) => step.result.status)));
    const failed = statuses.filter((all) => [...all].some((one) => one !== 'passed' && one !== 'skipped')).length;
    // A step says so where this machine lacks what it needs; what comes after a failed step is skipped as well.
    const skipped = statuses.filter((all) => [...all].every((one) => one !== 'failed') && all.has('skipped')).length;
    return { passed: scenarios.length - failed - skipped, failed, skipped };
  });
}

/**
 * Each kill is held against the books of clients and provider; pnpm crash --kills 200 is the long version. How soon rows
 * are written depends on when the shim gets to run, and a test machine may be busy.
 */
async function crash() {
  const kills = 10;
  const status = await aside(['scripts/crash.mjs', '--kills', String(kills), '--within', '1500']);
  count(status, () => ({ passed: status === 0 ? kills : 0, failed: status === 0 ? 0 : 1, skipped: 0 }));
}

/** A tracker that uploads through bad weather; node scripts/uplink-chaos.mjs --kills 100 is the long version. */
function uplinkChaos() {
  return countScript(['scripts/uplink-chaos.mjs', '--kills', '6']);
}

/** No socket leaves and no name is looked up; without files it runs every test of the tracker. */
function localOnly() {
  return countScript([
    'scripts/local-only.mjs',
    'packages/tracker/src/uplink',
    'packages/tracker/src/events/book.test.ts',
  ]);
}

/** Broken requests at every door; pnpm fuzz sends ten times as many. */
function fuzz() {
  return countScript(['scripts/fuzz-surfaces.mjs', '--count', '100', '--seed', '1']);
}

function supervise() {
  return countScript(['scripts/supervise.mjs', '--kills', '3', '--within', '10000']);
}

function docsCommands() {
  return countScript(['scripts/docs-commands.mjs']);
}

/** The workflow for other repositories, each step of it, with packages as npm installs them. */
function contractGate() {
  return countScript(['scripts/contract-gate.mjs']);
}

/** A script that is one check: 0 held, 2 could not be tried here. */
async function countScript(args) {
  const status = await aside(args);
  count(status === 2 ? 0 : status, () => ({
    passed: status === 0 ? 1 : 0,
    failed: status === 0 || status === 2 ? 0 : 1,
    skipped: status === 2 ? 1 : 0,
  }));
}

/** To a file and not through a pipe: whatever a trial should leave behind would keep a pipe open for good. */
async function aside(args) {
  const started = Date.now();
  const name = args.find((arg) => arg.startsWith('scripts/')) ?? 'features';
  const path = join(folder, `${basename(name)}.out`);
  const file = openSync(path, 'w');
  const running = spawn(process.execPath, args, { stdio: ['ignore', file, file], env });
  closeSync(file);
  const status = await new Promise((done) => running.once('exit', (code) => done(code ?? 1)));
  process.stdout.write(readFileSync(path));
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok    ' : `left with ${status}`}  ${name} (${seconds} s)\n`);
  return status;
}

/** A runner that ends badly without a failed test (a crash, an unhandled error) is a failure of its own. */
function count(status, read) {
  let seen = { passed: 0, failed: 0, skipped: 0 };
  try {
    seen = read();
  } catch (error) {
    console.error(`no report: ${error.message}`);
  }
  counts.passed += seen.passed;
  counts.failed += seen.failed + (status !== 0 && seen.failed === 0 ? 1 : 0);
  counts.skipped += seen.skipped;
}
