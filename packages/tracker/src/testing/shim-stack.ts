import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const SHIM = ['packages/shim/dist/main.js'];

/** A real shim in front of a simulated provider, as child processes: the tracker knows neither but over HTTP. */
export interface ShimStack {
  readonly url: string;
  /** One streamed turn to its end. */
  turn(model: string): Promise<void>;
  /** Kills the shim, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same port and state. */
  restart(): Promise<void>;
}

/** `more`: further lanes, as YAML behind the first one; `routes` in the same way before the one for all. */
export async function startShimStack(dir: string, more = { lanes: '', routes: '' }): Promise<ShimStack> {
  const simulator = await listening(['simulate', '--port', '0', '--ttft-ms', '5', '--pace-ms', '1', '--json']);
  const providers = join(dir, 'providers.yaml');
  const lanes = `providers: {anthropic: {base_url: "${simulator.url}", pass_through: true}${more.lanes}}`;
  writeFileSync(providers, `${lanes}\nroutes: [${more.routes}{pattern: '*', provider: anthropic}]\n`);
  const serve = (port: string): Promise<Listening> =>
    listening(['serve', '--port', port, '--providers', providers, '--state-dir', join(dir, 'shim'), '--json']);
  let shim = await serve('0');
  const { url } = shim;
  return {
    url,
    async turn(model) {
      const answer = await fetch(`${url}/v1/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': 'k', 'anthropic-version': '2023-06-01' },
        body: JSON.stringify({ model, max_tokens: 64, stream: true, messages: [{ role: 'user', content: 'hi' }] }),
      });
      await answer.text();
    },
    async kill() {
      const ended = once(shim.process, 'exit');
      shim.process.kill('SIGKILL');
      await ended;
    },
    async restart() {
      shim = await serve(new URL(url).port);
    },
  };
}

interface Listening {
  readonly process: ChildProcess;
  readonly url: string;
}

async function listening(args: readonly string[]): Promise<Listening> {
  const child = spawn(process.execPath, [...SHIM, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  for await (const line of createInterface(child.stdout)) {
    const told = JSON.parse(line) as { readonly url?: string };
    if (told.url !== undefined) return { process: child, url: told.url };
  }
  throw new Error(`shim ${args.join(' ')} ended before it listened`);
}
