// `pnpm start`: the shim in the foreground, and the dashboard beside it. What is given goes to the shim: pnpm start --port 9000.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const shimMain = fileURLToPath(new URL('../packages/shim/dist/main.js', import.meta.url));
const trackerMain = fileURLToPath(new URL('../packages/tracker/dist/main.js', import.meta.url));
const given = process.argv.slice(2);
const port = portOf(given) ?? process.env.CCP_PORT ?? '8082';

const shim = spawn(process.execPath, [shimMain, 'serve', ...given], { stdio: 'inherit' });
// Somebody who reads JSON, asks for help or lets the system pick a port starts the dashboard himself.
const isPlain = !given.some((arg) => ['--json', '--help', '-h'].includes(arg)) && /^[1-9]\d*$/.test(port);
const page = isPlain ? openPage() : null;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    page?.kill('SIGTERM');
    // On a terminal Ctrl-C has reached it already; a second signal would not let running answers finish.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) shim.kill(signal);
  });
shim.on('error', (error) => {
  console.error(`start: the shim could not be started: ${error.message}`);
  process.exitCode = 1;
  page?.kill('SIGTERM');
});
shim.on('exit', (code, signal) => {
  page?.kill('SIGTERM');
  process.exitCode = code ?? (signal === null ? 1 : 128);
});

/** It keeps what it sees, so that the charts have a past. Without it the shim goes on: a taken port is no reason to stop. */
function openPage() {
  const args = [trackerMain, 'dashboard', '--record', '--ccp-url', `http://127.0.0.1:${port}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  child.on('error', (error) => console.error(`start: the dashboard could not be started: ${error.message}`));
  return child;
}

function portOf(args) {
  const at = args.indexOf('--port');
  return at === -1 ? args.find((arg) => arg.startsWith('--port='))?.slice(7) : args[at + 1];
}
