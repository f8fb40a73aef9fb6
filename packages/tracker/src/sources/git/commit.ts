/** A commit as git tells it. */
export interface Commit {
  readonly sha: string;
  /** The first one is the branch it was made on. Empty: a root, or the edge of a shallow clone. */
  readonly parents: readonly string[];
  /** Epoch seconds. */
  readonly authoredTs: number;
  readonly committedTs: number;
  readonly message: string;
}

/** Lines of one place in a file that were replaced by others, both counted from 1 as in a diff without context. */
export interface Hunk {
  readonly oldAt: number;
  readonly oldLines: number;
  readonly newAt: number;
  readonly newLines: number;
}

/** What a commit did to one file. Paths are bytes, one character each. */
export interface FileChange {
  /** Null: it is new. */
  readonly from: string | null;
  /** Null: it is gone. */
  readonly to: string | null;
  /** Not text, before or after: none of its lines can be told. */
  readonly isBinary: boolean;
  readonly hunks: readonly Hunk[];
}

/** A commit beside one of its parents. */
export interface CommitDiff {
  readonly sha: string;
  readonly files: readonly FileChange[];
}

/** Lines a commit added to and removed from one file; null: it is not text. */
export interface FileCount {
  /** Bytes, one character each; the name it has after the commit. */
  readonly path: string;
  readonly insertions: number | null;
  readonly deletions: number | null;
}

export interface CommitCounts {
  readonly sha: string;
  readonly files: readonly FileCount[];
}

/** A repository that can be measured. */
export interface Repository {
  readonly dir: string;
  /** The commit that is measured. */
  readonly tip: string;
  /** Commits whose parents a shallow clone has left out. Empty: the history is whole. */
  readonly edge: ReadonlySet<string>;
}
