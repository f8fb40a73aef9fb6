import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { systemErrorCode } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import { failureOf, gitMissing } from './git-problem.ts';

/** Git could not do it. Thrown in the middle of a stream; the doors of this folder answer it as a problem. */
export class GitFailure extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** What a user's or a repository's settings could change in an answer, or start: signatures, hooks, watchers, the network. */
const SETTINGS = [
  'log.showSignature=false',
  'core.quotePath=true',
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.commitGraph=true',
  'diff.renameLimit=2000',
  'diff.suppressBlankEmpty=false',
  'diff.orderFile=/dev/null',
  'protocol.allow=never',
].flatMap((setting) => ['-c', setting]);

const MOST_STDERR = 64 * 1024;

/**
 * Runs git in a folder and yields what it prints, as it prints it. `input` is written to it at the speed it is read.
 *
 * Throws GitFailure when git is not there or ends with another code than 0.
 */
export async function* runGit(
  dir: string,
  args: readonly string[],
  input: AsyncIterable<Buffer> | Iterable<string | Buffer> = [],
): AsyncGenerator<Buffer> {
  const child = spawn('git', ['--no-pager', '-C', dir, ...SETTINGS, ...args], { env: environment(), stdio: 'pipe' });
  const ended = once(child, 'close').then(
    ([code]) => code as number | null,
    (error: unknown) => error,
  );
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(0, MOST_STDERR)));
  const fed = feed(child.stdin, input);
  // Whoever stops reading early leaves; the failure of the feeder is then nobody's.
  fed.catch(() => undefined);
  let isRead = false;
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    isRead = true;
  } finally {
    if (!isRead) child.kill();
  }
  const result = await ended;
  if (systemErrorCode(result) === 'ENOENT') throw new GitFailure(gitMissing());
  if (result instanceof Error) throw result;
  if (result !== 0) throw new GitFailure(failureOf(dir, args, stderr));
  await fed;
}

/** Everything git prints, for answers of a few lines. */
export async function gitText(dir: string, args: readonly string[]): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of runGit(dir, args)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function feed(stdin: Writable, input: AsyncIterable<Buffer> | Iterable<string | Buffer>): Promise<void> {
  // A child that has had enough closes its end: what it says by its exit code is what counts.
  const closed = new Promise<void>((resolve) => void stdin.once('error', () => resolve()).once('close', resolve));
  try {
    for await (const piece of input) {
      if (stdin.destroyed) return;
      if (!stdin.write(piece)) await Promise.race([once(stdin, 'drain').catch(() => undefined), closed]);
    }
  } finally {
    stdin.end();
  }
}

/** Without what would send git to another repository, and without anything it could ask, draw or fetch. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('GIT_') || name === 'GIT_CONFIG_GLOBAL' || name === 'GIT_CONFIG_SYSTEM',
  );
  return {
    ...Object.fromEntries(kept),
    LC_ALL: 'C',
    LANGUAGE: 'C',
    TZ: 'UTC',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_PAGER: 'cat',
  };
}
