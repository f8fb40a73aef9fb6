// The programs of a chaos run: two simulated providers, the shim, the tracker that watches it. Every child is known by pid.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runToEnd, startServer, until } from '../e2e/children.mjs';
import { clockLibrary, WallClock } from './clock.mjs';

const SHIM = fileURLToPath(new URL('../../packages/shim/dist/main.js', import.meta.url));
const TRACKER = fileURLToPath(new URL('../../packages/tracker/dist/main.js', import.meta.url));
const SCENARIOS = new URL('../../fixtures/shim/scenarios/', import.meta.url);

/** Opus has a small window on the first lane, so that it is closed and opened again and again. */
export const QUOTA = { model: 'claude-opus-4-1', rollingS: 60, tokens: 3_000 };
export const SHARED_MODELS = ['claude-sonnet-4-5', 'claude-haiku-4-5'];
export const MODELS = [...SHARED_MODELS, QUOTA.model];

export const scenarioNames = readdirSync(SCENARIOS)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -5));

export class Stage {
  pids = new Set();
  /** Of the shim: when it was killed, and when it was seen to be gone. */
  kills = { shim: [], tracker: 0 };
  canJump;
  /** Of the programs that have one each. */
  clocks;
  #home;
  #env;
  #providers = new Map();
  #shim = null;
  #port = 0;
  #tracker = null;

