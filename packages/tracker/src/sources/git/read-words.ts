import { readHunks } from './read-hunks.ts';
import type { Pair } from './read-hunks.ts';

/** What the lines of a commit say of its complexity. Estimates: words are counted, no language is parsed. */
export interface CommitWords {
  readonly sha: string;
  /** Places where the flow of code forks, those added minus those removed: the change of cyclomatic complexity. */
  readonly forks: number;
  /** Declarations others can see, added and removed. */
  readonly declarations: number;
  /** Bytes added to plans and specifications. */
  readonly planBytes: number;
}

const CODE =
  /\.(?:[cm]?[jt]sx?|py|go|rs|java|kt|kts|scala|swift|cs|cc?|cpp|hh?|hpp|rb|php|sh|lua|vue|svelte|dart|ex|exs)$/i;
const COMMENT = /^\s*(?:\/\/|#|\*|\/\*)/;
const FORK =
  /\b(?:if|elif|elsif|unless|for|foreach|while|until|case|when|catch|except|rescue)\b|&&|\|\||\?\?|\?(?![.:?)])(?=.*:)/g;
const DECLARATION =
  /^\s*(?:export\b|pub(?:\([^)]*\))?\s|public\s|module\.exports\b|def\s+[^_\s]|class\s|func\s+(?:\([^)]*\)\s*)?[A-Z])/;
const PLAN = /(?:^|\/)(?:plans?|specs?|rfcs?|adrs?|decisions|design)\/.*\.(?:md|mdx|txt|rst|adoc|feature)$|\.feature$/i;

/** Reads the lines of each commit, held against its parent, in the files that count. Throws GitFailure. */
export async function* readWords(
  dir: string,
  pairs: readonly Pair[],
  counts: (path: string) => boolean,
): AsyncGenerator<CommitWords> {
  let [forks, declarations, planBytes] = [0, 0, 0];
  const see = (path: string, signed: string): void => {
    if (!counts(path)) return;
    const isAdded = signed.startsWith('+');
    const line = signed.slice(1);
    if (isAdded && PLAN.test(path)) planBytes += line.length + 1;
    if (!CODE.test(path) || COMMENT.test(line)) return;
    // A line as long as this was not written by hand, and a pattern should not be run over it.
    if (line.length > 2000) return;
    forks += (isAdded ? 1 : -1) * (line.match(FORK)?.length ?? 0);
    if (DECLARATION.test(line)) declarations += 1;
  };
  for await (const { sha } of readHunks(dir, pairs, see)) {
    yield { sha, forks, declarations, planBytes };
    [forks, declarations, planBytes] = [0, 0, 0];
  }
}
