import type { Decision, UsageSample } from '@ccp/contracts';

/** One finished exchange of a router's archive. */
export interface ArchiveTurn {
  /** The same as when the turn is polled from the shim. */
  readonly key: string;
  /** When it ended, epoch seconds. */
  readonly ts: number;
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The rest of it, while its source is where it is. Read when asked for: what is in a journal already need not be. */
  readonly details: () => TurnDetails;
}

/** Turns of a part of an archive, by number. Nothing is made of one but what is asked for; all of it holds for that part. */
export interface ArchiveTurns extends Iterable<ArchiveTurn> {
  readonly length: number;
  tsOf(nth: number): number;
  modelOf(nth: number): string;
  inputTokensOf(nth: number): number;
  outputTokensOf(nth: number): number;
  /** Hashes its key, for sets of keys (see key-set.ts). */
  hashKeyOf(nth: number): void;
  detailsOf(nth: number): TurnDetails;
}

export interface TurnDetails {
  /** As the router itself would list it. */
  readonly sample: UsageSample;
  /** What its log or database says of why its lane was chosen; empty: nothing. */
  readonly decision: Decision;
}

/** A record of an archive, before one knows whether it is a turn. */
export type Fields = Readonly<Record<string, unknown>>;

/** Why a record that can be read is no turn, in words that follow a count. */
export const PASSED = ['decision lines', 'early stream lines', 'seeds', 'other requests'] as const;
export type Passed = (typeof PASSED)[number];

export type Judged =
  | { readonly kind: 'turn'; readonly turn: ArchiveTurn }
  | { readonly kind: 'passed'; readonly why: Passed }
  | { readonly kind: 'bad'; readonly why: string };
