import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { SettingsError } from './settings-error.ts';

/**
 * Variables from a file, for keys of lanes above all: a service is started without the shell that would export them. A
 * variable of the environment wins over the same one in the file. `named` (CCP_ENV_FILE) has to exist, `usual` need not.
 * Throws {@link SettingsError}; also where others could read the keys, as ssh does.
 */
export function readEnvFile(named: string | null, usual: string): Readonly<Record<string, string | undefined>> {
  const file = named ?? usual;
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (named === null && (code === 'ENOENT' || code === 'ENOTDIR')) return {};
    throw new SettingsError(`${file} can't be read (${code ?? 'error'}). It holds NAME=value lines, mode 600.`);
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw new SettingsError(`${file} is not a file. It holds NAME=value lines, mode 600.`);
    if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0)
      throw new SettingsError(`${file} can be read by other users (mode ${modeOf(stats.mode)}): chmod 600 ${file}`);
    return parseEnv(readFileSync(fd, 'utf8'));
  } finally {
    closeSync(fd);
  }
}

function modeOf(mode: number): string {
  return (mode & 0o777).toString(8);
}
