import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseUsage, type Usage } from '@ccp/contracts';
import { After, setDefaultTimeout, setWorldConstructor, World } from '@cucumber/cucumber';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SHIM = join(ROOT, 'packages/shim/dist/main.js');
const CONTRACTS = join(ROOT, 'packages/contracts/dist/cli.js');
const TRACKER = join(ROOT, 'packages/tracker/dist/main.js');

setDefaultTimeout(20_000);

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The public doors only: command-line programs, HTTP ports and files, in a HOME of their own. */
export class Household extends World {
  readonly home = mkdtempSync(join(tmpdir(), 'ccp-feature-'));
  readonly providers = new Map<string, string>();
  readonly env: Record<string, string> = { CCP_TIME_ZONE: 'UTC' };
  /** The header a shim with a key of its own asks for. */
  shimKey: Record<string, string> = {};
  /** What a lane says beside its address and credential. */
  readonly lanes = new Map<string, Readonly<Record<string, unknown>>>();
  quotas: unknown;
  /** What the client sends as x-api-key. */
  credential: string | null = 'the-clients-own';
  shimUrl = '';
  /** Where `contracts conformance` plays the provider. */
  rulesPort = 0;
  readonly issuerDir = join(this.home, 'issuer');
  issuerUrl = '';
  /** Exit code of the login that was begun. */
  login: Promise<number> = Promise.resolve(-1);
  /** Share of the cap at which to warn, as last seen. */
  warning = NaN;
  answer: Answer = { status: 0, headers: new Headers(), text: '' };
  command: { code: number; stdout: string; stderr: string } = { code: -1, stdout: '', stderr: '' };
  readonly #children: ChildProcess[] = [];
  #shim: ChildProcess | null = null;
  #aggregator: ChildProcess | null = null;

  async simulate(name: string, scenario: unknown): Promise<void> {
    const file = this.write(`${name}.scenario.json`, JSON.stringify(scenario));
    const { url } = await this.#start(SHIM, ['simulate', '--port', '0', '--name', name, '--scenario', file, '--json']);
    this.providers.set(name, url);
  }

  /** The first provider passes the client's credential through; the others are its fallbacks. */
  async serve(): Promise<void> {
    const names = [...this.providers.keys()];
    const entries = names.map((name, index) => {
      const credential = index === 0 ? { pass_through: true } : { key_env: `${name.toUpperCase()}_KEY` };
      if (index > 0) this.env[`${name.toUpperCase()}_KEY`] = `key-of-${name}`;
      return [name, { base_url: this.providers.get(name), ...credential, ...this.lanes.get(name) }] as const;
    });
    const routes = [{ pattern: '*', provider: names[0], fallback: names.slice(1) }];
    const providers = this.write('providers.yaml', JSON.stringify({ providers: Object.fromEntries(entries), routes }));
    const quotas =
      this.quotas === undefined ? [] : ['--quotas', this.write('quotas.json', JSON.stringify(this.quotas))];
    const args = ['serve', '--port', '0', '--json', '--providers', providers, ...quotas];
    const { url, child } = await this.#start(SHIM, args);
    this.shimUrl = url;
    this.#shim = child;
  }

  /** Without a providers.yaml: Anthropic and, with its key, Z.AI, at the addresses of simulated providers. */
  async serveBuiltIn(): Promise<void> {
    this.env['ZAI_API_KEY'] = 'key-of-zai';
    this.env['CCP_UPSTREAM_ANTH'] = this.providers.get('anthropic') ?? '';
    this.env['CCP_UPSTREAM_ZAI'] = this.providers.get('zai') ?? '';
    await this.serveOwnFiles();
  }

  /** As someone starts it who has written files of their own. */
  async serveOwnFiles(): Promise<void> {
    const { url, child } = await this.#start(SHIM, ['serve', '--port', '0', '--json']);
    this.shimUrl = url;
    this.#shim = child;
  }

  askForKey(key: string): void {
    const file = join(this.home, 'shim.key');
    writeFileSync(file, `${key}\n`, { mode: 0o600 });
    this.env['CCP_API_KEY_FILE'] = file;
    this.shimKey = { 'x-ccp-key': key };
  }

  async serveIssuer(): Promise<void> {
    const { url } = await this.#start(SHIM, ['issuer', 'serve', '--port', '0', '--json', '--dir', this.issuerDir]);
    this.issuerUrl = url;
  }

