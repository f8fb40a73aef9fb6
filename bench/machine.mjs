import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { canPin } from './processes.mjs';

/** What a reader needs to judge the figures. */
export function describeMachine() {
  const cores = cpus();
  return {
    at: new Date().toISOString(),
    node: process.version,
    platform: `${process.platform} ${release()} ${process.arch}`,
    cpu: `${cores.length} × ${cores[0]?.model ?? 'unknown'}`,
    memory_gb: Math.round(totalmem() / 2 ** 30),
    load_before: loadavg()[0],
    pinned: canPin,
    commit: git('rev-parse', '--short=12', 'HEAD'),
    uncommitted_changes: git('status', '--porcelain') !== '',
  };
}

function git(...args) {
  try {
    const options = { encoding: /** @type {const} */ ('utf8'), cwd: import.meta.dirname, stdio: 'pipe' };
    return execFileSync('git', args, options).trim();
  } catch {
    return null;
  }
}
