import { existsSync } from 'node:fs';
import { InvalidArgumentError, type Command } from 'commander';
import type { AggregateKeysConfig } from '@ccp/contracts';
import { makeKey, readKeys, UnusableKeys, type KeyFeature } from '../../aggregate/keys.ts';
import { answering, OperatorError, operatorCommand } from '../operator-command.ts';
import { replaceFile } from '../../replace-file.ts';
import { keysFileOf } from './places.ts';

interface Flags {
  readonly keys?: string;
  readonly json?: true;
}

interface AddFlags extends Flags {
  readonly org: string;
  readonly feature?: KeyFeature[];
  readonly community?: true;
  readonly operator?: true;
  readonly expires?: string;
}

/** `shim aggregate key add|list|revoke`: who may send. The file holds hashes; a key is shown once. */
export function keyCommand(): Command {
  const add = operatorCommand('add', 'make a key and print it, once')
    .requiredOption('--org <name>', 'organisation whose data it is')
    .option('--feature <name>', 'entitlement; may be given twice (default telemetry_minimized)', feature)
    .option('--community', 'its summaries count in the public report')
    .option('--operator', 'may read the list of all organisations')
    .option('--expires <time>', 'when it ends, ISO 8601', time)
    .option('--keys <file>', 'file of keys (CCP_AGGREGATE_KEYS)')
    .option('--json', 'print it as JSON')
    .action((flags: AddFlags) => answering(() => addKey(flags)));
  const list = operatorCommand('list', 'list keys by their id')
    .option('--keys <file>', 'file of keys (CCP_AGGREGATE_KEYS)')
    .option('--json', 'print it as JSON')
    .action((flags: Flags) => answering(() => listKeys(flags)));
  const revoke = operatorCommand('revoke', 'take a key back; a running aggregator sees it with the next request')
    .argument('<id>', 'id of the key')
    .option('--keys <file>', 'file of keys (CCP_AGGREGATE_KEYS)')
    .action((id: string, flags: Flags) => answering(() => revokeKey(id, flags)));
  return operatorCommand('key', 'keys of those who may send').addCommand(add).addCommand(list).addCommand(revoke);
}

function addKey(flags: AddFlags): 0 {
  const file = keysFileOf(flags.keys);
  const config = existsSync(file) ? read(file) : { keys: [] };
  const { key, entry } = makeKey({
    org: flags.org,
    features: flags.feature ?? ['telemetry_minimized'],
    ...(flags.community && { community: true }),
    ...(flags.operator && { operator: true }),
    ...(flags.expires !== undefined && { expires_at: flags.expires }),
  });
  write(file, { ...config, keys: [...config.keys, entry] });
  process.stdout.write(flags.json ? `${JSON.stringify({ key, ...entry })}\n` : `${key}\n`);
  return 0;
}

function listKeys(flags: Flags): 0 {
  const { keys } = read(keysFileOf(flags.keys));
  if (flags.json) process.stdout.write(`${JSON.stringify({ keys })}\n`);
  else
    for (const { id, org, features, revoked, expires_at: ends } of keys)
      process.stdout.write(`${id}  ${org}  ${features.join(' ')}  ${revoked ? 'revoked' : (ends ?? 'no end')}\n`);
  return 0;
}

function revokeKey(id: string, flags: Flags): 0 {
  const file = keysFileOf(flags.keys);
  const config = read(file);
  if (!config.keys.some((key) => key.id === id))
    throw new OperatorError(`${file} has no key ${id}`, 'see shim aggregate key list');
  write(file, { ...config, keys: config.keys.map((key) => (key.id === id ? { ...key, revoked: true } : key)) });
  process.stdout.write(`${id} is revoked\n`);
  return 0;
}

function read(file: string): AggregateKeysConfig {
  try {
    return readKeys(file);
  } catch (error) {
    if (error instanceof UnusableKeys) throw new OperatorError(error.message, 'nothing was changed');
    throw error;
  }
}

function write(file: string, config: AggregateKeysConfig): void {
  try {
    replaceFile(file, `${JSON.stringify(config, null, 2)}\n`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OperatorError(`${file} cannot be written (${code ?? 'unknown'})`, 'name another file with --keys FILE');
  }
}

function feature(text: string, before: KeyFeature[] = []): KeyFeature[] {
  if (text !== 'telemetry_minimized' && text !== 'telemetry_full')
    throw new InvalidArgumentError('Give telemetry_minimized or telemetry_full.');
  return [...before, text];
}

function time(text: string): string {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new InvalidArgumentError('Give an ISO 8601 time such as 2030-01-31T12:00:00Z.');
  return new Date(ms).toISOString();
}
