import { isAbsolute, join, resolve } from 'node:path';

/**
 * Where journals are kept: the flag, then `TRACKER_DATA_DIR`, then `$XDG_DATA_HOME/ccp/tracker`, then
 * `~/.local/share/ccp/tracker`. Empty variables count as unset; a relative `XDG_DATA_HOME` is ignored, as its
 * specification asks (https://specifications.freedesktop.org/basedir-spec/latest/).
 */
export function dataDir(flag: string | undefined, env: NodeJS.ProcessEnv, home: string): string {
  const named = flag || env['TRACKER_DATA_DIR'];
  if (named) return resolve(named);
  const xdg = env['XDG_DATA_HOME'] ?? '';
  return join(isAbsolute(xdg) ? xdg : join(home, '.local', 'share'), 'ccp', 'tracker');
}
