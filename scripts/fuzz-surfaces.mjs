#!/usr/bin/env node
// Thousands of broken requests at every door of the servers: none may answer 500, hang, show a stack or end.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { killAll, runToEnd, startServer } from './e2e/children.mjs';
import { fuzzedRequest } from './fuzz/requests.mjs';
import { send } from './fuzz/send.mjs';
import { randomFrom } from './seeded-random.mjs';
import { readFlags } from './read-flags.mjs';

const HELP = `Usage: pnpm fuzz [options]

Sends broken requests over raw sockets to every path of the shim, the aggregator and the
dashboard: wrong methods, paths, queries,
headers, lengths, encodings and bodies, and plain noise. Violated is the run when a server answers 5xx, lets a whole
request wait, shows a stack, ends, or does not answer a good request afterwards.

  --count <n>    requests per surface (default 1000)
  --seed <n>     makes them repeatable (default: the clock)
  --only <text>  surfaces whose name holds this
  --evidence     write the counts to artifacts/test_runs/fuzz-surfaces/latest.json
  --help         print this`;

const OPTIONS = {
  count: { type: 'string', default: '1000' },
  seed: { type: 'string' },
  only: { type: 'string', default: '' },
  evidence: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

const MAIN = fileURLToPath(new URL('../packages/shim/dist/main.js', import.meta.url));
const TRACKER = fileURLToPath(new URL('../packages/tracker/dist/main.js', import.meta.url));
const AT_ONCE = 16;
const TURN = { model: 'claude-haiku-4-5', max_tokens: 64, stream: true, messages: [{ role: 'user', content: 'hi' }] };
const UPLOAD = JSON.parse(
  readFileSync(new URL('../fixtures/contracts/v1/valid/event-upload/full.json', import.meta.url), 'utf8'),
);
const SUMMARY = JSON.parse(
  readFileSync(new URL('../fixtures/contracts/v1/valid/minimized-summary/full.json', import.meta.url), 'utf8'),
);

const SHIM_SURFACES = [
  { method: 'POST', path: '/v1/messages', body: TURN },
  { method: 'POST', path: '/v1/messages/count_tokens', body: TURN },
  { method: 'GET', path: '/v1/models' },
  { method: 'GET', path: '/' },
  { method: 'GET', path: '/api/hello' },
  { method: 'GET', path: '/healthz' },
  { method: 'GET', path: '/openapi.json' },
  { method: 'GET', path: '/v1/readyz' },
  { method: 'GET', path: '/v1/usage' },
  { method: 'GET', path: '/v1/usage/samples' },
  { method: 'GET', path: '/v1/usage/rollups' },
  { method: 'GET', path: '/v1/quotas' },
  { method: 'POST', path: '/v1/quotas/reload', body: {} },
  { method: 'GET', path: '/metrics' },
  { method: 'GET', path: '/v1/events' },
];
const DASHBOARD_SURFACES = [
  { method: 'GET', path: '/' },
  { method: 'GET', path: '/api/board' },
  { method: 'GET', path: '/api/history' },
  { method: 'GET', path: '/api/live' },
  { method: 'GET', path: '/api/rows' },
  { method: 'GET', path: '/api/suggestions' },
  { method: 'GET', path: '/health' },
];
const AGGREGATE_SURFACES = [
  { method: 'POST', path: '/v1/events', body: UPLOAD },
  { method: 'POST', path: '/v1/metrics', body: SUMMARY },
  { method: 'GET', path: '/v1/ingest/rollups' },
  { method: 'GET', path: '/v1/ingest/events' },
  { method: 'GET', path: '/v1/ingest/models' },
  { method: 'GET', path: '/v1/ingest/orgs' },
  { method: 'GET', path: '/v1/ingest/sessions/s-1' },
  { method: 'GET', path: '/v1/ingest/streams' },
  { method: 'GET', path: '/v1/public/report' },
  { method: 'GET', path: '/metrics' },
  { method: 'GET', path: '/healthz' },
];

const KEY_OF = [
  'add',
  '--org',
  'fuzz',
  '--operator',
  '--feature',
  'telemetry_full',
  '--feature',
  'telemetry_minimized',
  '--json',
];

process.exitCode = await main();

async function main() {
  const { flags, code } = readFlags({ name: 'fuzz', help: HELP, options: OPTIONS });
  if (flags === null) return code;
  const count = Number(flags.count);
  const seed = Number(flags.seed ?? Date.now() % 1_000_000);
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(seed)) {
    console.error('fuzz: --count and --seed are whole numbers. See --help.');
    return 2;
  }
  const home = mkdtempSync(join(tmpdir(), 'ccp-fuzz-'));
  const leave = () => {
    killAll();
    rmSync(home, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => (leave(), process.exit(1)));
  try {
    return await run({ count, seed, only: flags.only, evidence: flags.evidence }, home);
  } finally {
    leave();
  }
}

async function run({ count, seed, only, evidence }, home) {
  const servers = await startAll(home);
  const surfaces = [
    ...named('shim', servers.shim, SHIM_SURFACES),
    ...named('aggregate', servers.aggregate, AGGREGATE_SURFACES),
    ...named('dashboard', servers.dashboard, DASHBOARD_SURFACES),
  ].filter(({ name }) => name.includes(only));
  const random = randomFrom(seed);
  const violations = [];
  const counts = {};
  const report = { node: process.version, seed, requests_per_surface: count, surfaces: counts, violations };
  for (const { name, server, surface } of surfaces) {
    const statuses = await fuzz({ name, server, surface, count, random, violations });
    counts[name] = statuses;
    console.log(
      `${name.padEnd(38)} ${Object.entries(statuses)
        .map(([status, times]) => `${status}: ${times}`)
        .join('  ')}`,
    );
  }
  for (const violation of violations.slice(0, 20)) console.log(`violated: ${violation}`);
  const total = surfaces.length * count;
  console.log(`${total} requests at ${surfaces.length} surfaces, seed ${seed}: ${violations.length} violations`);
  if (evidence) {
    const folder = new URL('../artifacts/test_runs/fuzz-surfaces/', import.meta.url);
    mkdirSync(folder, { recursive: true });
    writeFileSync(new URL('latest.json', folder), `${JSON.stringify(report, null, 1)}\n`);
  }
  for (const { stop } of Object.values(servers)) await stop();
  return violations.length === 0 ? 0 : 1;
}

function named(server, running, surfaces) {
  return surfaces.map((surface) => ({ name: `${server} ${surface.method} ${surface.path}`, server: running, surface }));
}

/** How often each status came; `none`: the connection was closed without one. */
async function fuzz({ name, server, surface: { method, path, body }, count, random, violations }) {
  const statuses = {};
  const { port, key, isRunning, said, health = '/healthz' } = server;
  let sent = 0;
  const client = async () => {
    while (sent < count) {
      sent += 1;
      const number = sent;
      const request = fuzzedRequest(random, { method, path, body, key });
      const { status, text, timedOut } = await send(port, request);
      const word = status ?? 'none';
      statuses[word] = (statuses[word] ?? 0) + 1;
      const shown = `${name}, request ${number} (${request.how}): ${JSON.stringify(request.bytes.toString('latin1').slice(0, 200))}`;
      if (status >= 500) violations.push(`${status} at ${shown}: ${text.slice(-300)}`);
      if (timedOut) violations.push(`no answer at ${shown}`);
      if (/\n\s+at \S+ \(?(?:file|node|\/)/u.test(text)) violations.push(`a stack at ${shown}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  if (!isRunning()) violations.push(`${name}: the server ended: ${said().slice(-300)}`);
  else {
    const good = await send(port, { bytes: Buffer.from(goodRequest(health)), isWhole: true });
    if (good.status !== 200) violations.push(`${name}: afterwards ${health} says ${good.status}`);
  }
  if (/\n\s+at /u.test(said())) violations.push(`${name}: a stack was printed: ${said().slice(-400)}`);
  return statuses;
}

function goodRequest(path) {
  return `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`;
}

async function startAll(home) {
  const env = { PATH: process.env.PATH, HOME: home, CCP_TIME_ZONE: 'UTC', NO_COLOR: '1' };
  const start = async (name, args, main = MAIN) => {
    const server = await startServer(process.execPath, [main, ...args, '--port', '0', '--json'], {
      env,
      name,
      timeoutMs: 60_000,
    });
    return { ...server, port: Number(new URL(server.ready.url).port) };
  };
  const provider = await start('the provider', ['simulate', '--preset', 'bench-json']);
  const anthropic = { base_url: provider.ready.url, pass_through: true };
  const providers = join(home, 'providers.yaml');
  writeFileSync(
    providers,
    JSON.stringify({ providers: { anthropic }, routes: [{ pattern: '*', provider: 'anthropic' }] }),
  );
  const quotas = join(home, 'quotas.json');
  writeFileSync(quotas, '{"models": {}}');
  const shim = await start('the shim', ['serve', '--providers', providers, '--quotas', quotas, '--log-level', 'error']);
  const made = await runToEnd(process.execPath, [MAIN, 'aggregate', 'key', ...KEY_OF], {
    env,
    cwd: home,
    timeoutMs: 60_000,
  });
  if (made.code !== 0) throw new Error(`no key for the aggregator: ${made.err}`);
  const aggregate = await start('the aggregator', ['aggregate']);
  const reading = ['dashboard', '--ccp-url', shim.ready.url, '--data-dir', join(home, 'data')];
  const dashboard = { ...(await start('the dashboard', reading, TRACKER)), health: '/health' };
  return { shim, aggregate: { ...aggregate, key: JSON.parse(made.out).key }, dashboard, provider };
}