  /** Begins a login and answers its code; the login ends by itself once somebody has decided. */
  async beginLogin(args: readonly string[]): Promise<string> {
    const child = spawn(process.execPath, [SHIM, 'license', 'login', '--json', '--issuer', this.issuerUrl, ...args], {
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    this.login = new Promise((resolve) => child.once('close', (code) => resolve(code ?? -1)));
    const line = await new Promise<string>((resolve) =>
      child.stdout.once('data', (chunk: Buffer) => resolve(String(chunk))),
    );
    return (JSON.parse(line) as { user_code: string }).user_code;
  }

  /** As a crash does: nothing is said, nothing is written any more. */
  async killShim(): Promise<void> {
    const child = this.#shim;
    if (child === null) throw new Error('no shim is running');
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await closed;
    this.#shim = null;
  }

  async post(path: string, body: string): Promise<void> {
    const headers = { 'content-type': 'application/json', ...this.shimKey };
    const response = await fetch(`${this.shimUrl}${path}`, { method: 'POST', headers, body });
    this.answer = { status: response.status, headers: response.headers, text: await response.text() };
  }

  async booksOf(name: string): Promise<string> {
    return (await fetch(`${this.providers.get(name) ?? ''}/__books`)).text();
  }

  /** A text of a file with `<name>` for the address of a provider. */
  withProviders(text: string): string {
    return text.replace(/<(\w+)>/gu, (whole, name: string) => this.providers.get(name) ?? whole);
  }

  async get(path: string): Promise<string> {
    return (await fetch(`${this.shimUrl}${path}`, { headers: this.shimKey })).text();
  }

  /** For what the product does on a timer of its own. */
  async until(check: () => Promise<boolean>, what: string): Promise<void> {
    const deadline = Date.now() + 8_000;
    while (!(await check())) {
      if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async runShim(args: readonly string[]): Promise<void> {
    await this.#run(SHIM, args, this.#environment());
  }

  async contracts(args: readonly string[]): Promise<void> {
    await this.#run(CONTRACTS, args, this.#environment());
  }

  async turn(model: string): Promise<void> {
    const response = await fetch(`${this.shimUrl}/v1/messages?beta=true`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(this.credential !== null && { 'x-api-key': this.credential }),
        ...this.shimKey,
      },
      body: JSON.stringify({ model, max_tokens: 64, stream: true, messages: [{ role: 'user', content: 'hi' }] }),
    });
    this.answer = { status: response.status, headers: response.headers, text: await response.text() };
  }

  /** `models` of GET /v1/usage, as the contract reads it. */
  async models(): Promise<Usage['models']> {
    const parsed = parseUsage(JSON.parse(await this.get('/v1/usage')));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    return parsed.value.models;
  }

  async track(args: readonly string[], input = ''): Promise<void> {
    const env = { ...this.#environment(), CCP_BASE_URL: this.shimUrl, TRACKER_DATA_DIR: join(this.home, 'data') };
    await this.#run(TRACKER, args, env, input);
  }

  /** The same on a copy of the journals, from which nothing has been sent. */
  async trackIn(name: string, args: readonly string[]): Promise<void> {
    const dir = join(this.home, name);
    const isJournal = (file: string): boolean => !file.includes('uplink');
    cpSync(join(this.home, 'data'), dir, { recursive: true, filter: isJournal });
    await this.#run(TRACKER, args, { ...this.#environment(), TRACKER_DATA_DIR: dir });
  }

  /** @returns its URL */
  async aggregate(port: number): Promise<string> {
    const { url, child } = await this.#start(SHIM, ['aggregate', '--json', '--port', String(port)]);
    this.#aggregator = child;
    return url;
  }

  async killAggregator(): Promise<void> {
    const child = this.#aggregator;
    if (child === null) throw new Error('no aggregator is running');
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await closed;
    this.#aggregator = null;
  }

  async askAggregator(path: string): Promise<unknown> {
    const headers = { authorization: `Bearer ${this.env['CCP_AGGREGATOR_KEY'] ?? ''}` };
    return (await fetch(`${this.env['CCP_AGGREGATOR_URL'] ?? ''}${path}`, { headers })).json();
  }

  async #run(program: string, args: readonly string[], env: NodeJS.ProcessEnv, input = ''): Promise<void> {
    const child = spawn(process.execPath, [program, ...args], { cwd: this.home, env, stdio: 'pipe' });
    // A program that ends without reading closes the pipe.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const code = await new Promise<number>((resolve) => child.once('close', (exit) => resolve(exit ?? -1)));
    this.command = { code, stdout, stderr };
  }

  rows(file: string): Record<string, unknown>[] {
    return readFileSync(join(this.home, 'data', file), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  write(name: string, text: string): string {
    const file = join(this.home, name);
    writeFileSync(file, text);
    return file;
  }

  writeBelow(name: string, text: string): void {
    mkdirSync(dirname(join(this.home, name)), { recursive: true });
    this.write(name, text);
  }

  async leave(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGKILL');
      await closed;
    }
    rmSync(this.home, { recursive: true, force: true });
  }

  #environment(): NodeJS.ProcessEnv {
    return { PATH: process.env['PATH'], HOME: this.home, TZ: 'UTC', ...this.env };
  }

  async #start(program: string, args: readonly string[]): Promise<{ url: string; child: ChildProcess }> {
    const child = spawn(process.execPath, [program, ...args], {
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.push(child);
    let stdout = '';
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    return new Promise((resolve, reject) => {
      child.once('close', (code) => reject(new Error(`${args[0] ?? ''} ended with ${String(code)}: ${stderr}`)));
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
        const end = stdout.indexOf('\n');
        if (end >= 0) resolve({ ...(JSON.parse(stdout.slice(0, end)) as { url: string }), child });
      });
    });
  }
}

setWorldConstructor(Household);

After(async function (this: Household) {
  await this.leave();
});
