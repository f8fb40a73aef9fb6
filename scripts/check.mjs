// `pnpm check`: everything CI asks for, in order, each step timed. `--static` leaves the tests out.
import { spawnSync } from 'node:child_process';

const steps = [
  ['build', 'node scripts/build.mjs'],
  ['format', 'prettier --check --log-level warn .'],
  ['lint', 'oxlint --type-aware --deny-warnings'],
  ['boundaries', 'depcruise packages features --output-type err'],
  ['types', 'tsc -p tsconfig.tests.json && tsc -p packages/tracker/src/views/dashboard'],
  ['schema drift', 'node packages/contracts/scripts/generate.mjs --check'],
  ['contract compat', 'node packages/contracts/dist/cli.js check'],
];
if (!process.argv.includes('--static')) steps.push(['tests', 'node scripts/test.mjs']);

const failed = [];
for (const [name, command] of steps) {
  const started = Date.now();
  const { status } = spawnSync(command, { shell: true, stdio: ['ignore', 'inherit', 'inherit'] });
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'}  ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  if (status !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`check failed: ${failed.join(', ')}. "pnpm fix" formats and repairs what can be repaired.`);
  process.exitCode = 1;
}
