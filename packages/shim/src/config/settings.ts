import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseDurationMs } from './duration.ts';
import { readEnvFile } from './env-file.ts';
import { parseFeatureFlags, type FeatureFlags } from './feature-flags.ts';
import { policySettings, type PolicySettings } from './policy-settings.ts';
import { licenseFiles, type LicenseFiles } from './license-files.ts';
import { SettingsError } from './settings-error.ts';

export { SettingsError };

export const REROUTE_MODES = ['preemptive', 'run2cap', 'hybrid'] as const;
export type RerouteMode = (typeof REROUTE_MODES)[number];
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Everything the process was started with. The routing files are not in here: they reload, this does not. */
export interface Settings {
  readonly port: number;
  readonly host: string;
  /** Null: nothing is asked of clients. Required when `host` is not loopback. */
  readonly apiKey: string | null;
  readonly allowedHosts: readonly string[];
  readonly providersFile: string;
  readonly quotasFile: string;
  /** True where the path was named by flag or env: then a missing file is an error, not the built-in catalogue. */
  readonly providersFileNamed: boolean;
  readonly quotasFileNamed: boolean;
  readonly modelFile: string;
  readonly manualModel: string | null;
  readonly license: LicenseFiles;
  readonly policy: PolicySettings;
  readonly stateDir: string;
  readonly logsDir: string;
  readonly rerouteMode: RerouteMode;
  readonly logLevel: LogLevel;
  readonly timeouts: Timeouts;
  readonly logRotation: { readonly maxBytes: number; readonly maxFiles: number; readonly maxAgeMs: number };
  /** Null: nothing is kept in a database. */
  readonly database: DatabaseSettings | null;
  /** Seconds a lane rests after a rejection that names no end; 0: not at all. */
  readonly cooldownS: number;
  readonly features: FeatureFlags;
  readonly timeZone: string;
  readonly offloadPaused: boolean;
  readonly forceHaikuToZai: boolean;
  readonly defaultAnthropicVersion: string;
  readonly env: Environment;
}

export interface DatabaseSettings {
  readonly path: string;
  readonly maintenanceMs: number;
  readonly samplesS: number;
  readonly hoursS: number;
  readonly maxBytes: number;
}

export interface Timeouts {
  readonly connectMs: number;
  /** Request sent → response head. Long: a non-stream generation answers only when it is finished. */
  readonly headerMs: number;
  /** The same for an answer that does not stream. */
  readonly jsonMs: number;
  /** Silence inside a response body. Long: a model may think without a ping in between. */
  readonly idleMs: number;
  readonly keepAliveMs: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A longer timer would fire at once. */
export const LONGEST_TIMER_MS = 2_147_483_647;

/** Flags of `shim serve`, as commander hands them over. */
export interface ServeFlags {
  readonly port?: string;
  readonly host?: string;
  readonly providers?: string;
  readonly quotas?: string;
  readonly stateDir?: string;
  readonly rerouteMode?: string;
  readonly logLevel?: string;
  readonly apiKeyFile?: string;
}

/** Flag, then env, then the XDG folders, then the default. Throws {@link SettingsError}. */
export function readSettings(flags: ServeFlags, environment: Environment): Settings {
  // `NAME=` means the same as no NAME at all.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim() !== ''));
  const home = given['HOME'] ?? homedir();
  const configDir = join(given['XDG_CONFIG_HOME'] || join(home, '.config'), 'ccp');
  const env = { ...readEnvFile(given['CCP_ENV_FILE'] ?? null, join(configDir, 'env')), ...given };
  const stateDir = resolve(
    flags.stateDir ?? env['CCP_STATE_DIR'] ?? join(env['XDG_STATE_HOME'] || join(home, '.local', 'state'), 'ccp'),
  );
  const providersFile = flags.providers ?? env['CCP_PROVIDERS_FILE'];
  const quotasFile = flags.quotas ?? env['CCP_QUOTAS_FILE'];
  const host = flags.host ?? env['CCP_HOST'] ?? '127.0.0.1';
  const apiKeyFile = flags.apiKeyFile ?? env['CCP_API_KEY_FILE'];
  const apiKey = apiKeyFile === undefined ? null : readKey(apiKeyFile);
  if (!isLoopback(host) && apiKey === null) {
    throw new SettingsError(
      `--host ${host} would let other machines spend your quota. Give --api-key-file FILE (CCP_API_KEY_FILE) with a key clients must send as x-ccp-key, or bind 127.0.0.1.`,
    );
  }
  return {
    port: port(flags.port, env),
    host,
    apiKey,
    allowedHosts: list(env['CCP_ALLOWED_HOSTS']),
    providersFile: resolve(providersFile ?? join(configDir, 'providers.yaml')),
    quotasFile: resolve(quotasFile ?? join(configDir, 'quotas.json')),
    providersFileNamed: providersFile !== undefined,
    quotasFileNamed: quotasFile !== undefined,
    modelFile: join(configDir, 'model'),
    license: licenseFiles(env, configDir, stateDir),
    policy: policySettings(env, stateDir, duration(env, 'CCP_POLICY_INTERVAL', 3_600_000)),
    manualModel: env['CCP_MODEL']?.trim() || null,
    stateDir,
    logsDir: resolve(env['CCP_LOGS_DIR'] ?? join(stateDir, 'logs')),
    rerouteMode: rerouteMode(flags.rerouteMode ?? env['CCP_REROUTE_MODE']),
    logLevel: oneOf(LOG_LEVELS, flags.logLevel ?? env['CCP_LOG_LEVEL'] ?? 'info', '--log-level (CCP_LOG_LEVEL)'),
    timeouts: {
      // One clock for TCP and TLS together: the two original settings add up.
      connectMs: Math.min(
        duration(env, 'CCP_DIAL_TIMEOUT', 5_000) + duration(env, 'CCP_TLS_TIMEOUT', 5_000),
        LONGEST_TIMER_MS,
      ),
      headerMs: duration(env, 'CCP_HEADER_TIMEOUT', 600_000),
      jsonMs: duration(env, 'CCP_JSON_TIMEOUT', 600_000),
      idleMs: duration(env, 'CCP_SSE_IDLE_TIMEOUT', 300_000),
      keepAliveMs: duration(env, 'CCP_DIAL_KEEPALIVE', 30_000),
    },
    logRotation: {
      maxBytes: positive(env, 'CCP_LOG_MAX_BYTES', 5 * 1024 * 1024),
      maxFiles: positive(env, 'CCP_LOG_MAX_FILES', 5),
      maxAgeMs: duration(env, 'CCP_LOG_MAX_AGE', 24 * 3_600_000),
    },
    database: database(env, stateDir),
    cooldownS: cooldown(env),
    features: features(env['CCP_FEATURES']),
    timeZone: timeZone(env),
    offloadPaused: env['OFFLOAD_PAUSED'] === '1',
    forceHaikuToZai: env['FORCE_HAIKU_TO_ZAI'] === '1',
    defaultAnthropicVersion: env['ANTH_VERSION'] ?? '2023-06-01',
    env,
  };
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

function port(flag: string | undefined, env: Environment): number {
  const text = flag ?? env['CCP_PORT'] ?? env['CCP_PORT_DEFAULT'] ?? '8082';
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) {
    throw new SettingsError(`--port ${text}: a port is a whole number from 0 to 65535 (0 picks a free one).`);
  }
  return value;
}

/** The spellings of the original are accepted; an unknown one is refused instead of silently meaning "hybrid". */
function rerouteMode(text: string | undefined): RerouteMode {
  const wanted = (text ?? '').trim().toLowerCase();
  if (wanted === '') return 'hybrid';
  if (['run_to_cap', 'run-to-cap', 'runlimit', 'run'].includes(wanted)) return 'run2cap';
  return oneOf(REROUTE_MODES, wanted, '--reroute-mode (CCP_REROUTE_MODE)');
}

function oneOf<T extends string>(allowed: readonly T[], text: string, where: string): T {
  const value = allowed.find((candidate) => candidate === text);
  if (value === undefined) throw new SettingsError(`${where} is "${text}"; use one of ${allowed.join(', ')}.`);
  return value;
}

function readKey(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new SettingsError(
      `--api-key-file ${file} can't be read (${(error as NodeJS.ErrnoException).code ?? 'error'}). Write the key into it, one line, mode 600.`,
    );
  }
  if (text.length < 16)
    throw new SettingsError(
      `--api-key-file ${file} holds fewer than 16 characters. Make one: openssl rand -hex 24 > ${file}`,
    );
  return text;
}

