import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import { runShim, type Child } from '../testing/child.ts';
import { ask, until } from '../testing/rig.ts';

/** Writes a providers.yaml for one pass-through lane into the child's own config folder. */
function configure(home: string, url: string): void {
  mkdirSync(join(home, '.config', 'ccp'), { recursive: true });
  writeFileSync(
    join(home, '.config', 'ccp', 'providers.yaml'),
    `providers:\n  anthropic:\n    base_url: ${url}\n    pass_through: true\nroutes:\n  - pattern: '*'\n    provider: anthropic\n`,
  );
}

async function expectOneLine(child: Child, pattern: RegExp): Promise<void> {
  expect(await child.exit()).toBe(1);
  expect(child.stderr().trim().split('\n')).toHaveLength(1);
  expect(child.stderr()).toMatch(pattern);
  expect(child.stderr()).not.toMatch(/\bat .*:\d+:\d+/);
}

async function withSimulator(
  behaviour: Parameters<Simulator['setBehaviour']>[0],
): Promise<Simulator & AsyncDisposable> {
  const sim = await startSimulator({ behaviour });
  return Object.assign(sim, { [Symbol.asyncDispose]: () => sim.close() });
}

describe('shim serve', () => {
  it('finds its files under HOME, keeps its log there, and stops clean after the running stream', async () => {
    await using sim = await withSimulator({
      turn: {
        text_chunks: 30,
        pace_ms: 20,
        usage: { input: 7, output: 9, cache_write_5m: 0, cache_write_1h: 0, cache_read: 0 },
      },
    });
    await using first = runShim(['--version']);
    configure(first.home, sim.url);
    expect(await first.exit()).toBe(0);
    await using child = runShim(['serve', '--port', '0', '--json'], {}, first.home);
    const { url, log } = (await child.ready()) as { url: string; log: string };
    expect(log).toBe(join(first.home, '.local', 'state', 'ccp', 'logs', 'usage.jsonl'));
    // fetch keeps its connection afterwards, as clients do: that must not hold the process.
    const answer = await fetch(`${url}/v1/messages`, { method: 'POST', body: '{"model":"m","stream":true}' });
    child.process.kill('SIGTERM');
    expect(await answer.text()).toContain('message_stop');
    const finished = Date.now();
    expect(await child.exit()).toBe(0);
    expect(Date.now() - finished).toBeLessThan(5_000);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow('fetch failed');
    const lines = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.at(-1)).toMatchObject({ event: 'completion', ended: 'complete', input_tokens: 7, output_tokens: 9 });
  });

  it('says in one line that the port is taken, and what to do', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as AddressInfo;
    await using child = runShim(['serve', '--port', String(port)]);
    await expectOneLine(child, new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is taken.*--port ${port + 1}`));
    await new Promise((resolve) => holder.close(resolve));
  });

  it('names file, line and remedy of a bad providers.yaml', async () => {
    await using home = runShim(['--version']);
    await home.exit();
    const file = join(home.home, 'p.yaml');
    writeFileSync(
      file,
      'providers:\n  a:\n    base_url: http://127.0.0.1:1\nroutes:\n  - pattern: "*"\n    provider: b\n',
    );
    await using child = runShim(['serve', '--port', '0', '--providers', file]);
    await expectOneLine(
      child,
      /p\.yaml:5: routes\[0\] names the provider "b", which is not defined\. Add it under providers, or use one of: a/,
    );
    await using missing = runShim(['serve', '--port', '0', '--providers', join(home.home, 'none.yaml')]);
    await expectOneLine(missing, /none\.yaml: does not exist/);
  });

  it('routes without a folder it can write, says so, and is ready once there is one', async () => {
    await using home = runShim(['--version']);
    await home.exit();
    const notYet = join(home.home, 'a-file');
    writeFileSync(notYet, '');
    await using child = runShim(['serve', '--port', '0', '--json', '--state-dir', join(notYet, 'state')]);
    const { url } = await child.ready();
    const readyz = async (): Promise<{ status: number; store: { error: string } }> => {
      const answer = await fetch(`${String(url)}/v1/readyz`);
      return { ...((await answer.json()) as { store: { error: string } }), status: answer.status };
    };
    expect(await readyz()).toMatchObject({ status: 503, store: { error: expect.stringMatching(/ENOTDIR|EEXIST/) } });
    await until(() => /a-file.*--state-dir/.test(child.stderr()), 'the reason on stderr');
    rmSync(notYet);
    await until(async () => (await readyz()).status === 200, 'readyz to recover by itself');
  });

  it('refuses to be open to the network without a key', async () => {
    await using child = runShim(['serve', '--port', '0', '--host', '0.0.0.0']);
    await expectOneLine(child, /--api-key-file/);
  });

  it('refuses a setting it does not understand', async () => {
    await using child = runShim(['serve', '--port', '0'], { CCP_REROUTE_MODE: 'sometimes' });
    await expectOneLine(child, /CCP_REROUTE_MODE.*preemptive, run2cap, hybrid/);
    await using other = runShim(['serve', '--port', '0'], { CCP_FEATURES: 'warp' });
    await expectOneLine(other, /CCP_FEATURES.*"warp".*Known: /);
  });

  it('killed at once, it leaves a log that the next start can go on with', async () => {
    await using sim = await withSimulator({});
    await using home = runShim(['--version']);
    await home.exit();
    configure(home.home, sim.url);
    await using child = runShim(['serve', '--port', '0', '--json'], {}, home.home);
    const { url, log } = (await child.ready()) as { url: string; log: string };
    await ask(url, {});
    await until(() => readFileSync(log, 'utf8').includes('"completion"'), 'the first turn in the log');
    child.process.kill('SIGKILL');
    await child.exit();
    writeFileSync(log, `${readFileSync(log, 'utf8')}{"half":`);
    await using again = runShim(['serve', '--port', '0', '--json'], {}, home.home);
    const next = (await again.ready()) as { url: string };
    await ask(next.url, {});
    const completions = (): number =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line.includes('"completion"')).length;
    await until(() => completions() === 2, 'the second turn in the log');
    const torn = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line === '{"half":');
    expect(torn).toHaveLength(1);
  });
});
