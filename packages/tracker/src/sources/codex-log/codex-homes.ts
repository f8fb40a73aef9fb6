import { join } from 'node:path';

/** The home Codex uses: `CODEX_HOME`, else `~/.codex`. */
export function codexHomes(env: Readonly<Record<string, string | undefined>>, userHome: string): readonly string[] {
  const named = env['CODEX_HOME'] ?? '';
  return [named === '' ? join(userHome, '.codex') : named];
}
