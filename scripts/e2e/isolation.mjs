// Runs this script once more in a network namespace of its own, where only loopback exists: then nothing a client does
// can reach a name or an address outside.
import { spawn, spawnSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';

const LOOPBACK_UP = 'ip link set lo up';

/** The `unshare` arguments that work here; null where a namespace can't be made. */
export function namespaceArguments() {
  if (process.platform !== 'linux') return null;
  // Without root, a user namespace gives the right to make a network namespace, where the system allows it.
  for (const flags of [['-n'], ['-r', '-n']]) {
    const probe = spawnSync('unshare', [...flags, 'sh', '-c', LOOPBACK_UP], { stdio: 'ignore' });
    if (probe.status === 0) return flags;
  }
  return null;
}

/** Runs `script` inside; resolves with its exit code. */
export function rerunInside(flags, script, args) {
  const inner = `${LOOPBACK_UP} && exec "$0" "$@"`;
  const child = spawn('unshare', [...flags, 'sh', '-c', inner, process.execPath, script, ...args], {
    stdio: 'inherit',
  });
  const pass = (signal) => child.kill(signal);
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, pass);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** True when this process sees no network but loopback. */
export function onlyLoopback() {
  return Object.values(networkInterfaces()).every((addresses) => (addresses ?? []).every(({ internal }) => internal));
}
