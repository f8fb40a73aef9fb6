import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The homes Claude Code uses: those of `CLAUDE_CONFIG_DIR`, which may name several with commas, else `~/.config/claude` and
 * `~/.claude` as far as they are there; `~/.claude` when neither is.
 */
export function claudeHomes(env: Readonly<Record<string, string | undefined>>, userHome: string): readonly string[] {
  const named = (env['CLAUDE_CONFIG_DIR'] ?? '').split(',').map((dir) => dir.trim());
  const given = named.filter((dir) => dir !== '');
  if (given.length > 0) return given;
  const usual = [join(userHome, '.config', 'claude'), join(userHome, '.claude')];
  const there = usual.filter((home) => existsSync(join(home, 'projects')) || existsSync(join(home, 'transcripts')));
  return there.length > 0 ? there : usual.slice(1);
}
