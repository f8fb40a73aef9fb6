import type { Range } from './ranges.ts';

/** What a turn adds to the sums of its hour and model. */
export interface TurnSums {
  readonly model: string;
  /** Epoch seconds. */
  readonly ts: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheWriteTokens: number;
  readonly cacheReadTokens: number;
  readonly dirtyS: number;
  readonly streamS: number;
  readonly features: number;
  /** Null: nothing was priced. */
  readonly costUsd: number | null;
}

/** An event that may be kept. */
export interface Entry {
  readonly seq: number;
  readonly id: string;
  readonly kind: string;
  /** Empty: not known. */
  readonly sessionId: string;
  readonly json: string;
  /** Null: it is no turn. */
  readonly turn: TurnSums | null;
}

/** Entries of one installation. Everything in a store belongs to an organisation, and no call sees two of them but `orgs`. */
export interface EventBatch {
  readonly org: string;
  readonly stream: string;
  readonly entries: readonly Entry[];
  /** Numbers of entries that can't be kept: known, so that they are not waited for. */
  readonly rejectedSeqs: readonly number[];
  /** When the content may be forgotten, epoch seconds; null: never. */
  readonly expiresTs: number | null;
}

export interface SummaryUpload {
  readonly org: string;
  readonly stream: string;
  readonly seq: number;
  readonly id: string;
  readonly tier: 'minimized' | 'full';
  readonly generatedTs: number | null;
  readonly community: boolean;
  readonly json: string;
}

/** What is on the disk after a call. */
export interface Kept {
  readonly accepted: number;
  readonly duplicates: number;
  /** Everything of the stream up to this number is on the disk. */
  readonly ackedSeq: number;
  readonly missing: readonly Range[];
}

export interface SumRow extends Omit<TurnSums, 'ts'> {
  /** Start of the hour or UTC day, epoch seconds. */
  readonly startTs: number;
  readonly turns: number;
}

export interface OrgSums {
  readonly org: string;
  readonly streams: number;
  readonly sessions: number;
  readonly turns: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly features: number;
  readonly costUsd: number | null;
  readonly summaries: number;
  /** Newest summary as it came; null: none. */
  readonly newestSummary: string | null;
}

export interface StoredEvent {
  readonly stream: string;
  readonly seq: number;
  readonly id: string;
  /** Null: its content has been forgotten. */
  readonly json: string | null;
}

export interface StreamState {
  readonly stream: string;
  readonly ackedSeq: number;
  readonly missing: readonly Range[];
  readonly events: number;
  readonly summaries: number;
}

/** A value of one contributor for one week of the public report. */
export interface Contribution {
  readonly org: string;
  readonly stream: string;
  readonly json: string;
}

export interface StoreStatus {
  readonly events: number;
  readonly summaries: number;
  /** Entries that wait to be written. */
  readonly waiting: number;
  /** Why nothing could be written the last time; null: it could. */
  readonly error: string | null;
}

/**
 * Where uploads are kept. Promises, so that a server database can take the place of the embedded one. A promise of `keep…`
 * fulfils when the entries are on the disk; it rejects with {@link Busy} when more wait than may, and with the engine's
 * error when they could not be written. Nothing of them is kept then.
 */
export interface AggregateStore {
  keepEvents(batch: EventBatch): Promise<Kept>;
  keepSummary(upload: SummaryUpload): Promise<Kept>;
  rollups(query: {
    readonly org: string;
    readonly granularity: 'hour' | 'day';
    readonly sinceTs: number;
    readonly model: string | null;
  }): Promise<readonly SumRow[]>;
  /** Sums per model over all time. */
  models(org: string): Promise<readonly Omit<SumRow, 'startTs'>[]>;
  /** One organisation, or all of them. */
  orgs(org: string | null): Promise<readonly OrgSums[]>;
  /** Events of a session in the order in which they happened. */
  session(org: string, sessionId: string): Promise<readonly StoredEvent[]>;
  /** Events of a stream after a number, in order. */
  events(query: {
    readonly org: string;
    readonly stream: string;
    readonly afterSeq: number;
    readonly limit: number;
  }): Promise<readonly StoredEvent[]>;
  streams(org: string): Promise<readonly StreamState[]>;
  /** The newest community summary of each stream within a span of time. */
  contributions(fromTs: number, toTs: number): Promise<readonly Contribution[]>;
  /** The report of a finished week as it was published; null: it was not. */
  publishedWeek(week: string): Promise<string | null>;
  publishWeek(week: string, json: string): Promise<void>;
  /** Forgets the content of events whose time is over. @returns how many */
  forget(nowTs: number): Promise<number>;
  status(): StoreStatus;
  close(): Promise<void>;
}

/** More waits than may. Nothing was kept; ask again after this time. */
export class Busy extends Error {
  override readonly name = 'Busy';
  readonly retryAfterS: number;

  constructor(retryAfterS: number) {
    super(`more entries wait to be written than may; ask again in ${retryAfterS} s`);
    this.retryAfterS = retryAfterS;
  }
}
