import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { runShim, type Child } from '../testing/child.ts';

// Every run is a process of its own, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

async function withHome(): Promise<Child> {
  const child = runShim(['--version']);
  await child.exit();
  return child;
}

async function model(home: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  await using child = runShim(['model', ...args], env, home);
  return { code: await child.exit(), out: child.stdout(), err: child.stderr() };
}

describe('shim model', () => {
  it('writes, prints and removes the name; whole, and for the user only', async () => {
    await using kept = await withHome();
    const { home } = kept;
    const folder = join(home, '.config', 'ccp');
    const file = join(folder, 'model');
    expect((await model(home, [])).out).toContain(`none: requests are routed by the model they ask for`);
    expect(await model(home, [' claude-opus-4-1 '])).toMatchObject({ code: 0, err: '' });
    expect(readFileSync(file, 'utf8')).toBe('claude-opus-4-1\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['model']);
    expect((await model(home, [])).out).toContain(`claude-opus-4-1: every request is routed as if it asked`);
    expect(JSON.parse((await model(home, ['--json'])).out)).toEqual({
      model: 'claude-opus-4-1',
      source: 'file',
      file,
      file_model: 'claude-opus-4-1',
    });
    expect(await model(home, ['--clear'])).toMatchObject({ code: 0, err: '' });
    expect(readdirSync(folder)).toEqual([]);
    expect((await model(home, ['--clear', '--json'])).out).toContain('"model": null');
  });

  it('says that CCP_MODEL goes before the file, and finds the file under XDG_CONFIG_HOME', async () => {
    await using kept = await withHome();
    const env = { CCP_MODEL: 'claude-haiku-4-5', XDG_CONFIG_HOME: join(kept.home, 'xdg') };
    const { out } = await model(kept.home, ['claude-opus-4-1'], env);
    expect(out).toContain('▲ CCP_MODEL=claude-haiku-4-5 is set: a shim started with it does not look at the file');
    expect(readFileSync(join(kept.home, 'xdg', 'ccp', 'model'), 'utf8')).toBe('claude-opus-4-1\n');
    expect(JSON.parse((await model(kept.home, ['--json'], env)).out)).toMatchObject({
      model: 'claude-haiku-4-5',
      source: 'CCP_MODEL',
      file_model: 'claude-opus-4-1',
    });
  });

  it.each([
    [['  '], /the name is empty/],
    [['claude\u001b[2J'], /control characters/],
    [['m'.repeat(129)], /129 characters: give one of at most 128/],
    [['claude-opus-4-1', '--clear'], /give one of the two/],
    [['a', 'b'], /too many arguments/],
  ])('refuses %j with exit code 2 and writes nothing', async (args, message) => {
    await using kept = await withHome();
    const { code, out, err } = await model(kept.home, args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
    expect(err).not.toContain('\u001b');
    expect(readdirSync(kept.home)).toEqual([]);
  });

  it('names the file it can not write, and leaves nothing behind', async () => {
    await using kept = await withHome();
    const folder = join(kept.home, '.config', 'ccp');
    mkdirSync(join(folder, 'model'), { recursive: true });
    const refused = await model(kept.home, ['claude-opus-4-1']);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/ccp\/model can't be written \(EISDIR\): check the folder/);
    expect(readdirSync(folder)).toEqual(['model']);
    rmSync(folder, { recursive: true });
    writeFileSync(folder, '');
    expect((await model(kept.home, ['claude-opus-4-1'])).err).toMatch(/can't be written \((ENOTDIR|EEXIST)\)/);
  });
});
