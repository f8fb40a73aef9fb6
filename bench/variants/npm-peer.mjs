import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NotAvailable } from './not-available.mjs';

const run = promisify(execFile);

/**
 * A published peer, installed once into the bench's cache: outside the lockfile, without its install scripts.
 *
 * @returns {Promise<string>} folder of the installed package
 */
export async function npmPeer(cache, name, version) {
  const home = join(cache, `${name.replace(/\W+/g, '-').replace(/^-/, '')}-${version}`);
  const folder = join(home, 'node_modules', name);
  if (installedVersion(folder) === version) return folder;
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'package.json'), '{"private":true}\n');
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--save-exact', `${name}@${version}`];
  try {
    await run('npm', args, { cwd: home, timeout: 240_000 });
  } catch (error) {
    const said = String(/** @type {any} */ (error).stderr ?? error);
    const code = /code (E\w+)/.exec(said)?.[1] ?? 'an error';
    throw new NotAvailable(`npm could not install ${name}@${version} (${code})`);
  }
  return folder;
}

function installedVersion(folder) {
  const file = join(folder, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : null;
}