function duration(env: Environment, name: string, fallbackMs: number): number {
  const text = env[name];
  if (text === undefined || text.trim() === '') return fallbackMs;
  const value = parseDurationMs(text);
  if (value === null)
    throw new SettingsError(`${name} is "${text}"; write seconds (120) or a duration above zero (2m, 500ms).`);
  return Math.min(value, LONGEST_TIMER_MS);
}

function positive(env: Environment, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text.trim() === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value <= 0)
    throw new SettingsError(`${name} is "${text}"; write a whole number above zero.`);
  return value;
}

const DAY_S = 86_400;

function database(env: Environment, stateDir: string): DatabaseSettings | null {
  const wanted = (env['CCP_PERSIST'] ?? '1').trim().toLowerCase();
  if (['0', 'false', 'off', 'no'].includes(wanted)) return null;
  if (!['1', 'true', 'on', 'yes'].includes(wanted))
    throw new SettingsError(`CCP_PERSIST is "${wanted}"; use 1 (keep a database) or 0 (keep none).`);
  return {
    path: resolve(env['CCP_DB_PATH'] ?? join(stateDir, 'ccp.sqlite3')),
    maintenanceMs: duration(env, 'CCP_ROLLUP_INTERVAL', 60_000),
    samplesS: positive(env, 'CCP_SAMPLE_TTL_DAYS', 8) * DAY_S,
    hoursS: positive(env, 'CCP_ROLLUP_RETENTION_DAYS', 30) * DAY_S,
    maxBytes: positive(env, 'CCP_DB_MAX_BYTES', 256 * 1024 * 1024),
  };
}

/** 0 is a wish of its own here: rest only where the provider names an end. */
function cooldown(env: Environment): number {
  const name = env['CCP_QUOTA_COOLDOWN'] === undefined ? 'CCP_QUOTA_COOLDOWN_SEC' : 'CCP_QUOTA_COOLDOWN';
  return env[name]?.trim() === '0' ? 0 : duration(env, name, 60_000) / 1000;
}

function features(text: string | undefined): FeatureFlags {
  const parsed = parseFeatureFlags(text ?? '');
  if ('unknown' in parsed) {
    throw new SettingsError(
      `CCP_FEATURES names "${parsed.unknown}", which is not a feature. Known: ${parsed.known.join(', ')}.`,
    );
  }
  return parsed.flags;
}

function timeZone(env: Environment): string {
  const zone = env['CCP_TIME_ZONE'] ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  try {
    Intl.DateTimeFormat('en', { timeZone: zone });
    return zone;
  } catch {
    throw new SettingsError(`CCP_TIME_ZONE is "${zone}"; use an IANA name such as Europe/Berlin.`);
  }
}

function list(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((item) => item.trim().toLowerCase())
    .filter((item) => item !== '');
}
