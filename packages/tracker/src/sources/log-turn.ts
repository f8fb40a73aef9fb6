/** One exchange with a model as a log tells it, after the log's own duplicates are gone. */
export interface LogTurn {
  readonly source: 'claude-log' | 'codex-log' | 'ccp-archive';
  /** The same exchange has the same key, in whichever file and however often it is read. */
  readonly key: string;
  /** Request id given by the provider; null: not told. */
  readonly requestId: string | null;
  /** When it ended, epoch seconds. */
  readonly ts: number;
  /** Empty: not known. */
  readonly sessionId: string;
  /** Agent within the session; empty: the main one. */
  readonly agent: string;
  readonly model: string;
  /** Fresh input: without what the cache gave or took. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Written to the prompt cache for five minutes and for one hour. */
  readonly cacheWrite5mTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly cacheReadTokens: number;
  /** Where it was read. Line counted from 1. */
  readonly file: string;
  readonly line: number;
}
