import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';

/** The machine, as far as running in the background depends on it. */
export interface Host {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Null where users have no number. */
  readonly uid: number | null;
  /** Runs a program of the system to its end. */
  readonly run: (file: string, args: readonly string[]) => Ran;
}

export interface Ran {
  /** Null: it could not be started, or a signal ended it. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A program of the system that hangs, such as systemctl without a bus, must not hang the command. */
const LONGEST_MS = 30_000;

export function thisHost(): Host {
  const { env } = process;
  return {
    platform: process.platform,
    env,
    home: env['HOME'] || homedir(),
    uid: process.getuid?.() ?? null,
    run: (file, args) => {
      const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8', timeout: LONGEST_MS });
      return { code: status, out: stdout ?? '', err: error === undefined ? (stderr ?? '') : error.message };
    },
  };
}
