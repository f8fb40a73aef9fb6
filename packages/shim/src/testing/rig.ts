import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseUsage, parseUsageEvent, type Usage, type UsageEvent } from '@ccp/contracts';
import { startShim, type Shim } from '../app.ts';
import { readSettings, type Environment } from '../config/settings.ts';
import type { Behaviour } from '../simulator/script.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';

export interface RigOptions {
  /** Name → what the provider does. Default: one healthy provider `anthropic`. */
  readonly providers?: Readonly<Record<string, Behaviour>>;
  /** Extra keys per provider in providers.yaml. The first provider passes the client's credential through. */
  readonly lanes?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Default: everything to the first provider, the others as fallbacks. */
  readonly routes?: readonly unknown[];
  readonly quotas?: unknown;
  readonly env?: Environment;
}

/** A real shim between real sockets, in a folder of its own. Ends with the block it was made in. */
export interface Rig extends AsyncDisposable {
  readonly shim: Shim;
  readonly url: string;
  readonly folder: string;
  readonly sims: Readonly<Record<string, Simulator>>;
  readonly logged: readonly string[];
  /** Stops the shim and starts another one in the same folder, on another port. */
  restart(env?: Environment): Promise<void>;
  ask(options?: AskOptions): Promise<Reply>;
  get(path: string): Promise<Reply>;
  usage(): Promise<Usage>;
  /** Log lines of completions, once there are `count` of them. */
  completions(count: number): Promise<UsageEvent[]>;
  lines(): UsageEvent[];
}

export interface AskOptions {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly model?: string;
  readonly stream?: boolean;
  /** Leave as soon as this says so; it sees what has arrived. */
  readonly leaveWhen?: (soFar: { readonly bytes: number; readonly headSeen: boolean }) => boolean;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly text: string;
  /** False: the connection ended before the body was whole. */
  readonly whole: boolean;
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'shim-rig-'));
  const names = Object.keys(options.providers ?? { anthropic: {} });
  const sims: Record<string, Simulator> = {};
  for (const name of names) sims[name] = await startSimulator({ name, behaviour: options.providers?.[name] ?? {} });
  const providers = Object.fromEntries(
    names.map((name, index) => [
      name,
      {
        base_url: sims[name]?.url,
        ...(index === 0 ? { pass_through: true } : { key_env: `${name.toUpperCase()}_KEY` }),
        ...options.lanes?.[name],
      },
    ]),
  );
  const routes = options.routes ?? [{ pattern: '*', provider: names[0], fallback: names.slice(1) }];
  writeFileSync(join(folder, 'providers.yaml'), JSON.stringify({ providers, routes }));
  if (options.quotas !== undefined) writeFileSync(join(folder, 'quotas.json'), JSON.stringify(options.quotas));
  const keys = Object.fromEntries(names.slice(1).map((name) => [`${name.toUpperCase()}_KEY`, `key-of-${name}`]));
  const env = { HOME: folder, XDG_CONFIG_HOME: folder, CCP_TIME_ZONE: 'UTC', ...keys, ...options.env };
  const flags = { port: '0', providers: join(folder, 'providers.yaml'), stateDir: join(folder, 'state') };
  const quotasFlag = options.quotas === undefined ? {} : { quotas: join(folder, 'quotas.json') };
  const logged: string[] = [];
  const start = (extra: Environment = {}): Promise<Shim> =>
    startShim(readSettings({ ...flags, ...quotasFlag }, { ...env, ...extra }), (level, message) =>
      logged.push(`${level}: ${message}`),
    );
  let shim = await start();
  const url = (): string => shim.addresses[0] ?? '';
  const lines = (): UsageEvent[] =>
    readFileSync(shim.logPath, 'utf8')
      .split('\n')
      // The text after the last line feed is a line that is still being written.
      .slice(0, -1)
      .map((line) => valueOf(parseUsageEvent(JSON.parse(line))));
  return {
    get shim() {
      return shim;
    },
    get url() {
      return url();
    },
    folder,
    sims,
    logged,
    lines,
    restart: async (extra) => {
      await shim.stop(200);
      shim = await start(extra);
    },
    ask: (asked = {}) => ask(url(), asked),
    get: (path) => ask(url(), { method: 'GET', path }),
    usage: async () => valueOf(parseUsage(JSON.parse((await ask(url(), { method: 'GET', path: '/v1/usage' })).text))),
    completions: async (count) => {
      await until(
        () => lines().filter((line) => line.event === 'completion').length >= count,
        `${count} completion lines`,
      );
      return lines().filter((line) => line.event === 'completion');
    },
    [Symbol.asyncDispose]: async () => {
      await shim.stop(200);
      await Promise.all(Object.values(sims).map((sim) => sim.close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Polls; for things that happen on a timer of the product. Fails with what was waited for. */
export async function until(check: () => boolean | Promise<boolean>, what: string, withinMs = 8_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export function ask(url: string, options: AskOptions): Promise<Reply> {
  const method = options.method ?? 'POST';
  const { model = 'claude-sonnet-4-5', stream = true } = options;
  const content = options.body ?? { model, max_tokens: 64, messages: [{ role: 'user', content: 'hi' }], stream };
  const body = Buffer.isBuffer(content)
    ? content
    : Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let answer: IncomingMessage | undefined;
    let left = false;
    const finish = (whole: boolean): void => {
      const bytes = Buffer.concat(chunks);
      resolve({
        status: answer?.statusCode ?? 0,
        headers: answer?.headers ?? {},
        rawHeaders: answer?.rawHeaders ?? [],
        body: bytes,
        text: bytes.toString(),
        whole,
      });
    };
    const leave = (): void => {
      if (
        left ||
        options.leaveWhen?.({
          bytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
          headSeen: answer !== undefined,
        }) !== true
      )
        return;
      left = true;
      sent.destroy();
      finish(false);
    };
    const sent = request(
      url + (options.path ?? '/v1/messages?beta=true'),
      {
        method,
        headers: {
          ...(method === 'POST' && { 'content-type': 'application/json', 'content-length': String(body.length) }),
          ...options.headers,
        },
        agent: false,
      },
      (response) => {
        answer = response;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          leave();
        });
        response.on('end', () => finish(true));
        response.on('error', () => finish(false));
        response.on('close', () => finish(response.complete));
        leave();
      },
    );
    sent.on('error', (error) => (left || answer !== undefined ? finish(false) : reject(error)));
    sent.end(method === 'POST' ? body : undefined);
    if (options.leaveWhen !== undefined) sent.on('finish', leave);
  });
}

function valueOf<T>(
  parsed: { ok: true; value: T } | { ok: false; problems: readonly { path: string; reason: string }[] },
): T {
  if (parsed.ok) return parsed.value;
  throw new Error(`not as the contract says: ${JSON.stringify(parsed.problems)}`);
}
