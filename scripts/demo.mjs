#!/usr/bin/env node
// The whole product on made-up providers: a shim with two lanes, traffic through it, and the tracker's picture of it.
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { killAll, runToEnd, StartError, startServer } from './e2e/children.mjs';
import { plainEnv, shimMain } from './e2e/world.mjs';

const HELP = `Usage: pnpm demo [options]

Starts two simulated providers and a shim in front of them, sends traffic of three models through it and draws what the
tracker sees. No account, no key and no network is needed; nothing is written outside a temporary folder.

  --seconds <n>  stop n seconds after all has started (default: on Ctrl-C; the traffic ends after 30 minutes)
  --port <n>     port of the shim (default 8082, or a free one when 8082 is taken; 0 = a free one)
  --once         six seconds of traffic, one picture, done
  --help         print this`;

const OPTIONS = {
  seconds: { type: 'string' },
  port: { type: 'string' },
  once: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

const ONCE_MS = 6000;
const TRAFFIC_MS = 30 * 60_000;
const FRAME_MS = process.stdout.isTTY ? 2000 : 10_000;
const STREAMS = 4;

const trackerMain = fileURLToPath(new URL('../packages/tracker/dist/main.js', import.meta.url));

/** Small caps in a window of three minutes: a warning, a block and the way round it come within the first minute. */
const QUOTAS = {
  windows: { rolling_seconds: 180, weekly_seconds: 3600 },
  models: {
    'claude-sonnet*': { provider: 'anthropic', rolling_tokens: 60_000, weekly_limit_value: 2_000_000, warn_pct: 0.6 },
    'claude-haiku*': { provider: 'zai', rolling_tokens: 60_000, weekly_limit_value: 2_000_000, warn_pct: 0.6 },
    'claude-opus*': { provider: 'anthropic', rolling_tokens: 400_000, weekly_limit_value: 4_000_000, warn_pct: 0.8 },
  },
};

const MODELS = ['claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-sonnet-4-5', 'claude-opus-4-5'];

// Not by running out of work: a child that was still starting when another failed would keep this process for ever.
process.exit(await main());

async function main() {
  const flags = readFlags();
  if (typeof flags === 'number') return flags;
  const unbuilt = [shimMain, trackerMain].find((file) => !existsSync(file));
  if (unbuilt !== undefined) {
    console.error('demo: not built yet. Run pnpm build first, or pnpm demo, which does.');
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), 'ccp-demo-'));
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop.abort());
  // Whatever happens: no process and no folder is left behind.
  process.on('exit', () => {
    killAll();
    rmSync(folder, { recursive: true, force: true });
  });
  const servers = [];
  try {
    // A start that takes long on a busy machine can be stopped like the rest.
    const demo = await Promise.race([openDemo(folder, flags.port, servers), aborted(stop.signal)]);
    return demo === undefined ? 0 : await show(demo, flags, stop);
  } catch (error) {
    console.error(`demo: ${error instanceof StartError ? error.message : error.stack}`);
    return 1;
  } finally {
    stop.abort();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function aborted(signal) {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}

/** The options, or the exit code when there is nothing more to do. */
function readFlags() {
  try {
    const { seconds, port, once, help } = parseArgs({ options: OPTIONS }).values;
    if (help) console.log(HELP);
    if (help) return 0;
    const number = (text, name, most) => {
      if (text === undefined) return undefined;
      if (!/^\d+$/u.test(text) || Number(text) > most) throw new Error(`--${name} must be a number from 0 to ${most}`);
      return Number(text);
    };
    const given = number(seconds, 'seconds', 86_400);
    const lastsMs = once || given === undefined ? undefined : given * 1000;
    return { once, lastsMs, port: number(port, 'port', 65_535) };
  } catch (error) {
    console.error(`demo: ${error.message.split('. ')[0]}. See --help.`);
    return 2;
  }
}

async function openDemo(folder, port, servers) {
  const home = join(folder, 'home');
  mkdirSync(home);
  const env = plainEnv(home);
  const start = async (args, more = {}) => {
    const server = await startServer(process.execPath, [shimMain, ...args], {
      env: { ...env, ...more },
      name: `shim ${args[0]}`,
    });
    servers.push(server);
    return server;
  };
  const simulate = (preset, name) => start(['simulate', '--port', '0', '--json', '--preset', preset, '--name', name]);
  const [anthropic, zai] = await Promise.all([simulate('busy', 'anthropic'), simulate('healthy', 'zai')]);
  const files = ['--providers', join(folder, 'providers.yaml'), '--quotas', join(folder, 'quotas.json')];
  writeFileSync(files[1], providersYaml(anthropic.ready.url, zai.ready.url));
  writeFileSync(files[3], JSON.stringify(QUOTAS, null, 2));
  const serve = (onPort) =>
    start(['serve', '--json', '--port', String(onPort), '--state-dir', join(folder, 'state'), ...files], {
      // Opens nothing: the simulated provider asks for no key, the lane wants one.
      DEMO_ZAI_KEY: `demo-${randomBytes(8).toString('hex')}`,
    });
  const shim = await (port === undefined ? serve(8082).catch(() => serve(0)) : serve(port));
  const data = join(folder, 'tracker');
  const look = (onPort) => lookAt(shim.ready.url, { env, data, port: onPort });
  const page = await look(port === undefined ? 8083 : 0).catch(() => look(0));
  servers.push(page);
  return {
    url: shim.ready.url,
    page: page.ready.url,
    shim,
    env,
    data,
    isElsewhere: port === undefined && shim.ready.port !== 8082,
  };
}

/** The page beside the shim; it also keeps what it sees, so that bars over time and turns are there. */
async function lookAt(url, { env, data, port }) {
  const args = [
    trackerMain,
    'dashboard',
    '--json',
    '--record',
    '--port',
    String(port),
    '--ccp-url',
    url,
    '--data-dir',
    data,
  ];
  return startServer(process.execPath, args, { env, name: 'tracker dashboard' });
}

function providersYaml(anthropic, zai) {
  return `providers:
  anthropic: { base_url: "${anthropic}", pass_through: true }
  zai: { base_url: "${zai}", key_env: DEMO_ZAI_KEY, header_mode: x-api-key }
routes:
  - { pattern: "claude-haiku*", provider: zai, fallback: [anthropic] }
  - { pattern: "claude-opus*", provider: anthropic, fallback: [zai] }
  - { pattern: "claude-sonnet*", provider: anthropic, fallback: [zai] }
  - { pattern: "*", provider: anthropic, fallback: [zai] }
`;
}

async function show(demo, { once, lastsMs }, stop) {
  const end = lastsMs === undefined ? undefined : setTimeout(() => stop.abort(), lastsMs);
  const tally = { requests: 0, refused: 0, broken: 0 };
  const busy = new AbortController();
  const quiet = setTimeout(() => busy.abort(), TRAFFIC_MS);
  stop.signal.addEventListener('abort', () => busy.abort());
  const streams = Array.from({ length: STREAMS }, (_, index) => keepAsking(demo.url, index, { tally, busy }));
  try {
    if (!process.stdout.isTTY) console.log(headOf(demo));
    while (!stop.signal.aborted) {
      await sleep(once ? ONCE_MS : FRAME_MS, undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.signal.aborted) break;
      if (!demo.shim.isRunning()) throw new StartError(`the shim stopped: ${demo.shim.said().trim()}`);
      const text = await Promise.race([picture(demo), aborted(stop.signal)]);
      if (text === undefined) break;
      draw(demo, tally, text);
      if (once) break;
    }
  } finally {
    clearTimeout(end);
    clearTimeout(quiet);
    busy.abort();
    // What ignores that it is stopped ends with the shim.
    await Promise.race([Promise.all(streams), sleep(2000, undefined, { ref: false })]);
  }
  const { requests, refused, broken } = tally;
  console.log(`demo: ${requests} requests, ${refused} refused, ${broken} cut off. Stopped; nothing is left behind.`);
  return 0;
}

async function picture({ url, env, data }) {
  const width = String(Math.max(60, Math.min(process.stdout.columns ?? 100, 140)));
  const args = [trackerMain, 'preview', '--once', '--ccp-url', url, '--data-dir', data, '--width', width];
  const { out, err } = await runToEnd(process.execPath, args, { env, cwd: tmpdir(), timeoutMs: 10_000 });
  return (out + err).trimEnd();
}

function draw(demo, tally, text) {
  if (!process.stdout.isTTY) {
    console.log(`\n${text}`);
    return;
  }
  // One write per frame: clearing first and drawing later would flicker.
  process.stdout.write(`\x1b[H\x1b[2J${headOf(demo, tally)}\n\n${text}\n`);
}

function headOf({ url, page, isElsewhere }, tally) {
  const sent = tally === undefined ? '' : ` · ${tally.requests} requests`;
  return [
    `demo · two simulated providers behind the shim at ${url}${isElsewhere ? ' (8082 was taken)' : ''}${sent}`,
    'Quotas are tiny and roll over three minutes, so that warnings, blocks and reroutes come soon.',
    `  page     ${page}`,
    `  look     curl ${url}/v1/usage    curl ${url}/v1/readyz    curl ${url}/metrics`,
    `  use it   ANTHROPIC_BASE_URL=${url} ANTHROPIC_AUTH_TOKEN=demo claude    (its answers are made up)`,
    '  stop     Ctrl-C',
  ].join('\n');
}

/** One agent session: turn after turn with a pause to think, until told to stop. */
async function keepAsking(url, index, { tally, busy }) {
  const session = randomUUID();
  for (let turn = 0; !busy.signal.aborted; turn += 1) {
    const model = MODELS[(index + turn) % MODELS.length];
    // Users press Escape now and then.
    const leaves = turn % 11 === 10;
    await ask(url, bodyOf(model, session, turn), { session, leaves, tally, signal: busy.signal });
    await sleep(400 + ((index * 613 + turn * 389) % 1800), undefined, { signal: busy.signal }).catch(() => undefined);
  }
}

async function ask(url, body, { session, leaves, tally, signal }) {
  const own = new AbortController();
  const quit = () => own.abort();
  signal.addEventListener('abort', quit);
  try {
    const reply = await fetch(`${url}/v1/messages?beta=true`, {
      method: 'POST',
      signal: own.signal,
      body,
      headers: {
        authorization: 'Bearer demo',
        'content-type': 'application/json',
        'anthropic-version': '2023-06-01',
        'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14',
        'user-agent': 'claude-cli/2.1.329 (external, cli)',
        'x-app': 'cli',
        'x-claude-code-session-id': session,
      },
    });
    tally.requests += 1;
    if (reply.status >= 400) tally.refused += 1;
    let pieces = 0;
    for await (const _piece of reply.body) {
      pieces += 1;
      if (leaves && pieces > 6) own.abort();
    }
  } catch {
    if (!own.signal.aborted) tally.broken += 1;
  } finally {
    signal.removeEventListener('abort', quit);
  }
}

/** The shape of a Claude Code request; the words are filler. */
function bodyOf(model, session, turn) {
  const filler = 'You are helping in a repository. Read before you write, and say what you did. '.repeat(60);
  const cached = { cache_control: { type: 'ephemeral' } };
  const user = { role: 'user', content: [{ type: 'text', text: `Step ${turn + 1}: go on with the plan.`, ...cached }] };
  return JSON.stringify({
    model,
    messages: [user],
    system: [{ type: 'text', text: filler, ...cached }],
    tools: [
      {
        name: 'Bash',
        description: 'Runs a command',
        input_schema: { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] },
      },
    ],
    metadata: { user_id: JSON.stringify({ device_id: '0'.repeat(64), account_uuid: '', session_id: session }) },
    max_tokens: 32_000,
    thinking: { type: 'adaptive' },
    stream: true,
  });
}
