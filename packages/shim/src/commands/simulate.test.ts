import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const cwd = fileURLToPath(new URL('../..', import.meta.url));
let children: ChildProcess[] = [];
let folders: string[] = [];

afterEach(async () => {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  await Promise.all(folders.map(async (folder) => rm(folder, { recursive: true, force: true })));
  children = [];
  folders = [];
});

function simulate(...args: string[]) {
  const child = spawn(process.execPath, [main, 'simulate', ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const output = { out: '', err: '' };
  const firstLine = new Promise<string>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output.out += chunk.toString();
      if (output.out.includes('\n')) resolve(output.out.split('\n', 1)[0] ?? '');
    });
  });
  child.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }));
  return { child, firstLine, ended };
}

async function scenario(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'simulate-'));
  folders.push(folder);
  const file = join(folder, 'scenario.json');
  await writeFile(file, text);
  return file;
}

describe('shim simulate', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'prints where it listens, serves, and leaves with 0 on %s',
    async (signal) => {
      const file = await scenario('{"rules":[{"then":{"act":"error","status":503}}]}');
      const { child, firstLine, ended } = simulate('--port', '0', '--json', '--scenario', file);
      const told = JSON.parse(await firstLine) as { url: string; pid: number };
      expect(told.pid).toBe(child.pid);
      const reply = await fetch(`${told.url}/v1/messages`, { method: 'POST', body: '{"model":"claude-x"}' });
      expect(reply.status).toBe(503);
      child.kill(signal);
      const { code, err, out } = await ended;
      expect({ code, err, lines: out.trim().split('\n').length }).toEqual({ code: 0, err: '', lines: 1 });
    },
  );

  test('ids differ from run to run; with a name they are the same again', async () => {
    const idOf = async (...args: string[]): Promise<string | null> => {
      const { child, firstLine, ended } = simulate('--port', '0', '--json', ...args);
      const { url } = JSON.parse(await firstLine) as { url: string };
      const reply = await fetch(`${url}/v1/messages`, { method: 'POST', body: '{"model":"claude-x"}' });
      await reply.text();
      child.kill('SIGTERM');
      await ended;
      return reply.headers.get('request-id');
    };
    expect(await idOf()).not.toBe(await idOf());
    expect(await idOf('--name', 'one')).toBe(await idOf('--name', 'one'));
  });

  test('stops at once although a client still reads a slow stream', async () => {
    const { child, firstLine, ended } = simulate(
      '--port',
      '0',
      '--json',
      '--preset',
      'bench-paced',
      '--pace-ms',
      '500',
    );
    const { url } = JSON.parse(await firstLine) as { url: string };
    const reply = await fetch(`${url}/v1/messages`, { method: 'POST', body: '{"model":"m","stream":true}' });
    const drained = reply.text().catch(() => 'cut');
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
    expect(await drained).toBe('cut');
  });

  test('a bad scenario names file, path and remedy', async () => {
    const file = await scenario('{"turn":{"split":"letter"}}');
    const { code, err, out } = await simulate('--port', '0', '--scenario', file).ended;
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(err).toContain(
      `${file}: turn.split: "letter" is not event, byte, random, coalesce or a number of bytes; correct it`,
    );
    const missing = await simulate('--scenario', join(file, 'none.json')).ended;
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.err).toContain('cannot be read');
  });

  test('a taken port is one clear line', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as AddressInfo;
    const { code, err } = await simulate('--port', String(port)).ended;
    holder.close();
    expect(code).toBe(1);
    expect(err).toBe(
      `shim simulate: 127.0.0.1:${String(port)} is taken; stop the other program or choose another --port (0 = any free one)\n`,
    );
  });

  test('lists its presets and refuses unknown ones', async () => {
    const [listed, unknown] = await Promise.all([
      simulate('--list-presets', '--json').ended,
      simulate('--preset', 'nonsense').ended,
    ]);
    const names = (JSON.parse(listed.out) as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['healthy', 'busy', 'bench-json', 'bench-burst-500', 'bench-paced', 'chaos']),
    );
    expect(listed.code).toBe(0);
    expect(unknown.code).toBe(1);
    expect(unknown.err).toContain('Allowed choices are healthy, busy');
  });
});
