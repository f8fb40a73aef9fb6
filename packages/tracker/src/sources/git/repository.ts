import { readFileSync } from 'node:fs';
import { systemErrorCode } from '../../problem.ts';
import type { Outcome } from '../../problem.ts';
import type { Repository } from './commit.ts';
import { badRevision, unbornHead } from './git-problem.ts';
import { GitFailure, gitText } from './run-git.ts';

/** The repository a folder is in, at a revision. */
export async function openRepository(dir: string, revision = 'HEAD'): Promise<Outcome<Repository>> {
  return answered(async () => {
    const shallowFile = (await gitText(dir, ['rev-parse', '--path-format=absolute', '--git-path', 'shallow'])).trim();
    const tip = await commitOf(dir, revision);
    if (tip === null) {
      const isUnborn = revision === 'HEAD' && (await refusal(gitText(dir, ['symbolic-ref', '-q', 'HEAD']))) === null;
      throw new GitFailure(isUnborn ? unbornHead(dir) : badRevision(dir, revision));
    }
    return { dir, tip, edge: new Set(linesIn(shallowFile)) };
  });
}

/** The commit a name stands for; null: none. */
export async function commitOf(dir: string, revision: string): Promise<string | null> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  try {
    return (await gitText(dir, args)).trim();
  } catch (error) {
    // With --quiet a name that is not there is told by the exit code alone.
    if (error instanceof GitFailure && error.problem.code === 'git-failed') return null;
    throw error;
  }
}

/** A commit, or the problem that there is none of this name. */
export async function namedCommit(dir: string, revision: string): Promise<Outcome<string>> {
  return answered(async () => {
    const sha = await commitOf(dir, revision);
    if (sha === null) throw new GitFailure(badRevision(dir, revision));
    return sha;
  });
}

/** The value, or why git could not give it. */
export async function answered<T>(read: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await read() };
  } catch (error) {
    if (error instanceof GitFailure) return { ok: false, problem: error.problem };
    throw error;
  }
}

async function refusal(run: Promise<unknown>): Promise<GitFailure | null> {
  try {
    await run;
    return null;
  } catch (error) {
    if (error instanceof GitFailure) return error;
    throw error;
  }
}

function linesIn(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
