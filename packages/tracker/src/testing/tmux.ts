import { spawnSync } from 'node:child_process';
import { onTestFinished } from 'vitest';

export const hasTmux = spawnSync('tmux', ['-V']).status === 0;

/** A real terminal with a shell in it. */
export interface Terminal {
  /** Types keys as tmux names them, such as `Escape` or `C-z`. */
  press(...keys: readonly string[]): void;
  type(line: string): void;
  resize(width: number, rows: number): void;
  /** What stands on the screen, one line per row. */
  screen(): readonly string[];
  /** Whether the alternate screen is on, and whether the cursor is shown. */
  state(): { readonly isAlternate: boolean; readonly hasCursor: boolean };
}

/** Opens a terminal of its own server, in UTF-8; closed when the test ends. */
export function openTerminal(width: number, rows: number): Terminal {
  const name = `ccp-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const tmux = (...args: readonly string[]): string => {
    const { stdout, stderr, status } = spawnSync('tmux', ['-L', name, '-f', '/dev/null', ...args], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    if (status !== 0) throw new Error(`tmux ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  tmux('new-session', '-d', '-x', String(width), '-y', String(rows), 'bash --norc --noprofile -i');
  onTestFinished(() => void tmux('kill-server'));
  return {
    press: (...keys) => void tmux('send-keys', ...keys),
    type: (line) => void tmux('send-keys', line, 'Enter'),
    resize: (columns, lines) => void tmux('resize-window', '-x', String(columns), '-y', String(lines)),
    screen: () => tmux('capture-pane', '-p').split('\n').slice(0, -1),
    state: () => {
      const [alternate, cursor] = tmux('display-message', '-p', '#{alternate_on} #{cursor_flag}').trim().split(' ');
      return { isAlternate: alternate === '1', hasCursor: cursor === '1' };
    },
  };
}
