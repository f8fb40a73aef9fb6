import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const MAIN = 'packages/tracker/dist/main.js';

export interface Ended {
  /** Null: killed by a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A real child process and what it has printed so far. */
export interface Child {
  readonly process: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  stdout(): string;
  stderr(): string;
  /** Resolves when what was printed satisfies `holds`; rejects when the child ends before. */
  until(holds: (child: Child) => boolean): Promise<void>;
}

/** `tracker …`, built before the tests. */
export function startTracker(args: readonly string[], env: NodeJS.ProcessEnv = {}): Child {
  return start([MAIN, ...args], env);
}

/** `shim …`: the other program, which is met over HTTP only. */
export function startShim(args: readonly string[], env: NodeJS.ProcessEnv = {}): Child {
  return start(['packages/shim/dist/main.js', ...args], env);
}

/** A module given as text. What it imports of ours is built: 50 such processes would spend their time translating. */
export function startModule(source: string): Child {
  return start(['--input-type=module', '--eval', source], {});
}

/** The same, where no file may grow beyond `kib`: a disk that fills up in the middle of a write. */
export function startModuleWithLimit(source: string, kib: number): Child {
  // A write beyond the limit is cut or refused; without the trap it would end the process.
  const limited = `trap '' XFSZ; ulimit -f ${kib}; exec "$0" "$@"`;
  const args = ['--input-type=module', '--eval', source];
  return start(['-c', limited, process.execPath, ...args], {}, 'bash');
}

function start(args: readonly string[], env: NodeJS.ProcessEnv, command = process.execPath): Child {
  const { CCP_BASE_URL: _url, TRACKER_DATA_DIR: _dir, NO_COLOR: _colour, ...inherited } = process.env;
  const running = spawn(command, args, { cwd: ROOT, env: { ...inherited, ...env } });
  let [stdout, stderr] = ['', ''];
  const ended = once(running, 'close').then(([code]): Ended => ({ code: code as number | null, stdout, stderr }));
  const checks = new Set<() => void>();
  const runChecks = (): void => checks.forEach((check) => check());
  running.stdout.setEncoding('utf8').on('data', (text: string) => ((stdout += text), runChecks()));
  running.stderr.setEncoding('utf8').on('data', (text: string) => ((stderr += text), runChecks()));
  const child: Child = {
    process: running,
    ended,
    stdout: () => stdout,
    stderr: () => stderr,
    until: (holds) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!holds(child)) return;
          checks.delete(check);
          resolve();
        };
        checks.add(check);
        check();
        void ended.then(() => reject(new Error(`the child ended first:\n${stdout}\n${stderr}`)));
      }),
  };
  return child;
}
