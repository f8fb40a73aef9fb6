import { homedir } from 'node:os';
import { join } from 'node:path';

/** The file of keys: the flag, then the environment, then the configuration folder. */
export function keysFileOf(flag: string | undefined): string {
  return flag ?? (process.env['CCP_AGGREGATE_KEYS'] || defaultKeysFile(homedir()));
}

export function defaultKeysFile(home: string): string {
  return join(process.env['XDG_CONFIG_HOME'] || join(home, '.config'), 'ccp', 'aggregate-keys.json');
}

/** The aggregator's books: the flag, then the environment, then the state folder of the shim. */
export function booksFileOf(flag: string | undefined): string {
  return flag ?? (process.env['CCP_AGGREGATE_DB'] || join(stateFolder(), 'aggregate.sqlite3'));
}

function stateFolder(): string {
  const state = process.env['CCP_STATE_DIR'];
  return state || join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'ccp');
}
