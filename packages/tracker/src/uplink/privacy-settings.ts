import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { isPrivacyTier, parsePrivacyConfig, PRIVACY_TIERS } from '@ccp/contracts';
import type { PrivacyConfig, PrivacyTier } from '@ccp/contracts';
import { systemErrorCode } from '../problem.ts';
import type { Outcome, Problem } from '../problem.ts';

export interface Retention {
  /** Days after which the aggregator is asked to forget the content of an event; null: as it does. */
  readonly serverDays: number | null;
  /** Days for which what was sent stays in the queue, so that it can be sent again. */
  readonly sentDays: number;
  /** Bytes of the queue. */
  readonly queueBytes: number;
}

export const DEFAULT_RETENTION: Retention = { serverDays: null, sentDays: 7, queueBytes: 64 * 1024 * 1024 };

/** What the user has decided about what may leave. */
export interface PrivacySettings {
  readonly file: string;
  readonly config: PrivacyConfig;
  readonly tier: PrivacyTier;
  readonly tierFrom: 'environment' | 'file' | 'default';
  /** Events from before never leave, ISO 8601; null: nothing was said. */
  readonly since: string | null;
  /** Null: none was named. */
  readonly endpoint: URL | null;
  readonly keyFile: string | null;
  readonly retention: Retention;
}

/** `$XDG_CONFIG_HOME/ccp/privacy.json`, else in `~/.config`; `PRIVACY_CONFIG` names another. */
export function privacyFile(env: NodeJS.ProcessEnv, home: string): string {
  const named = env['PRIVACY_CONFIG'];
  if (named) return named;
  const xdg = env['XDG_CONFIG_HOME'] ?? '';
  return join(isAbsolute(xdg) ? xdg : join(home, '.config'), 'ccp', 'privacy.json');
}

/** Environment over file over local. A file or a word that can't be read is a problem, and then nothing may leave. */
export function readPrivacy(file: string, env: NodeJS.ProcessEnv): Outcome<PrivacySettings> {
  const config = readConfig(file);
  if (!config.ok) return config;
  const { tier: fromFile, since, endpoint, key_file: keyFile, retention } = config.value;
  const fromEnv = env['PRIVACY_TIER'] || undefined;
  if (fromEnv !== undefined && !isPrivacyTier(fromEnv))
    return { ok: false, problem: unusable(file, `PRIVACY_TIER is not one of ${PRIVACY_TIERS.join(', ')}`) };
  const url = env['CCP_AGGREGATOR_URL'] || endpoint;
  const parsed = url === undefined ? null : parseEndpoint(url);
  if (parsed?.ok === false) return parsed;
  return {
    ok: true,
    value: {
      file,
      config: config.value,
      tier: fromEnv ?? fromFile ?? 'local',
      tierFrom: fromEnv !== undefined ? 'environment' : fromFile !== undefined ? 'file' : 'default',
      since: since ?? null,
      endpoint: parsed?.value ?? null,
      keyFile: env['CCP_AGGREGATOR_KEY_FILE'] || (keyFile ?? null),
      retention: {
        serverDays: retention?.server_days ?? DEFAULT_RETENTION.serverDays,
        sentDays: retention?.sent_days ?? DEFAULT_RETENTION.sentDays,
        queueBytes: retention?.queue_bytes ?? DEFAULT_RETENTION.queueBytes,
      },
    },
  };
}

/** An address that may be sent to: TLS, or this machine. A key in clear would be anybody's. */
export function parseEndpoint(text: string): Outcome<URL> {
  const remedy = 'Name it as https://HOST, or http://127.0.0.1:PORT for one on this machine';
  const no = (why: string): Outcome<URL> => ({
    ok: false,
    problem: { code: 'unusable-url', message: `the aggregator's address ${why}`, remedy },
  });
  if (!URL.canParse(text)) return no('is no URL');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return no('must not hold a password: the key has a file of its own');
  if (url.protocol === 'https:') return { ok: true, value: url };
  if (url.protocol !== 'http:') return no('must begin with https://');
  const isLoopback = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  return isLoopback ? { ok: true, value: url } : no('is of another machine and not encrypted');
}

/** The key of the aggregator, from its file or from `CCP_AGGREGATOR_KEY`. */
export function readKey(keyFile: string | null, env: NodeJS.ProcessEnv): Outcome<string> {
  const named = env['CCP_AGGREGATOR_KEY']?.trim();
  if (named) return { ok: true, value: named };
  const remedy = 'Put it into a file only you can read: tracker privacy set TIER --key-file FILE (CCP_AGGREGATOR_KEY)';
  if (keyFile === null)
    return { ok: false, problem: { code: 'no-key', message: 'no key for the aggregator was named', remedy } };
  try {
    const key = readFileSync(keyFile, 'utf8').trim();
    if (/^[\x21-\x7e]+$/.test(key)) return { ok: true, value: key };
    return { ok: false, problem: { code: 'no-key', file: keyFile, message: `${keyFile} holds no key`, remedy } };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return {
      ok: false,
      problem: { code: 'no-key', file: keyFile, message: `${keyFile} cannot be read (${code})`, remedy },
    };
  }
}

function readConfig(file: string): Outcome<PrivacyConfig> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return code === 'ENOENT'
      ? { ok: true, value: {} }
      : { ok: false, problem: unusable(file, `${file} cannot be read (${code})`) };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: unusable(file, `${file} is not JSON`) };
  }
  const parsed = parsePrivacyConfig(value);
  if (parsed.ok) return parsed;
  const { path = '', reason = 'is not valid' } = parsed.problems[0] ?? {};
  return { ok: false, problem: { ...unusable(file, `${file}: ${path || 'it'} ${reason}`), pointer: path } };
}

function unusable(file: string, message: string): Problem {
  return {
    code: 'unusable-config',
    file,
    message,
    remedy: 'Nothing leaves until it is corrected: tracker privacy set TIER',
  };
}
