import type { CommitDiff, FileChange, Hunk } from './commit.ts';
import { LINE_END, pieces } from './pieces.ts';
import { GitFailure, runGit } from './run-git.ts';
import { unquoted } from './unquoted.ts';

/** A commit, and the parent it is held against; null: against nothing, for a root. */
export interface Pair {
  readonly sha: string;
  readonly parent: string | null;
}

const SHOWN = ['-p', '-U0', '--always', '--root', '--full-index', '--find-renames', '--diff-algorithm=myers'];
// Lines that differ by white space alone are the same line: indenting a block, or CRLF, is no rework.
const PLAIN = [
  '-w',
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
  '--ignore-submodules=all',
  '--inter-hunk-context=0',
];
const NAMED = ['--src-prefix=a/', '--dst-prefix=b/'];

/**
 * Where lines were replaced, for each pair in the order given; the pair is yielded once all its lines were shown to `see`.
 * The text of lines is not kept. Throws GitFailure.
 */
export async function* readHunks(dir: string, pairs: Iterable<Pair>, see?: See): AsyncGenerator<CommitDiff> {
  const printed = runGit(dir, ['diff-tree', '--stdin', '-r', ...SHOWN, ...PLAIN, ...NAMED], requests(pairs));
  yield* diffsIn(pieces(printed, LINE_END), see);
}

function* requests(pairs: Iterable<Pair>): Generator<string> {
  for (const { sha, parent } of pairs) yield parent === null ? `${sha}\n` : `${sha} ${parent}\n`;
}

interface OpenFile {
  from: string | null;
  to: string | null;
  isBinary: boolean;
  readonly hunks: Hunk[];
}

/** Is shown a line with its sign, as bytes of one character each, and the file it is in. */
export type See = (path: string, line: string) => void;

/** Reads the output of `git diff-tree --stdin -p -U0`, line by line. */
export async function* diffsIn(lines: AsyncIterable<string>, see?: See): AsyncGenerator<CommitDiff> {
  let sha: string | null = null;
  let files: FileChange[] = [];
  let file: OpenFile | null = null;
  // Lines of the hunk still to come: they may look like anything, so they are counted off, not looked at.
  let left = 0;
  for await (const line of lines) {
    if (left > 0) {
      if (line.startsWith('\\')) continue;
      left -= 1;
      if (file !== null) see?.(file.to ?? file.from ?? '', line);
    } else if (line.startsWith('@@ ')) {
      const hunk = hunkOf(line);
      file?.hunks.push(hunk);
      left = hunk.oldLines + hunk.newLines;
    } else if (line.startsWith('diff --git ')) {
      file = opened(line.slice('diff --git '.length));
      files.push(file);
    } else if (/^[0-9a-f]{40,64}$/.test(line)) {
      if (sha !== null) yield { sha, files };
      sha = line;
      files = [];
      file = null;
    } else if (file !== null) readHeader(file, line);
  }
  if (sha !== null) yield { sha, files };
}

/** Both names are the same where no rename is told below, so each is one half of the line. */
function opened(names: string): OpenFile {
  const name = unquoted(names.slice(0, (names.length - 1) / 2)).slice('a/'.length);
  return { from: name, to: name, isBinary: false, hunks: [] };
}

function readHeader(file: OpenFile, line: string): void {
  if (line.startsWith('new file mode ')) file.from = null;
  else if (line.startsWith('deleted file mode ')) file.to = null;
  else if (line.startsWith('rename from ')) file.from = unquoted(line.slice('rename from '.length));
  else if (line.startsWith('rename to ')) file.to = unquoted(line.slice('rename to '.length));
  else if (line.startsWith('Binary files ')) file.isBinary = true;
}

function hunkOf(line: string): Hunk {
  const found = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
  if (found === null) {
    const message = `git diff-tree printed a hunk that is none: ${line.slice(0, 60)}`;
    throw new GitFailure({ code: 'git-failed', message });
  }
  const [, oldAt, oldLines = '1', newAt, newLines = '1'] = found;
  return { oldAt: Number(oldAt), oldLines: Number(oldLines), newAt: Number(newAt), newLines: Number(newLines) };
}
