// Somebody in an empty folder with an empty home, who types what README.md says.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandsOf } from '../docs/read.mjs';
import { runToEnd, until } from '../e2e/children.mjs';
import { plainEnv } from '../e2e/world.mjs';

const LIMIT_MS = 300_000;
const MODEL = 'claude-sonnet-4-5';

export class Newcomer {
  #root;
  #folder;
  #env;
  #here;
  #servers = [];
  #began = performance.now();
  #stages = [];
  #output = '';

  /** @param {{ root: string, folder: string, npmCache?: string }} where from where it is cloned, and an empty folder */
  constructor({ root, folder, npmCache }) {
    this.#root = root;
    this.#folder = folder;
    const home = join(folder, 'home');
    mkdirSync(home);
    // As a terminal is: with a locale, and with no folder of XDG moved elsewhere.
    const { XDG_CONFIG_HOME: _config, XDG_STATE_HOME: _state, ...plain } = plainEnv(home);
    this.#env = { ...plain, ...throughProxies(), ...(npmCache && { npm_config_cache: resolve(npmCache) }) };
    this.#here = join(folder, 'ccp');
  }

  async firstMinute() {
    await this.#stage('clone', () => this.#type(`git clone --quiet "${this.#root}" "${this.#here}"`, this.#folder));
    const readme = readFileSync(join(this.#here, 'README.md'), 'utf8');
    const wanted = (pattern) => {
      const found = commandsOf(readme).find(({ text }) => pattern.test(text))?.text;
      if (found === undefined) throw new Error(`README.md has no command like ${pattern}`);
      return found;
    };
    const start = wanted(/^npx -y pnpm@\S+ start$/u);
    const look = wanted(/^curl -s \S+\/v1\/usage$/u);
    const [preview, poll, shimDoctor] = [
      wanted(/tracker\/dist\/main\.js preview$/u),
      wanted(/main\.js poll --once$/u),
      inlineOf(readme, 'node packages/shim/dist/main.js doctor'),
    ];
    const trackerDoctor = shimDoctor.replace('shim', 'tracker');
    const usual = (await isFree(8082)) && (await isFree(8083));
    const port = usual ? 8082 : await freePort();
    const url = `http://127.0.0.1:${port}`;
    const provider = await freePort();
    this.#chooseProvider(provider);
    // Elsewhere only where somebody else has the port already.
    const more = usual ? '' : ` --port ${port}`;
    if (!usual) this.#env.CCP_BASE_URL = url;
    await this.#stage('install, build and start', async () => {
      this.#serve(start + more);
      await this.#answers(`${url}/readyz`, ({ status }) => status === 200);
    });
    await this.#stage('a turn', async () => {
      this.#serve(`node packages/shim/dist/main.js simulate --port ${provider}`);
      await this.#answers(`http://127.0.0.1:${provider}/`, () => true);
      // The README's `export ANTHROPIC_BASE_URL=…`, and a request as the client it is for sends one.
      this.#env.ANTHROPIC_BASE_URL = url;
      await turn(url);
    });
    const usage = await this.#stage('numbers in /v1/usage', async () => {
      const body = JSON.parse(await this.#type(look.replace('127.0.0.1:8082', `127.0.0.1:${port}`)));
      const { reqs, rolling_out: out } = body.models[MODEL] ?? {};
      if (!(reqs >= 1 && out > 0)) throw new Error(`/v1/usage does not show the turn: ${JSON.stringify(body.models)}`);
      return { reqs, rolling_out: out };
    });
    await this.#stage('numbers in the preview', async () => {
      const shown = await this.#type(`${preview} --once`);
      if (!shown.includes(MODEL)) throw new Error(`the preview does not show the turn:\n${shown}`);
    });
    const liveS = seconds(performance.now() - this.#began);
    await this.#stage('poll', () => this.#type(poll));
    const doctors = [];
    for (const command of [shimDoctor, trackerDoctor])
      doctors.push(await this.#stage(command.match(/shim|tracker/u)[0] + ' doctor', () => this.#examine(command)));
    return {
      live_s: liveS,
      total_s: seconds(performance.now() - this.#began),
      port,
      usage,
      stages: this.#stages,
      doctors,
    };
  }

  said() {
    return this.#output;
  }

  async leave() {
    for (const { child, ended } of this.#servers.toReversed()) {
      signalGroup(child, 'SIGTERM');
      await Promise.race([ended, sleep(10_000)]);
      signalGroup(child, 'SIGKILL');
    }
  }

  /** As "Providers and routes" of the README says, with an address of this machine. */
  #chooseProvider(port) {
    const folder = join(this.#env.HOME, '.config', 'ccp');
    mkdirSync(folder, { recursive: true });
    const lane = `  anthropic:\n    base_url: http://127.0.0.1:${port}\n    pass_through: true\n`;
    writeFileSync(
      join(folder, 'providers.yaml'),
      `providers:\n${lane}routes:\n  - pattern: '*'\n    provider: anthropic\n`,
    );
  }

  async #stage(name, run) {
    const from = performance.now();
    const value = await run();
    this.#stages.push({ name, seconds: seconds(performance.now() - from) });
    return value;
  }

  async #type(command, cwd = this.#here) {
    const { code, out, err } = await this.#run(command, cwd);
    if (code !== 0) throw new Error(`${command} left with ${code}: ${err.slice(-1000)}`);
    return out;
  }

  #run(command, cwd = this.#here) {
    return runToEnd('/bin/sh', ['-c', command], { env: this.#env, cwd, timeoutMs: LIMIT_MS });
  }

  /** Green: every finding is ok, so that nobody has to know which complaint may be passed over. */
  async #examine(command) {
    const { code, out, err } = await this.#run(`${command} --json`);
    if (!out.startsWith('{')) throw new Error(`${command} left with ${code}: ${err.slice(-1000)}`);
    const { findings } = JSON.parse(out);
    const complaints = findings.filter(({ grade }) => grade !== 'ok');
    return { command, code, green: code === 0 && complaints.length === 0, checks: findings.length, complaints };
  }

  /** Another terminal, in which something keeps running. */
  #serve(command) {
    const child = spawn('/bin/sh', ['-c', command], {
      env: this.#env,
      cwd: this.#here,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk) => (this.#output = (this.#output + chunk).slice(-4000)));
    this.#servers.push({ child, ended: new Promise((done) => child.once('close', done)) });
  }

  #answers(url, fits) {
    const server = this.#servers.at(-1).child;
    return until(
      url,
      async () => {
        if (server.exitCode !== null) throw new Error(`what was started has ended with ${server.exitCode}`);
        const reply = await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => null);
        await reply?.text();
        return reply !== null && fits(reply) ? true : undefined;
      },
      LIMIT_MS,
    );
  }
}

/** The registry may be behind a proxy; nothing else of this shell is taken along. */
function throughProxies() {
  const wanted = /^(?:https?_proxy|no_proxy|npm_config_registry|SSL_CERT_FILE|NODE_EXTRA_CA_CERTS)$/iu;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => wanted.test(name)));
}

async function turn(url) {
  const reply = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': 'not-a-secret', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({
      model: MODEL,
      max_tokens: 64,
      stream: true,
      messages: [{ role: 'user', content: 'hello' }],
    }),
  });
  const text = await reply.text();
  if (reply.status !== 200) throw new Error(`the turn was answered ${reply.status}: ${text.slice(0, 300)}`);
}

function inlineOf(readme, command) {
  if (!readme.includes(`\`${command}\``)) throw new Error(`README.md does not name ${command}`);
  return command;
}

function isFree(port) {
  return new Promise((done) => {
    const server = createServer().once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

function freePort() {
  return new Promise((done, fail) => {
    const server = createServer().once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function seconds(ms) {
  return Math.round(ms / 10) / 100;
}
