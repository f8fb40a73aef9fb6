import type { Command } from 'commander';
import { readSettings, type ServeFlags, type Settings } from '../../config/settings.ts';

export type FileFlags = Pick<ServeFlags, 'providers' | 'quotas' | 'stateDir' | 'apiKeyFile'>;

/** Adds the options by which `shim serve` finds its files. */
export function withFiles(command: Command): Command {
  return command
    .option('--providers <file>', 'providers.yaml (CCP_PROVIDERS_FILE)')
    .option('--quotas <file>', 'quotas.json (CCP_QUOTAS_FILE)')
    .option('--state-dir <dir>', 'where the log is kept (CCP_STATE_DIR)');
}

/** What a shim started with these flags, here and now, would be started with. */
export function settingsOf({ providers, quotas, stateDir, apiKeyFile }: FileFlags): Settings {
  const flags: ServeFlags = {
    ...(providers !== undefined && { providers }),
    ...(quotas !== undefined && { quotas }),
    ...(stateDir !== undefined && { stateDir }),
    ...(apiKeyFile !== undefined && { apiKeyFile }),
  };
  return readSettings(flags, process.env);
}

export function nowTs(): number {
  return Date.now() / 1000;
}
