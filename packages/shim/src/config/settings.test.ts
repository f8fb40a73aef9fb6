import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DEFAULT_FEATURES } from './feature-flags.ts';
import { isLoopback, readSettings, SettingsError, type Environment, type ServeFlags } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'shim-settings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HOME = { HOME: '/home/me', CCP_TIME_ZONE: 'UTC' };

function messageOf(flags: ServeFlags, env: Environment): string {
  try {
    readSettings(flags, { ...HOME, ...env });
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return (error as Error).message;
  }
  throw new Error('was accepted');
}

function fileWith(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe('readSettings', () => {
  it('has defaults for everything', () => {
    expect(readSettings({}, HOME)).toMatchObject({
      port: 8082,
      host: '127.0.0.1',
      apiKey: null,
      allowedHosts: [],
      providersFile: '/home/me/.config/ccp/providers.yaml',
      quotasFile: '/home/me/.config/ccp/quotas.json',
      providersFileNamed: false,
      quotasFileNamed: false,
      modelFile: '/home/me/.config/ccp/model',
      manualModel: null,
      stateDir: '/home/me/.local/state/ccp',
      logsDir: '/home/me/.local/state/ccp/logs',
      rerouteMode: 'hybrid',
      logLevel: 'info',
      timeouts: { connectMs: 10_000, headerMs: 600_000, idleMs: 300_000, keepAliveMs: 30_000 },
      logRotation: { maxBytes: 5_242_880, maxFiles: 5, maxAgeMs: 86_400_000 },
      features: DEFAULT_FEATURES,
      offloadPaused: false,
      forceHaikuToZai: false,
      defaultAnthropicVersion: '2023-06-01',
    });
  });

  it('looks in the XDG folders before the home folder', () => {
    expect(readSettings({}, { ...HOME, XDG_CONFIG_HOME: '/xdg/config', XDG_STATE_HOME: '/xdg/state' })).toMatchObject({
      providersFile: '/xdg/config/ccp/providers.yaml',
      quotasFile: '/xdg/config/ccp/quotas.json',
      modelFile: '/xdg/config/ccp/model',
      stateDir: '/xdg/state/ccp',
      logsDir: '/xdg/state/ccp/logs',
    });
  });

  it('takes the environment over the XDG folders, and a flag over both', () => {
    const env = {
      ...HOME,
      XDG_CONFIG_HOME: '/xdg/config',
      CCP_PORT: '9000',
      CCP_HOST: 'localhost',
      CCP_PROVIDERS_FILE: '/env/providers.yaml',
      CCP_QUOTAS_FILE: '/env/quotas.json',
      CCP_STATE_DIR: '/env/state',
      CCP_LOGS_DIR: '/env/logs',
      CCP_REROUTE_MODE: 'preemptive',
      CCP_LOG_LEVEL: 'warn',
      CCP_MODEL: ' claude-haiku-4.5 ',
      CCP_ALLOWED_HOSTS: 'Shim.Local, box:8082,,',
      CCP_FEATURES: '-events',
      CCP_DIAL_TIMEOUT: '2',
      CCP_TLS_TIMEOUT: '1',
      CCP_HEADER_TIMEOUT: '2m',
      CCP_SSE_IDLE_TIMEOUT: '90s',
      CCP_LOG_MAX_BYTES: '1000',
      CCP_LOG_MAX_FILES: '3',
      CCP_LOG_MAX_AGE: '1h',
      OFFLOAD_PAUSED: '1',
      FORCE_HAIKU_TO_ZAI: '1',
      ANTH_VERSION: '2024-01-01',
    };
    expect(readSettings({}, env)).toMatchObject({
      port: 9000,
      host: 'localhost',
      providersFile: '/env/providers.yaml',
      quotasFile: '/env/quotas.json',
      providersFileNamed: true,
      quotasFileNamed: true,
      stateDir: '/env/state',
      logsDir: '/env/logs',
      rerouteMode: 'preemptive',
      logLevel: 'warn',
      manualModel: 'claude-haiku-4.5',
      allowedHosts: ['shim.local', 'box:8082'],
      features: { ...DEFAULT_FEATURES, events: false },
      timeouts: { connectMs: 3_000, headerMs: 120_000, idleMs: 90_000 },
      logRotation: { maxBytes: 1000, maxFiles: 3, maxAgeMs: 3_600_000 },
      offloadPaused: true,
      forceHaikuToZai: true,
      defaultAnthropicVersion: '2024-01-01',
    });
    const flags = {
      port: '0',
      host: '::1',
      providers: '/flag/providers.yaml',
      quotas: '/flag/quotas.json',
      stateDir: '/flag/state',
      rerouteMode: 'run2cap',
      logLevel: 'debug',
    };
    expect(readSettings(flags, env)).toMatchObject({
      port: 0,
      host: '::1',
      providersFile: '/flag/providers.yaml',
      quotasFile: '/flag/quotas.json',
      stateDir: '/flag/state',
      rerouteMode: 'run2cap',
      logLevel: 'debug',
    });
  });

  it('takes an empty variable for one that is not set', () => {
    const names = [
      'CCP_PORT',
      'CCP_PORT_DEFAULT',
      'CCP_HOST',
      'CCP_API_KEY_FILE',
      'CCP_PROVIDERS_FILE',
      'CCP_QUOTAS_FILE',
      'CCP_STATE_DIR',
      'CCP_LOGS_DIR',
      'CCP_REROUTE_MODE',
      'CCP_LOG_LEVEL',
      'CCP_MODEL',
      'CCP_FEATURES',
      'CCP_DIAL_TIMEOUT',
      'CCP_LOG_MAX_BYTES',
      'ANTH_VERSION',
      'XDG_CONFIG_HOME',
      'XDG_STATE_HOME',
    ];
    const { env: _, ...plain } = readSettings({}, HOME);
    for (const name of names) {
      const { env: __, ...withEmpty } = readSettings({}, { ...HOME, [name]: '' });
      expect({ name, ...withEmpty }).toEqual({ name, ...plain });
    }
  });

  it('makes relative paths absolute', () => {
    expect(readSettings({ providers: 'p.yaml', stateDir: 'state' }, HOME)).toMatchObject({
      providersFile: join(process.cwd(), 'p.yaml'),
      stateDir: join(process.cwd(), 'state'),
    });
  });

  it('reads the older name of the port', () => {
    expect(readSettings({}, { ...HOME, CCP_PORT_DEFAULT: '8182' }).port).toBe(8182);
    expect(readSettings({}, { ...HOME, CCP_PORT_DEFAULT: '8182', CCP_PORT: '9' }).port).toBe(9);
  });

  it.each([
    ['preemptive', 'preemptive'],
    ['PREEMPTIVE', 'preemptive'],
    ['run2cap', 'run2cap'],
    ['run_to_cap', 'run2cap'],
    ['run-to-cap', 'run2cap'],
    ['runlimit', 'run2cap'],
    ['Run', 'run2cap'],
    ['hybrid', 'hybrid'],
    ['', 'hybrid'],
    ['  ', 'hybrid'],
  ])('understands the reroute mode %j as %s', (text, mode) => {
    expect(readSettings({}, { ...HOME, CCP_REROUTE_MODE: text }).rerouteMode).toBe(mode);
    expect(readSettings({ rerouteMode: text }, HOME).rerouteMode).toBe(mode);
  });

  it.each([
    [{ port: 'http' }, {}, /--port http.*0 to 65535/],
    [{ port: '65536' }, {}, /--port/],
    [{ port: '-1' }, {}, /--port/],
    [{ port: '80.5' }, {}, /--port/],
    [{}, { CCP_PORT: 'x' }, /--port x/],
    [{ rerouteMode: 'fast' }, {}, /--reroute-mode.*"fast".*preemptive, run2cap, hybrid/],
    [{ logLevel: 'loud' }, {}, /--log-level.*"loud".*silent, error/],
    [{}, { CCP_FEATURES: '-warp' }, /CCP_FEATURES.*"warp".*Known: fallback/],
    [{}, { CCP_HEADER_TIMEOUT: 'never' }, /CCP_HEADER_TIMEOUT is "never".*seconds/],
    [{}, { CCP_SSE_IDLE_TIMEOUT: '0' }, /CCP_SSE_IDLE_TIMEOUT/],
    [{}, { CCP_LOG_MAX_AGE: '1d' }, /CCP_LOG_MAX_AGE is "1d"/],
    [{}, { CCP_LOG_MAX_BYTES: '5MB' }, /CCP_LOG_MAX_BYTES is "5MB".*whole number/],
    [{}, { CCP_LOG_MAX_FILES: '0' }, /CCP_LOG_MAX_FILES/],
    [{}, { CCP_TIME_ZONE: 'Mars/Olympus' }, /CCP_TIME_ZONE is "Mars\/Olympus".*Europe\/Berlin/],
    [{ apiKeyFile: '/nowhere/key' }, {}, /--api-key-file \/nowhere\/key can't be read \(ENOENT\)/],
  ] as const)('refuses %j %j, naming the setting and the remedy', (flags, env, expected) => {
    expect(messageOf(flags, env)).toMatch(expected);
  });

  it('never sets a timer that would fire at once because it is too long', () => {
    // setTimeout takes at most 2^31 − 1 ms and runs anything longer immediately.
    const { timeouts } = readSettings(
      {},
      { ...HOME, CCP_SSE_IDLE_TIMEOUT: '10000h', CCP_HEADER_TIMEOUT: '9999999', CCP_DIAL_TIMEOUT: '9'.repeat(400) },
    );
    for (const ms of Object.values(timeouts)) expect(ms).toBeLessThan(2 ** 31);
  });

  it('refuses to open the door to other machines without a key', () => {
    const key = fileWith('key', '0123456789abcdef\n');
    for (const host of ['0.0.0.0', '::', '192.168.1.4', 'box.local', '127.0.0.1.example.org']) {
      const message = messageOf({ host }, {});
      expect(message).toContain(`--host ${host}`);
      expect(message).toContain('--api-key-file');
      expect(readSettings({ host, apiKeyFile: key }, HOME)).toMatchObject({ host, apiKey: '0123456789abcdef' });
    }
    expect(readSettings({}, { ...HOME, CCP_HOST: '0.0.0.0', CCP_API_KEY_FILE: key }).host).toBe('0.0.0.0');
  });

  it('refuses a key that is easily guessed, without printing it', () => {
    const message = messageOf({ apiKeyFile: fileWith('short', 'hunter2') }, {});
    expect(message).toContain('fewer than 16 characters');
    expect(message).not.toContain('hunter2');
  });
});

describe('isLoopback', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.1.2.3', true],
    ['localhost', true],
    ['::1', true],
    ['[::1]', true],
    ['0.0.0.0', false],
    ['::', false],
    ['10.0.0.1', false],
    ['128.0.0.1', false],
    ['localhost.example.org', false],
    ['127.0.0.1.nip.io', false],
  ])('%s: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });
});
