import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tempDir } from './temp-dir.ts';

const DAY_MS = 86_400_000;
/** Day 0 of every repository made here. */
export const START_MS = Date.UTC(2030, 0, 1);

/** Epoch seconds, so many days after the start. */
export function onDay(days: number): number {
  return (START_MS + days * DAY_MS) / 1000;
}

/** A real repository in a folder of its own. Dates are days after the start; nothing of the user's settings is read. */
export interface GitRepo extends Disposable {
  readonly dir: string;
  /** Runs git and answers what it printed. */
  git(args: readonly string[], options?: { readonly day?: number; readonly input?: string }): string;
  /** Writes files (null: removes them), commits everything and answers the commit's id. */
  commit(day: number, message: string, files: Readonly<Record<string, string | Uint8Array | null>>): string;
}

export function gitRepo(): GitRepo {
  const folder = tempDir();
  const dir = folder.path;
  const git: GitRepo['git'] = (args, { day = 0, input } = {}) => {
    const date = `${onDay(day)} +0000`;
    return execFileSync('git', ['-C', dir, ...args], {
      encoding: 'utf8',
      input,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: dir,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_AUTHOR_NAME: 'author',
        GIT_AUTHOR_EMAIL: 'author@example.org',
        GIT_COMMITTER_NAME: 'author',
        GIT_COMMITTER_EMAIL: 'author@example.org',
        GIT_AUTHOR_DATE: date,
        GIT_COMMITTER_DATE: date,
        GIT_EDITOR: 'true',
      },
    }).trim();
  };
  git(['init', '-q', '-b', 'main']);
  return {
    dir,
    git,
    commit(day, message, files) {
      for (const [name, content] of Object.entries(files)) {
        const path = join(dir, name);
        mkdirSync(dirname(path), { recursive: true });
        if (content === null) rmSync(path);
        else writeFileSync(path, content);
      }
      git(['add', '-A'], { day });
      git(['commit', '-q', '--allow-empty', '-m', message], { day });
      return git(['rev-parse', 'HEAD']);
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** `lines('a', 3)` is `a1`, `a2`, `a3`, a line each. */
export function lines(name: string, count: number): string {
  return Array.from({ length: count }, (_, at) => `${name}${at + 1}\n`).join('');
}
