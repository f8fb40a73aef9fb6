import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Environment } from '../../config/settings.ts';
import { OperatorError } from '../operator-command.ts';

/** Where a running shim is asked. */
export interface Address {
  /** Without a slash at its end, a user name, a password or a query. */
  readonly url: string;
  /** Null: none is sent. */
  readonly key: string | null;
  /** The file the key came from, to be named; null: none. */
  readonly keyFile: string | null;
}

export interface AddressFlags {
  readonly url?: string;
  readonly apiKeyFile?: string;
}

/** Adds the options that say which shim is asked. */
export function withAddress(command: Command): Command {
  return command
    .option('--url <url>', 'where the shim listens (CCP_BASE_URL, default http://127.0.0.1 with CCP_PORT, else 8082)')
    .option('--api-key-file <file>', 'the key the shim asks for is in this file (CCP_API_KEY_FILE)');
}

export function addressOf(flags: AddressFlags, env: Environment): Address {
  const keyFile = flags.apiKeyFile ?? setting(env, 'CCP_API_KEY_FILE') ?? null;
  return {
    url: baseUrl(flags.url ?? setting(env, 'CCP_BASE_URL') ?? `http://127.0.0.1:${port(env)}`),
    key: keyFile === null ? null : readKey(keyFile),
    keyFile,
  };
}

/** `NAME=` means the same as no NAME at all. */
function setting(env: Environment, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}

function port(env: Environment): string {
  const text = setting(env, 'CCP_PORT') ?? setting(env, 'CCP_PORT_DEFAULT') ?? '8082';
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value <= 65_535) return text;
  throw new OperatorError(`CCP_PORT is "${text}", which names no port to ask`, 'give --url http://127.0.0.1:PORT', 2);
}

function baseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new OperatorError(
      '--url (CCP_BASE_URL) is not an http or https URL',
      'write one such as http://127.0.0.1:8082',
      2,
    );
  return url.origin + url.pathname.replace(/\/+$/, '');
}

function readKey(file: string): string {
  let key: string;
  try {
    key = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OperatorError(`--api-key-file ${file} can't be read (${code ?? 'error'})`, 'check the path and its mode');
  }
  // It becomes a header; a library that refused it would quote it.
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new OperatorError(
      `--api-key-file ${file} does not hold one line of visible characters`,
      'write the key the shim was started with into it',
    );
  return key;
}
