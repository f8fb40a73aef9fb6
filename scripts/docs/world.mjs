// Where the commands of the docs run: a home of their own, a provider that is scripted, a shim, some turns.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { plainEnv } from '../e2e/world.mjs';
import { runToEnd, startServer } from '../e2e/children.mjs';

const MAINS = {
  shim: 'packages/shim/dist/main.js',
  tracker: 'packages/tracker/dist/main.js',
  contracts: 'packages/contracts/dist/cli.js',
};

/** @param {string} root the checkout whose built programs and fixtures are used */
export async function openDocsWorld(root) {
  const folder = mkdtempSync(join(tmpdir(), 'ccp-docs-'));
  // Whatever happens: no folder is left behind.
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const home = join(folder, 'home');
  const work = join(folder, 'work');
  const bin = join(folder, 'bin');
  for (const one of [home, work, bin, join(home, '.config', 'ccp'), join(home, '.claude')])
    mkdirSync(one, { recursive: true });
  for (const [name, main] of Object.entries(MAINS)) {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec "${process.execPath}" "${join(root, main)}" "$@"\n`, {
      mode: 0o755,
    });
  }
  for (const one of ['packages', 'scripts', 'fixtures', 'artifacts', 'bench'])
    symlinkSync(join(root, one), join(work, one));
  const plain = plainEnv(home);
  const env = {
    ...plain,
    XDG_STATE_HOME: join(home, '.local', 'state'),
    PATH: `${bin}${delimiter}${plain.PATH}`,
    SHELL: '/bin/sh',
    DO_NOT_TRACK: '1',
    // Node 22 and later start again sooner with it.
    NODE_COMPILE_CACHE: join(folder, 'compiled'),
  };
  const servers = [];
  const start = async (args) => {
    const server = await startServer(process.execPath, [join(root, MAINS.shim), ...args], {
      env,
      name: `shim ${args[0]}`,
      timeoutMs: 60_000,
    });
    servers.push(server);
    return server.ready;
  };
  const provider = await start(['simulate', '--port', '0', '--json', '--pace-ms', '0', '--ttft-ms', '0']);
  writeFileSync(
    join(home, '.config', 'ccp', 'providers.yaml'),
    `providers:\n  anthropic: { base_url: "${provider.url}", pass_through: true }\nroutes:\n  - { pattern: "*", provider: anthropic }\n`,
  );
  writeFileSync(
    join(home, '.config', 'ccp', 'quotas.json'),
    JSON.stringify({ models: { 'claude-sonnet*': { rolling_tokens: 1_000_000, warn_pct: 0.8 } } }),
  );
  const { url, port } = await start(['serve', '--port', '0', '--json']);
  const rid = await someTurns(url);
  writeFileSync(join(work, 'usage.json'), await (await fetch(`${url}/v1/usage`)).text());
  const world = { folder, home, work, port, rid, env: { ...env, CCP_BASE_URL: url, ANTHROPIC_BASE_URL: url } };
  layOut(root, world);
  repository(world);
  await license(world);
  await otherHalves(world);
  return { ...world, close: () => Promise.all(servers.map((server) => server.stop())) };
}

async function someTurns(url) {
  let rid = '';
  for (const [index, stream] of [false, true, true].entries()) {
    const reply = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': 'not-a-secret', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({
        model: 'claude-sonnet-4-5',
        max_tokens: 64,
        stream,
        messages: [{ role: 'user', content: `turn ${index}` }],
      }),
    });
    await reply.text();
    if (reply.status !== 200) throw new Error(`a turn through the shim answered ${reply.status}`);
    rid = reply.headers.get('x-ccp-rid') ?? '';
  }
  return rid;
}

/** The files that examples name, from the fixtures of the tests. */
function layOut(root, { home, work, folder }) {
  const pane = (name) => join(root, 'fixtures', 'tracker', 'panes', name);
  const copies = [
    [pane('codex-wide.txt'), join(folder, 'codex.txt')],
    [pane('claude-wide.txt'), join(folder, 'usage.txt')],
    [pane('claude-wide.txt'), join(work, 'usage.txt')],
    [pane('glm-blocks.json'), join(work, 'blocks.json')],
    [pane('statusline.json'), join(folder, 'statusline.json')],
    [
      join(root, 'fixtures', 'shim', 'logs', 'original-usage.jsonl'),
      join(home, 'src', 'router', 'logs', 'usage.jsonl'),
    ],
    [join(root, 'fixtures', 'shim', 'logs', 'original-usage.jsonl'), join(work, 'DIR', 'logs', 'usage.jsonl')],
    [join(root, 'fixtures', 'shim', 'logs', 'original-usage.jsonl'), join(work, 'router', 'logs', 'usage.jsonl')],
  ];
  for (const [from, to] of copies) cpSync(from, to, { recursive: true });
  writeFileSync(join(home, '.config', 'ccp', 'aggregator.key'), 'not-a-secret\n', { mode: 0o600 });
}

/** Where the reader works: a repository with one commit of a feature. */
function repository({ work, env }) {
  const git = (...args) => {
    const me = ['-c', 'user.name=Reader', '-c', 'user.email=reader@example.invalid', '-c', 'init.defaultBranch=main'];
    const { status, stderr, error } = spawnSync('git', [...me, ...args], { cwd: work, env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${args[0]}: ${error?.message ?? stderr}`);
  };
  git('init', '-q');
  git('add', 'usage.txt', 'blocks.json');
  git('commit', '-q', '-m', 'feat: what the examples name', '-m', 'xfeat::QUOTAS::W0-01::BUILD');
}

/** The readings of window W0-01 that the docs, which show each kind once, leave out. */
async function otherHalves({ folder, work, env }) {
  const ingest = async (provider, phase, file) => {
    const args = ['ingest', provider, '--window', 'W0-01', '--phase', phase, '--file', join(folder, file)];
    const { code, err } = await runToEnd('tracker', args, { env, cwd: work, timeoutMs: 60_000 });
    if (code !== 0) throw new Error(`tracker ${args.join(' ')} left with ${code}: ${err}`);
  };
  await ingest('claude', 'before', 'usage.txt');
  await ingest('codex', 'after', 'codex.txt');
}

/** A license of an issuer that exists for this run only, where the shim has licenses. */
async function license({ home, work, env }) {
  const run = (args) => runToEnd('shim', ['license', ...args], { env, cwd: work, timeoutMs: 60_000 });
  const issuer = join(home, 'prepared-issuer');
  if ((await run(['keygen', '--out', issuer])).code !== 0) return;
  const key = readdirSync(issuer).find((name) => name.endsWith('.key.pem'));
  const features = 'zai_offload,telemetry_minimized,telemetry_full';
  await run([
    'issue',
    '--key',
    join(issuer, key),
    '--sub',
    'docs',
    '--plan',
    'pro',
    '--features',
    features,
    '--days',
    '30',
    '--out',
    join(work, 'license.pack'),
  ]);
  cpSync(join(issuer, 'PUBKEYS.json'), join(work, 'PUBKEYS.json'));
  chmodSync(join(work, 'PUBKEYS.json'), 0o644);
}