  constructor(home) {
    this.#home = home;
    const library = clockLibrary();
    this.canJump = library !== null;
    this.clocks = Object.fromEntries(
      ['shim', 'tracker'].map((name) => [name, new WallClock(join(home, `${name}.clock`), library)]),
    );
    process.once('exit', () => this.#tracker?.child.kill('SIGKILL'));
    this.#env = { PATH: process.env.PATH, HOME: home, CCP_TIME_ZONE: 'UTC', CCP_SSE_IDLE_TIMEOUT: '1s', NO_COLOR: '1' };
  }

  get shimUrl() {
    return `http://127.0.0.1:${this.#port}`;
  }

  get database() {
    return join(this.#home, '.local/state/ccp/ccp.sqlite3');
  }

  get data() {
    return join(this.#home, 'tracker');
  }

  async open() {
    const names = ['anthropic', 'zai'];
    const start = async (name) => {
      const args = [SHIM, 'simulate', '--port', '0', '--json', '--name', name, '--books', 'full'];
      const provider = await startServer(process.execPath, args, { env: this.#env, name: `the provider ${name}` });
      this.pids.add(provider.ready.pid);
      return { ...provider, entries: new Map() };
    };
    const started = await Promise.all(names.map(start));
    names.forEach((name, index) => this.#providers.set(name, started[index]));
    for (const name of names) await this.play(name, 'healthy');
    const config = join(this.#home, '.config/ccp');
    mkdirSync(config, { recursive: true });
    const entries = [...this.#providers].map(([name, { ready }]) => [
      name,
      { base_url: ready.url, ...(name === 'anthropic' && { pass_through: true }) },
    ]);
    const routes = [{ pattern: '*', provider: 'anthropic', fallback: ['zai'] }];
    writeFileSync(join(config, 'providers.yaml'), JSON.stringify({ providers: Object.fromEntries(entries), routes }));
    const opus = { provider: 'anthropic', rolling_tokens: QUOTA.tokens, warn_pct: 0.8 };
    const quotas = { windows: { rolling_seconds: QUOTA.rollingS }, models: { [QUOTA.model]: opus } };
    writeFileSync(join(config, 'quotas.json'), JSON.stringify(quotas));
    await this.startShim();
    this.startTracker();
  }

  async play(name, scenario) {
    const body = readFileSync(new URL(`${scenario}.json`, SCENARIOS), 'utf8');
    const { url } = this.#providers.get(name).ready;
    const answer = await fetch(`${url}/__behaviour`, { method: 'POST', body });
    if (answer.status !== 200) throw new Error(`${scenario}.json: ${await answer.text()}`);
  }

  /** The books keep the newest requests only, so they are read now and then. By request id. */
  async readBooks() {
    for (const { ready, entries } of this.#providers.values()) {
      const books = await (await fetch(`${ready.url}/__books`)).json();
      for (const entry of books.entries) if (entry.request_id !== null) entries.set(entry.request_id, entry);
    }
    return new Map([...this.#providers.values()].flatMap(({ entries }) => [...entries]));
  }

  async startShim() {
    // A write beyond a limit of the file size is refused; without the trap it would end the process.
    const command = `trap '' XFSZ 2>/dev/null; exec "$0" "$@"`;
    const args = ['-c', command, process.execPath, SHIM, 'serve', '--port', String(this.#port), '--json'];
    const env = { ...this.#env, ...this.clocks.shim.env };
    const options = { env, name: 'the shim', timeoutMs: 60_000 };
    this.#shim = await startServer('sh', [...args, '--log-level', 'error'], options);
    this.#port = Number(new URL(this.#shim.ready.url).port);
    this.pids.add(this.#shim.ready.pid);
  }

  async killShim() {
    const { pid } = this.#shim.ready;
    const kill = { ms: performance.now(), goneMs: Infinity };
    this.kills.shim.push(kill);
    process.kill(pid, 'SIGKILL');
    await until('the shim to be gone', () => (this.#shim.isRunning() ? undefined : true), 20_000);
    kill.goneMs = performance.now();
    await this.startShim();
  }

  startTracker() {
    const args = [TRACKER, 'poll', '--watch', '--interval', '1', '--ccp-url', this.shimUrl, '--data-dir', this.data];
    const env = { ...this.#env, ...this.clocks.tracker.env };
    const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
    this.pids.add(child.pid);
    this.#tracker = { child, ended: once(child, 'exit') };
  }

  async endTracker(signal) {
    this.#tracker.child.kill(signal);
    await this.#tracker.ended;
    if (signal === 'SIGKILL') this.kills.tracker += 1;
  }

  /** No file of the shim can grow any more, as on a full disk; null: this machine can't do that. */
  async fillDisk(whileFull) {
    const { pid } = this.#shim.ready;
    const largest = Math.max(0, ...filesBelow(join(this.#home, '.local/state/ccp')).map((file) => statSync(file).size));
    const limit = (text) => spawnSync('prlimit', ['--pid', String(pid), `--fsize=${text}`]).status === 0;
    if (process.platform !== 'linux' || !limit(`${largest}:unlimited`)) return null;
    try {
      await whileFull();
    } finally {
      limit('unlimited:unlimited');
    }
    return this.untilReady();
  }

  async untilReady() {
    await until(
      'the shim to be ready and to have written everything',
      async () => {
        const answer = await (await fetch(`${this.shimUrl}/v1/readyz`)).json();
        const { store } = answer;
        return store.ok && (store.log?.pending ?? 0) === 0 && (store.database?.pending ?? 0) === 0 ? true : undefined;
      },
      30_000,
    );
    return true;
  }

  memoryMib() {
    const pids = { shim: this.#shim.ready.pid, tracker: this.#tracker.child.pid };
    return Object.fromEntries(
      Object.entries(pids).flatMap(([name, pid]) => {
        const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
        // One that was ended takes nothing.
        return Number(stdout) > 0 ? [[name, Math.round(Number(stdout) / 1024)]] : [];
      }),
    );
  }

  /** Programs that are not there although nobody ended them. */
  exited() {
    const { child } = this.#tracker;
    const gone = [...this.#providers]
      .filter(([, { isRunning }]) => !isRunning())
      .map(([name]) => `the provider ${name}`);
    if (!this.#shim.isRunning()) gone.push('shim');
    if (child.exitCode !== null || child.signalCode !== null)
      gone.push(`tracker (${child.exitCode ?? child.signalCode})`);
    return gone;
  }

  track(args) {
    return runToEnd(process.execPath, [TRACKER, ...args, '--data-dir', this.data], {
      env: { ...this.#env, ...this.clocks.tracker.env, CCP_BASE_URL: this.shimUrl },
      cwd: this.#home,
      timeoutMs: 120_000,
    });
  }

  async close() {
    await this.#shim.stop();
    for (const { stop } of this.#providers.values()) await stop();
  }

  /** Pids of ours that are still there. */
  orphans() {
    return [...this.pids].filter((pid) => {
      try {
        process.kill(pid, 0);
        return true;
      } catch {
        return false;
      }
    });
  }
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}
