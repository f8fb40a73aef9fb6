import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BUILT_IN } from './built-in.ts';
import { ConfigError, openConfig, type ConfigStore } from './config-store.ts';
import { readSettings, type Environment, type ServeFlags } from './settings.ts';

let home: string;
let folder: string;
let clockTs: number;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'shim-config-'));
  folder = join(home, '.config', 'ccp');
  mkdirSync(folder, { recursive: true });
  clockTs = 100;
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function open(env: Environment = {}, flags: ServeFlags = {}): ConfigStore {
  return openConfig(readSettings(flags, { HOME: home, ...env }), () => clockTs);
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const providers = (...ids: readonly string[]): string =>
  `providers:\n${ids.map((id) => `  ${id}: { base_url: 'http://${id}.test' }\n`).join('')}`;
const quotas = (model: string): string => JSON.stringify({ models: { [model]: { rolling_tokens: 10 } } });
const lanesOf = (store: ConfigStore): string[] => [...store.current().catalog.lanes.keys()];
const limitsOf = (store: ConfigStore): string[] => store.current().quotas.limits.map(({ model }) => model);

describe('openConfig', () => {
  it('uses the built-in catalogue and no quotas when there are no files', () => {
    const store = open();
    expect(lanesOf(store)).toEqual(['anthropic']);
    expect(store.current()).toMatchObject({
      catalog: { path: BUILT_IN, routes: [{ pattern: '*', lane: 'anthropic' }], warnings: [] },
      quotas: { path: '', rollingSeconds: 18_000, limits: [] },
      manualModel: null,
    });
    expect(store.status()).toMatchObject({
      providers: { problem: null },
      quotas: { problem: null },
      lastReloadTs: null,
    });
  });

  it('adds Z.AI for Haiku to the built-in catalogue once its key is set', () => {
    const store = open({ ZAI_API_KEY: 'k', ANTHROPIC_AUTH_TOKEN: 't' });
    expect(store.current().catalog.routes).toEqual([
      { pattern: 'claude-haiku*', lane: 'zai', fallback: ['anthropic'], when: null },
      { pattern: '*', lane: 'anthropic', fallback: null, when: null },
    ]);
    expect(store.current().catalog.lanes.get('zai')).toMatchObject({
      requires: 'zai_offload',
      credential: 'k',
      headerMode: 'x-api-key',
      baseUrl: 'https://api.z.ai/api/anthropic',
    });
    expect(store.current().catalog.lanes.get('anthropic')).toMatchObject({ passThrough: true, credential: 't' });
  });

  it('never takes its upstream from ANTHROPIC_BASE_URL: that is how clients find us', () => {
    const env = { ANTHROPIC_BASE_URL: 'http://127.0.0.1:8082', CCP_UPSTREAM_ANTH: 'http://up.test/v1/messages' };
    expect(open(env).current().catalog.lanes.get('anthropic')?.baseUrl).toBe('http://up.test');
    expect(
      open({ ANTHROPIC_BASE_URL: 'http://127.0.0.1:8082' }).current().catalog.lanes.get('anthropic')?.baseUrl,
    ).toBe('https://api.anthropic.com');
    expect(() => open({ CCP_UPSTREAM_ANTH: 'nowhere' })).toThrow(/CCP_UPSTREAM_ANTH/);
  });

  it('refuses to start when a named file is missing or a file is broken', () => {
    expect(() => open({ CCP_PROVIDERS_FILE: join(folder, 'none.yaml') })).toThrow(ConfigError);
    expect(() => open({}, { quotas: join(folder, 'none.json') })).toThrow(/none\.json: does not exist/);
    expect(() => open({}, { providers: folder })).toThrow(/EISDIR/);
    write('providers.yaml', 'providers:\n  a: {}\n');
    expect(() => open()).toThrow(/providers\.yaml:2: .*base_url/);
    write('providers.yaml', providers('a'));
    write('quotas.json', '{"models": 5}');
    expect(() => open()).toThrow(/quotas\.json:1: /);
  });

  it('reads the manual model from its file; the environment wins', () => {
    write('model', ' claude-haiku-4.5\n');
    expect(open().current().manualModel).toBe('claude-haiku-4.5');
    expect(open({ CCP_MODEL: 'm' }).current().manualModel).toBe('m');
    write('model', '\n');
    expect(open().current().manualModel).toBeNull();
  });
});

describe('reload', () => {
  it('keeps the last good file, says so, and clears that when the file is mended', () => {
    const file = write('providers.yaml', providers('a'));
    write('quotas.json', quotas('m'));
    const store = open();
    const before = store.current();
    clockTs = 200;
    write('providers.yaml', 'providers: [');
    write('quotas.json', quotas('n'));
    expect(store.reload()).toEqual([expect.objectContaining({ file, line: 1 })]);
    // What is sound is in use at once.
    expect(lanesOf(store)).toEqual(['a']);
    expect(limitsOf(store)).toEqual(['n']);
    expect(store.status()).toMatchObject({
      providers: { path: file, loadedTs: 100, problem: { file, message: expect.stringContaining('YAML') as string } },
      quotas: { loadedTs: 200, problem: null },
      lastReloadTs: 200,
    });
    // Requests in flight keep what they started with.
    expect(before.quotas.limits.map(({ model }) => model)).toEqual(['m']);

    clockTs = 300;
    write('providers.yaml', providers('a', 'b'));
    expect(store.reload()).toEqual([]);
    expect(lanesOf(store)).toEqual(['a', 'b']);
    expect(store.status()).toMatchObject({ providers: { loadedTs: 300, problem: null }, lastReloadTs: 300 });
  });

  it('keeps the last good quotas as well', () => {
    write('quotas.json', quotas('m'));
    const store = open();
    write('quotas.json', '{"models": {"m": {"warn_pct": 80}}}');
    expect(store.reload()).toHaveLength(1);
    expect(limitsOf(store)).toEqual(['m']);
    expect(store.status().quotas.problem?.message).toContain('/models/m/warn_pct');
  });

  it('treats a named file that disappears as a problem, an unnamed one as the built-in catalogue', () => {
    const named = write('mine.yaml', providers('a'));
    const store = open({ CCP_PROVIDERS_FILE: named });
    rmSync(named);
    expect(store.reload()).toEqual([expect.objectContaining({ file: named, message: 'does not exist' })]);
    expect(lanesOf(store)).toEqual(['a']);

    const unnamed = write('providers.yaml', providers('b'));
    const other = open();
    rmSync(unnamed);
    expect(other.reload()).toEqual([]);
    expect(lanesOf(other)).toEqual(['anthropic']);
  });

  it('answers a problem instead of throwing when the built-in catalogue is unusable', () => {
    const file = write('providers.yaml', providers('a'));
    const store = open({ CCP_UPSTREAM_ANTH: 'nowhere' });
    rmSync(file);
    expect(() => store.reload()).not.toThrow();
    expect(lanesOf(store)).toEqual(['a']);
    expect(store.status().providers.problem).not.toBeNull();
  });
});

describe('reloadQuotas', () => {
  it('takes another file of the same folder, and stays with it', () => {
    write('quotas.json', quotas('m'));
    const spare = write('spare.json', quotas('n'));
    const store = open();
    expect(store.reloadQuotas('spare.json')).toBeNull();
    expect(limitsOf(store)).toEqual(['n']);
    expect(store.status().quotas.path).toBe(spare);
    write('spare.json', quotas('o'));
    expect(store.reloadQuotas()).toBeNull();
    expect(limitsOf(store)).toEqual(['o']);
    expect(store.reloadQuotas(join(folder, 'quotas.json'))).toBeNull();
    expect(limitsOf(store)).toEqual(['m']);
  });

  it.each(['../quotas.json', '/etc/passwd', 'deeper/quotas.json', '..', '.', ''])('refuses %j', (name) => {
    write('quotas.json', quotas('m'));
    mkdirSync(join(folder, 'deeper'));
    writeFileSync(join(folder, 'deeper', 'quotas.json'), quotas('n'));
    writeFileSync(join(folder, '..', 'quotas.json'), quotas('n'));
    const store = open();
    expect(store.reloadQuotas(name)).not.toBeNull();
    expect(limitsOf(store)).toEqual(['m']);
  });

  it('stays with the file it has when the other is missing or broken', () => {
    const file = write('quotas.json', quotas('m'));
    write('broken.json', '{"models": ');
    const store = open();
    expect(store.reloadQuotas('none.json')).toMatchObject({ message: 'does not exist' });
    expect(store.reloadQuotas('broken.json')).toMatchObject({ file: join(folder, 'broken.json'), line: 1 });
    expect(limitsOf(store)).toEqual(['m']);
    expect(store.status().quotas.path).toBe(file);
    expect(store.reloadQuotas()).toBeNull();
    expect(store.status().quotas).toMatchObject({ path: file, problem: null });
  });

  it('does not show what is in a file that holds no quotas', () => {
    write('quotas.json', quotas('m'));
    write('key', 'zzzz-my-secret-key\n');
    expect(JSON.stringify(open().reloadQuotas('key'))).not.toMatch(/zzzz|secret/);
  });
});

describe('watch', () => {
  /** Repeats the change until it is noticed: nobody says when the operating system starts to watch. */
  async function expectNoticed(change: () => void, seen: () => boolean): Promise<void> {
    await expect
      .poll(
        () => {
          if (!seen()) change();
          return seen();
        },
        { interval: 400, timeout: 8_000 },
      )
      .toBe(true);
  }

  it('follows files that are replaced, broken, mended and deleted', async () => {
    write('providers.yaml', providers('a'));
    const store = open();
    const reports: (readonly string[])[] = [];
    const stop = store.watch(({ problems }) => reports.push(problems));
    try {
      await expectNoticed(
        () => {
          // As editors do it.
          write('providers.yaml.tmp', providers('a', 'b'));
          renameSync(join(folder, 'providers.yaml.tmp'), join(folder, 'providers.yaml'));
        },
        () => lanesOf(store).includes('b'),
      );
      expect(reports.at(-1)).toEqual([]);
      write('providers.yaml', 'providers: [');
      await expect.poll(() => reports.at(-1)?.join(), { timeout: 8_000 }).toMatch(/providers\.yaml:1: not valid YAML/);
      expect(lanesOf(store)).toEqual(['a', 'b']);
      write('providers.yaml', providers('c'));
      await expect.poll(() => lanesOf(store), { timeout: 8_000 }).toEqual(['c']);
      expect(store.status().providers.problem).toBeNull();
      write('quotas.json', quotas('m'));
      await expect.poll(() => limitsOf(store), { timeout: 8_000 }).toEqual(['m']);
      write('model', 'claude-haiku-4.5');
      await expect.poll(() => store.current().manualModel, { timeout: 8_000 }).toBe('claude-haiku-4.5');
      rmSync(join(folder, 'quotas.json'));
      await expect.poll(() => limitsOf(store), { timeout: 8_000 }).toEqual([]);
    } finally {
      stop();
    }
  });

  it('lives through a file that can no longer be looked at', async () => {
    const file = write('providers.yaml', providers('a'));
    const store = open();
    const reports: string[] = [];
    const stop = store.watch(({ problems }) => reports.push(problems.join()));
    try {
      rmSync(file);
      symlinkSync('providers.yaml', file);
      await expect.poll(() => reports.at(-1), { timeout: 8_000 }).toMatch(/providers\.yaml: can't be read \(ELOOP\)/);
      expect(lanesOf(store)).toEqual(['a']);
      rmSync(file);
      write('providers.yaml', providers('b'));
      await expect.poll(() => lanesOf(store), { timeout: 8_000 }).toEqual(['b']);
    } finally {
      stop();
    }
  });

  it('follows the quotas file that was named last', async () => {
    write('quotas.json', quotas('m'));
    write('spare.json', quotas('n'));
    const store = open();
    const stop = store.watch(() => undefined);
    try {
      store.reloadQuotas('spare.json');
      write('spare.json', quotas('longer-name'));
      await expect.poll(() => limitsOf(store), { timeout: 4_000 }).toEqual(['longer-name']);
    } finally {
      stop();
    }
  });

  it('does not mind a folder that is not there yet, and finds the file once it is', async () => {
    rmSync(join(home, '.config'), { recursive: true });
    const store = open();
    const stop = store.watch(() => undefined);
    try {
      await expectNoticed(
        () => {
          if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
          write('providers.yaml', providers('a'));
        },
        () => lanesOf(store).includes('a'),
      );
    } finally {
      stop();
    }
  });
});
