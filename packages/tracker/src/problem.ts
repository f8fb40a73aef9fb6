import { printable } from './printable.ts';

/** An input we could not use, or could use only in part: named, with what to do about it. */
export interface Problem {
  readonly code: ProblemCode;
  /** What is wrong, in one line that stands alone. */
  readonly message: string;
  /** What to do, in words that follow the message. */
  readonly remedy?: string;
  readonly file?: string;
  /** Line in `file`, counted from 1. */
  readonly line?: number;
  /** JSON pointer (RFC 6901) to the offending value. */
  readonly pointer?: string;
}

export type ProblemCode =
  // a source
  | 'unusable-url'
  | 'not-loopback'
  | 'shim-key-unreadable'
  | 'shim-unreachable'
  | `shim-answered-${number}`
  | 'answer-too-large'
  | 'not-json'
  | 'not-usage-v1'
  | 'older-shim'
  // a text that another program printed
  | 'insufficient-data'
  | 'usage-not-loaded'
  | 'multi-pane-trimmed'
  | 'section-missing-session'
  | 'section-missing-week'
  | 'percent-out-of-range'
  | 'reset-unreadable'
  | 'stale-reading'
  | 'percent-unreadable'
  | 'number-unreadable'
  | 'vendor-error'
  | 'text-too-large'
  | 'binary-text'
  | 'empty-text'
  | 'window-expired'
  | 'meter-unknown'
  | 'manual-override'
  | 'token-usage-missing'
  | 'token-count-missing'
  | 'invalid-json'
  | 'invalid-blocks'
  | 'no-blocks'
  | 'invalid-sessions'
  | 'no-sessions'
  | 'invalid-days'
  | 'no-days'
  | 'invalid-week'
  | 'no-events'
  | 'invalid-latency'
  // a log
  | 'folder-missing'
  | 'file-unreadable'
  | 'line-too-long'
  | 'line-not-json'
  | 'line-not-usable'
  // a repository
  | 'git-missing'
  | 'not-a-repository'
  | 'bad-revision'
  | 'unborn-head'
  | 'shallow-clone'
  | 'git-failed'
  | 'tag-malformed'
  | 'several-windows'
  | 'no-tagged-commits'
  | 'missing-commit-range'
  | 'not-text'
  // an archive of a router
  | 'archive-empty'
  | 'gzip-damaged'
  | 'not-a-database'
  | 'database-damaged'
  | 'database-locked'
  | 'database-newer'
  | 'sums-without-turns'
  // windows
  | 'no-snapshot'
  | 'missing-snapshots'
  | 'negative-delta'
  | 'crosses-reset'
  | 'late-after'
  | 'duplicate-before'
  | 'divergent'
  | 'clock-skew'
  | 'quality-out-of-range'
  // an estimate
  | 'cannot-estimate'
  // a file the user edits
  | 'unusable-config'
  // what may leave
  | 'tier-local'
  | 'not-entitled'
  | 'no-key'
  | 'no-endpoint'
  | 'queue-full'
  | 'uplink-waits'
  | 'uplink-refused'
  | 'uplink-gap'
  // a port to listen on
  | 'port-taken'
  | 'page-missing'
  // a journal
  | 'duplicate-row'
  | 'row-out-of-order'
  | 'no-such-row'
  | 'unusable-input'
  | 'rollup-differs'
  | 'no-reading-kept'
  | 'torn-tail'
  | 'row-not-json'
  | 'row-not-valid'
  | 'row-too-large'
  | 'quality-scale-unknown'
  | 'state-missing'
  | 'state-damaged'
  | 'foreign-row'
  | 'journal-locked'
  | 'journal-unwritable'
  | 'journal-unreadable';

/** A value, or why there is none. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** The problem as one line for people. Safe for a terminal: what a server or a file put in is made printable. */
export function problemLine({ message, remedy }: Problem): string {
  return printable(remedy === undefined ? message : `${message}. ${remedy}`);
}

/** A refusal by the operating system, such as EACCES; undefined for anything else, which is a fault of ours. */
export function systemErrorCode(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
