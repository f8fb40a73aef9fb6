// `pnpm test`: unit and property tests (vitest), then the behaviour specs (cucumber) and a crash test against the built
// programs. Closes with one line that counts them all. With CCP_SKIP_IS_FAILURE=1 a test that was skipped counts as failed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
  if (process.argv.length === 2) {
    const specs = join(folder, 'specs.json');
    const cucumber = ['--import', 'tsx', 'node_modules/@cucumber/cucumber/bin/cucumber.js'];
    count(run([...cucumber, '--format', 'summary', '--format', `json:${specs}`]), () => {
      const scenarios = JSON.parse(readFileSync(specs, 'utf8')).flatMap((feature) => feature.elements);
      const statuses = scenarios.map((one) => new Set(one.steps.map((step) => step.result.status)));
      const failed = statuses.filter((all) => [...all].some((one) => one !== 'passed' && one !== 'skipped')).length;
      // A step says so where this machine lacks what it needs; what comes after a failed step is skipped as well.
      const skipped = statuses.filter((all) => [...all].every((one) => one !== 'failed') && all.has('skipped')).length;
      return { passed: scenarios.length - failed - skipped, failed, skipped };
    });
    // Each kill is held against the books of clients and provider; pnpm crash --kills 200 is the long version. How soon rows
    // are written depends on when the shim gets to run, and a test machine may be busy.
    const kills = 10;
    const status = run(['scripts/crash.mjs', '--kills', String(kills), '--within', '1500']);
    count(status, () => ({ passed: status === 0 ? kills : 0, failed: status === 0 ? 0 : 1, skipped: 0 }));
    // A tracker that uploads through bad weather; node scripts/uplink-chaos.mjs --kills 100 is the long version.
    countScript(['scripts/uplink-chaos.mjs', '--kills', '6']);
    // No socket leaves and no name is looked up; without files it runs every test of the tracker.
    countScript(['scripts/local-only.mjs', 'packages/tracker/src/uplink', 'packages/tracker/src/events/book.test.ts']);
    // Broken requests at every door; pnpm fuzz sends ten times as many.
    countScript(['scripts/fuzz-surfaces.mjs', '--count', '100', '--seed', '1']);
    countScript(['scripts/supervise.mjs', '--kills', '3', '--within', '10000']);
    countScript(['scripts/docs-commands.mjs']);
    // The workflow for other repositories, each step of it, with packages as npm installs them.
    countScript(['scripts/contract-gate.mjs']);
  }
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

/** A script that is one check: 0 held, 2 could not be tried here. */
function countScript(args) {
  const status = run(args);
  count(status === 2 ? 0 : status, () => ({
    passed: status === 0 ? 1 : 0,
    failed: status === 0 || status === 2 ? 0 : 1,
    skipped: status === 2 ? 1 : 0,
  }));
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
