import type { Commit } from './commit.ts';
import { NUL, pieces, utf8 } from './pieces.ts';
import { GitFailure, runGit } from './run-git.ts';

/** A message is read for its tags; nobody writes more than this. */
const MOST_MESSAGE = 1024 * 1024;

/** Every commit that a revision can be reached from, parents before children. Throws GitFailure. */
export async function* readCommits(dir: string, tip: string): AsyncGenerator<Commit> {
  const args = ['log', '-z', '--topo-order', '--reverse', '--no-color', '--no-notes', '--no-show-signature'];
  const format = '--format=%H%x1f%P%x1f%at%x1f%ct%x1f%B';
  const printed = runGit(dir, [...args, '--encoding=UTF-8', '--no-decorate', format, tip, '--']);
  for await (const record of pieces(printed, NUL, MOST_MESSAGE)) {
    const [sha = '', parents = '', authored = '', committed = '', ...message] = record.split('\x1f');
    const [authoredTs, committedTs] = [Number(authored), Number(committed)];
    if (!/^[0-9a-f]{40,64}$/.test(sha) || !Number.isFinite(authoredTs) || !Number.isFinite(committedTs)) {
      const text = `git log printed what is no commit: ${record.slice(0, 60)}`;
      throw new GitFailure({ code: 'git-failed', file: dir, message: text });
    }
    yield {
      sha,
      parents: parents === '' ? [] : parents.split(' '),
      authoredTs,
      committedTs,
      message: utf8(message.join('\x1f')),
    };
  }
}
