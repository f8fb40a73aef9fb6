import type { CommitCounts, FileCount } from './commit.ts';
import { LINE_END, NUL, pieces } from './pieces.ts';
import { runGit } from './run-git.ts';

const PLAIN = ['--no-ext-diff', '--no-textconv', '--no-color', '--ignore-submodules=all', '--find-renames'];

/** What each commit added and removed, as `git diff --numstat` counts it beside its first parent. Throws GitFailure. */
export async function* readCounts(dir: string, shas: readonly string[]): AsyncGenerator<CommitCounts> {
  const args = ['diff-tree', '--stdin', '-r', '-z', '--numstat', '--always', '--root', ...PLAIN];
  const input = shas.map((sha) => `${sha}\n`);
  let current: { sha: string; files: FileCount[] } | null = null;
  // A renamed file is told in three pieces: the numbers, the old name, the new name.
  let renamed: { numbers: readonly [string, string]; names: number } | null = null;
  for await (const piece of pieces(runGit(dir, args, input), NUL)) {
    if (renamed !== null) {
      renamed.names += 1;
      if (renamed.names === 2) {
        current?.files.push(counted(piece, ...renamed.numbers));
        renamed = null;
      }
      continue;
    }
    const [insertions, deletions, ...path] = piece.split('\t');
    if (deletions === undefined || insertions === undefined) {
      if (current !== null) yield current;
      current = { sha: piece.trim(), files: [] };
    } else if (path.join('\t') === '') renamed = { numbers: [insertions, deletions], names: 0 };
    else current?.files.push(counted(path.join('\t'), insertions, deletions));
  }
  if (current !== null) yield current;
}

/**
 * The stable patch id of each commit: the same wherever the patch was moved to. A commit without one (nothing but a mode,
 * or nothing at all) is absent. Throws GitFailure.
 */
export async function readPatchIds(dir: string, shas: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const args = ['diff-tree', '--stdin', '-r', '-p', '--full-index', '--root', ...PLAIN, '--diff-algorithm=myers'];
  const patches = runGit(
    dir,
    args,
    shas.map((sha) => `${sha}\n`),
  );
  const ids = new Map<string, string>();
  for await (const line of pieces(runGit(dir, ['patch-id', '--stable'], patches), LINE_END)) {
    const [id, sha] = line.split(' ');
    if (id !== undefined && sha !== undefined) ids.set(sha, id);
  }
  return ids;
}

function counted(path: string, insertions: string, deletions: string): FileCount {
  return { path, insertions: numberOf(insertions), deletions: numberOf(deletions) };
}

/** `-` for what is not text. */
function numberOf(text: string): number | null {
  return text === '-' ? null : Number(text);
}
