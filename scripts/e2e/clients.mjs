// The real clients, pinned, fetched from the registry into a cache outside the repository and its lockfile.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { runToEnd } from './children.mjs';

export const CLIENTS = [
  { id: 'claude-code', package: '@anthropic-ai/claude-code', version: '2.1.329', note: 'about 380 MB' },
  { id: 'sdk-1', package: '@anthropic-ai/sdk', version: '1.11.0', note: 'API version 2026-10-21' },
  { id: 'sdk-0', package: '@anthropic-ai/sdk', version: '0.137.0', note: 'API version 2023-06-01' },
  { id: 'ccusage', package: 'ccusage', version: '20.0.24', note: 'the other reader of transcripts' },
];

export function cacheFolder(env = process.env) {
  return resolve(env.CCP_E2E_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ccp-e2e'));
}

/** Where a client is, or null when the cache does not hold this version. */
export function findClient(client, cache = cacheFolder()) {
  const modules = join(folderOf(client, cache), 'node_modules');
  const home = join(modules, client.package);
  if (versionIn(home) !== client.version) return null;
  if (client.id !== 'claude-code') return home;
  return binaryIn(join(modules, '@anthropic-ai'));
}

/** Fetches a client. @returns null, or why it could not be fetched. */
export async function fetchClient(client, cache = cacheFolder()) {
  const folder = folderOf(client, cache);
  mkdirSync(folder, { recursive: true });
  // Without a manifest of its own, npm would install into the nearest folder above that has one.
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  const spec = `${client.package}@${client.version}`;
  // No install script runs: each client works as it is unpacked.
  const flags = ['--no-save', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--loglevel=error'];
  const npm = await runToEnd('npm', ['install', ...flags, '--prefix', folder, spec], {
    env: process.env,
    cwd: folder,
    timeoutMs: 600_000,
  }).catch((error) => ({ code: 1, err: error.message, timedOut: false }));
  if (npm.timedOut) return `npm install ${spec} took longer than ten minutes`;
  if (npm.code !== 0) return `npm install ${spec} failed: ${lastLine(npm.err)}`;
  return findClient(client, cache) === null ? `${spec} has no program for ${process.platform}-${process.arch}` : null;
}

function folderOf(client, cache) {
  return join(cache, `${client.id}-${client.version}`);
}

function versionIn(folder) {
  const file = join(folder, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : null;
}

/** Claude Code is a native program in a package per platform. */
function binaryIn(scope) {
  const mine = `claude-code-${process.platform}-${process.arch}`;
  const found = readdirSync(scope)
    .filter((name) => name === mine || name === `${mine}-musl`)
    .map((name) => join(scope, name, process.platform === 'win32' ? 'claude.exe' : 'claude'))
    .find((file) => existsSync(file));
  return found ?? null;
}

function lastLine(text) {
  return text.trim().split('\n').at(-1) ?? '';
}
