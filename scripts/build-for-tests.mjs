// Tests start the programs as users do: built. Before the first test they are built from the source as it is, which takes
// seconds where nothing changed; so what is tested is never older than the source.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export function setup() {
  // Whoever starts several runs, or one without a network, has built before.
  if (process.env.CCP_BUILT === '1') return;
  const root = resolve(import.meta.dirname, '..');
  const { packageManager } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'));
  const { status, stdout, stderr } = spawnSync('npx', ['-y', packageManager, 'build'], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`the programs could not be built:\n${stdout}${stderr}`);
  // Every project of vitest.config.ts asks once.
  process.env.CCP_BUILT = '1';
}
