// One world per case: two simulated providers and a shim between them and the client, all new, all in one temp folder.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer, until } from './children.mjs';

export const shimMain = fileURLToPath(new URL('../../packages/shim/dist/main.js', import.meta.url));

/** Tokens of every turn: four different numbers, so that a mix-up of types shows. */
export const USAGE = { input: 1811, output: 463, cache_write_5m: 907, cache_write_1h: 101, cache_read: 14_009 };
export const SAID = 'One step after the other. ';
export const TURN = { thinking_chunks: 3, text_chunks: 12, chunk_text: SAID, pace_ms: 2, ttft_ms: 20, usage: USAGE };

/**
 * @param {{ first?: object, second?: object, quotas?: object }} script behaviour of the first (pass-through) and the
 * second (own key) provider, and the limits
 */
export async function openWorld({ first = {}, second = {}, quotas = { models: {} } } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'ccp-e2e-'));
  const world = new World(folder);
  open.add(folder);
  try {
    await world.start({ first, second, quotas });
  } catch (error) {
    await world.close();
    throw error;
  }
  return world;
}

/** For exits that can't wait; the processes must be gone already. */
export function removeFolders() {
  for (const folder of open) rmSync(folder, { recursive: true, force: true });
}

const open = new Set();

class World {
  /** Made up here and now: a credential that opens nothing, but must not be found anywhere. */
  token = `e2e-not-a-secret-${randomBytes(12).toString('hex')}`;
  laneKey = `e2e-lane-key-${randomBytes(12).toString('hex')}`;
  #servers = [];
  #providers = [];
  #before = {};

  /** The newest evidence, also for a case that fails on it. */
  seen;

  constructor(folder) {
    this.folder = folder;
    this.stateDir = join(folder, 'state');
    this.home = join(folder, 'home');
    this.work = join(folder, 'work');
    for (const one of [this.stateDir, this.home, this.work]) mkdirSync(one);
  }

  async start({ first, second, quotas }) {
    this.#providers = await Promise.all([this.#provider('anthropic', first), this.#provider('backup', second)]);
    const [anthropic, backup] = this.#providers;
    const config = {
      providers: {
        anthropic: { base_url: anthropic.url, pass_through: true },
        // With a base path, as several providers have one.
        backup: { base_url: `${backup.url}/api/anthropic`, key_env: 'E2E_LANE_KEY', header_mode: 'x-api-key' },
      },
      routes: [{ pattern: '*', provider: 'anthropic', fallback: ['backup'] }],
    };
    const env = { ...plainEnv(this.home), E2E_LANE_KEY: this.laneKey };
    const files = [
      '--providers',
      this.#write('providers.yaml', config),
      '--quotas',
      this.#write('quotas.json', quotas),
    ];
    const args = [shimMain, 'serve', '--port', '0', '--json', '--state-dir', this.stateDir, ...files];
    this.shim = await startServer(process.execPath, args, { env, name: 'shim serve' });
    this.#servers.push(this.shim);
    this.url = this.shim.ready.url;
    this.#before = { usage: await this.get('/v1/usage'), metrics: await this.#metrics() };
  }

  /** Every request the providers received, in their own words. */
  async books() {
    const all = await Promise.all(
      this.#providers.map(async ({ name, url }) => {
        const { entries } = await (await fetch(`${url}/__books`)).json();
        return entries.map((entry) => ({ provider: name, ...entry }));
      }),
    );
    return all.flat();
  }

  /** What everybody wrote down, once `exchanges` of them are over and on disk. */
  async evidence(exchanges) {
    const log = await until(`${exchanges} completion line(s) in usage.jsonl`, () => {
      const lines = this.#log();
      return lines.filter(isCompletion).length >= exchanges ? lines : undefined;
    });
    const books = await until('the providers to close their books', async () => {
      const entries = await this.books();
      return entries.every(({ ended }) => ended !== 'open') ? entries : undefined;
    });
    const [usage, metrics] = await Promise.all([this.get('/v1/usage'), this.#metrics()]);
    this.seen = { books, completions: log.filter(isCompletion), usage, metrics, before: this.#before };
    return this.seen;
  }

  async get(path) {
    const reply = await fetch(this.url + path);
    if (reply.status !== 200) throw new Error(`GET ${path} answered ${reply.status}`);
    return reply.json();
  }

  /** Files of the state folder, and what the shim printed, that hold a credential. */
  leaks() {
    const holds = (text) => text.includes(this.token) || text.includes(this.laneKey);
    const files = readdirSync(this.stateDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
      .filter((file) => holds(readFileSync(file, 'latin1')));
    return [...files, ...(holds(this.shim.said()) ? ['what the shim printed'] : [])];
  }

  /** Ends the processes: from here on the log is final. Harmless when repeated. */
  async stop() {
    await Promise.all(this.#servers.map((server) => server.stop()));
  }

  /** Completion lines on disk. */
  completions() {
    return this.#log().filter(isCompletion);
  }

  async close({ keep = false } = {}) {
    await this.stop();
    open.delete(this.folder);
    if (!keep) rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #provider(name, behaviour) {
    const scenario = this.#write(`${name}.json`, { turn: TURN, ...behaviour });
    const args = [shimMain, 'simulate', '--port', '0', '--json', '--name', name, '--scenario', scenario];
    const server = await startServer(process.execPath, args, { env: plainEnv(this.home), name: 'shim simulate' });
    this.#servers.push(server);
    return { name, url: server.ready.url };
  }

  async #metrics() {
    return (await fetch(`${this.url}/metrics`)).text();
  }

  #log() {
    const file = this.shim.ready.log;
    if (!existsSync(file)) return [];
    // The text after the last line feed is a line that is still being written.
    return readFileSync(file, 'utf8').split('\n').slice(0, -1).map(parsed);
  }

  #write(name, value) {
    const file = join(this.folder, name);
    writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
    return file;
  }
}

/** Nothing of the caller's settings or credentials gets in. */
export function plainEnv(home) {
  const { PATH = '', LANG = 'C.UTF-8', TZ, TMPDIR, SystemRoot } = process.env;
  const env = { PATH, LANG, HOME: home, XDG_CONFIG_HOME: join(home, '.config'), XDG_STATE_HOME: join(home, '.state') };
  return { ...env, ...(TZ && { TZ }), ...(TMPDIR && { TMPDIR }), ...(SystemRoot && { SystemRoot, USERPROFILE: home }) };
}

function isCompletion(line) {
  return line.event === 'completion';
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`usage.jsonl holds a line that is not JSON: ${line.slice(0, 120)}`);
  }
}
