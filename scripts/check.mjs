// `pnpm check`: everything CI asks for, each step timed. After the build two static steps run at a time: half of them use
// one core only. What a step prints is shown whole, when it has ended. `--static` leaves the tests out.
import { spawn, spawnSync } from 'node:child_process';

const build = ['build', 'node scripts/build.mjs'];
const tests = ['tests', 'node scripts/test.mjs'];
/** Longest first. */
const checks = [
  ['format', 'prettier --check --log-level warn .'],
  ['boundaries', 'depcruise packages features --output-type err'],
  ['lint', 'oxlint --type-aware --deny-warnings'],
  ['types', 'tsc -p tsconfig.tests.json && tsc -p packages/tracker/src/views/dashboard'],
  ['schema drift', 'node packages/contracts/scripts/generate.mjs --check'],
  ['kernel drift', 'node packages/tracker/scripts/compile-kernel.mjs --check'],
  ['contract compat', 'node packages/contracts/dist/cli.js check'],
];
const AT_ONCE = 2;

const failed = [];
inFront(build);
if (failed.length === 0) {
  const waiting = [...checks];
  const lane = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) await aside(step);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  if (!process.argv.includes('--static')) inFront(tests);
}
if (failed.length > 0) {
  console.error(`check failed: ${failed.join(', ')}. "pnpm fix" formats and repairs what can be repaired.`);
  process.exitCode = 1;
}

/** Prints as it goes. */
function inFront([name, command]) {
  const started = Date.now();
  tell(name, spawnSync(command, { shell: true, stdio: ['ignore', 'inherit', 'inherit'] }).status, started);
}

async function aside([name, command]) {
  const started = Date.now();
  const running = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = [];
  for (const stream of [running.stdout, running.stderr]) stream.on('data', (chunk) => printed.push(chunk));
  const status = await new Promise((done) => running.once('close', done));
  process.stdout.write(Buffer.concat(printed));
  tell(name, status, started);
}

function tell(name, status, started) {
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'}  ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  if (status !== 0) failed.push(name);
}
