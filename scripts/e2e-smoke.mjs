#!/usr/bin/env node
// A running shim, looked at as the tracker and a scraper look at it. Sends no content and keeps nothing.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFlags } from './read-flags.mjs';

const HELP = `Usage: CCP_BASE_URL=http://127.0.0.1:8082 node scripts/e2e-smoke.mjs [options]

Asks a running shim for /v1/usage, /metrics and /v1/readyz and polls it once with the tracker into a temporary folder.
Only GET requests; no turn is sent, nothing is uploaded, the folder is removed.

  --api-key-file <file>  the shim's own key (CCP_API_KEY_FILE), sent as x-ccp-key
  --json                 print the results as JSON
  --help                 print this

Exit codes: 0 all of it works, 1 something does not, 2 CCP_BASE_URL is not set or the command line is wrong.`;

const OPTIONS = {
  'api-key-file': { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};
const GRADE = new Map([
  [true, 'ok       '],
  [false, 'FAILED   '],
  [null, 'not tried'],
]);
const TIMEOUT_MS = 60_000;
const TRACKER = fileURLToPath(new URL('../packages/tracker/dist/main.js', import.meta.url));

process.exitCode = await main();

async function main() {
  const { flags, code } = readFlags({ name: 'e2e-smoke', help: HELP, options: OPTIONS });
  if (flags === null) return code;
  const base = process.env.CCP_BASE_URL ?? '';
  if (!URL.canParse(base)) {
    console.error(
      `e2e-smoke: CCP_BASE_URL is ${base === '' ? 'not set' : 'no URL'}: set it to the shim, such as http://127.0.0.1:8082.`,
    );
    return 2;
  }
  if (!existsSync(TRACKER)) {
    console.error('e2e-smoke: the tracker is not built yet. Run pnpm build first.');
    return 2;
  }
  const results = await look(base.replace(/\/+$/u, ''), keyOf(flags['api-key-file'] ?? process.env.CCP_API_KEY_FILE));
  const ok = results.every((one) => one.ok !== false);
  if (flags.json) console.log(JSON.stringify({ ok, results }));
  else for (const { name, ok: holds, said } of results) console.log(`${GRADE.get(holds)} ${name}: ${said}`);
  return ok ? 0 : 1;
}

async function look(base, key) {
  const usage = await check('GET /v1/usage', async () => {
    const body = await (await answer(base, '/v1/usage', key)).json();
    if (body.usage_schema !== 'v1') throw new Error(`usage_schema is ${JSON.stringify(body.usage_schema)}, not "v1"`);
    return `${Object.keys(body.models).length} models, epoch ${body.epoch}`;
  });
  const metrics = await check('GET /metrics', async () => {
    const text = await (await answer(base, '/metrics', key)).text();
    if (!/^ccp_start_time_seconds \d/mu.test(text)) throw new Error('there is no ccp_start_time_seconds in it');
    return `${text.split('\n').filter((line) => /^[a-z]/u.test(line)).length} series`;
  });
  const readyz = await check('GET /v1/readyz', async () => {
    const body = await (await answer(base, '/v1/readyz', key)).json();
    return `ready, version ${body.version}`;
  });
  if (key === undefined) return [usage, metrics, readyz, await check('tracker poll --once', () => poll(base))];
  // The tracker can't present the key of a shim that asks for one.
  return [usage, metrics, readyz, { name: 'tracker poll --once', ok: null, said: 'the tracker has no key to show' }];
}

/** The tracker as a program, with a home and a folder of journals that last as long as the look does. */
async function poll(base) {
  const folder = mkdtempSync(join(tmpdir(), 'ccp-smoke-'));
  try {
    const env = { PATH: process.env.PATH, HOME: folder, PRIVACY_TIER: 'local' };
    const args = [TRACKER, 'poll', '--once', '--ccp-url', base, '--data-dir', join(folder, 'journals')];
    const { code, err } = await run(args, env);
    if (code !== 0) throw new Error(err.trim().split('\n').at(-1) ?? `exit ${code}`);
    return `kept ${readdirSync(join(folder, 'journals'))
      .filter((name) => name.endsWith('.jsonl'))
      .join(', ')}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(args, env) {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'], timeout: TIMEOUT_MS });
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (chunk) => (err = (err + chunk).slice(-4000)));
    child.once('error', fail).once('close', (code) => done({ code, err }));
  });
}

async function answer(base, path, key) {
  const headers = key === undefined ? {} : { 'x-ccp-key': key };
  const reply = await fetch(base + path, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (reply.ok) return reply;
  const text = await reply.text();
  throw new Error(`status ${reply.status}: ${text.slice(0, 300)}`);
}

async function check(name, look) {
  try {
    return { name, ok: true, said: await look() };
  } catch (error) {
    return { name, ok: false, said: error.cause?.message ?? error.message };
  }
}

function keyOf(file) {
  if (file === undefined || file === '') return undefined;
  return readFileSync(file, 'utf8').trim();
}
