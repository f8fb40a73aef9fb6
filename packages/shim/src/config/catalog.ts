import type { FeatureFlags } from './feature-flags.ts';
import type { ConfigProblem } from './config-problem.ts';
import type { Timeouts } from './settings.ts';

/** One provider with one credential: a way a request may take. Holds a secret: never print a lane. */
export interface Lane {
  readonly id: string;
  /** Without a trailing slash and without `/v1/messages`. */
  readonly baseUrl: string;
  readonly origin: string;
  readonly basePath: string;
  /** The client's own credential goes upstream. */
  readonly passThrough: boolean;
  readonly headerMode: 'x-api-key' | 'authorization';
  /** The lane's key, or (pass-through) the bearer used when the client sent none. Null: no credential of our own. */
  readonly credential: string | null;
  /** Why the lane can't be used for lack of a key; null when it can. */
  readonly keyProblem: string | null;
  readonly modelMap: readonly { readonly pattern: string; readonly model: string }[];
  /** Requests in flight at most; null: no limit. */
  readonly concurrency: number | null;
  /** Whether requests may go there while the provider bills beyond the plan. */
  readonly overage: 'allow' | 'block';
  /** US dollars per million tokens; null: none given. */
  readonly price: Weights | null;
  /** Entitlement the license must carry; null: none. */
  readonly requires: string | null;
  readonly timeouts: Timeouts;
}

export interface Route {
  readonly pattern: string;
  readonly lane: string;
  /** Null: later routes that match the model serve as fallbacks. An empty list: none. */
  readonly fallback: readonly string[] | null;
  readonly when: RouteCondition | null;
  /** Left out: the user wrote it. The others are asked only for models that no route of the user's matches. */
  readonly origin?: 'policy' | 'default';
}

export interface RouteCondition {
  readonly subagent?: boolean;
  readonly stream?: boolean;
}

/** What providers.yaml says, validated and frozen. */
export interface Catalog {
  /** `<built-in>` when no file exists. */
  readonly path: string;
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly routes: readonly Route[];
  readonly features: FeatureFlags;
  readonly loadedTs: number;
  /** Kept but not used, or used with a doubt. */
  readonly warnings: readonly ConfigProblem[];
}

/** What quotas.json says, validated and frozen. */
export interface QuotaConfig {
  /** Empty when no file exists. */
  readonly path: string;
  readonly rollingSeconds: number;
  readonly weeklySeconds: number;
  readonly limits: readonly ModelLimit[];
  readonly loadedTs: number;
  readonly warnings: readonly ConfigProblem[];
}

/** Tokens per type. `input` excludes what was read from or written to the prompt cache. */
export interface Weights {
  readonly input: number;
  readonly output: number;
  readonly cacheWrite: number;
  readonly cacheRead: number;
}

export interface ModelLimit {
  /** Model name or glob, as written in the file. */
  readonly model: string;
  /** Lane it applies to; null: every lane. */
  readonly lane: string | null;
  /** Null: no cap. */
  readonly rollingTokens: number | null;
  /** `hours` is shown and never enforced: only tokens block. */
  readonly weeklyType: 'tokens' | 'hours';
  readonly weeklyValue: number | null;
  readonly warnPct: number | null;
  readonly weights: Weights;
  /** Epoch seconds of a known reset of the week; `vendor`: as the provider's headers say, once they do; null: it slides. */
  readonly weeklyAnchor: number | 'vendor' | null;
  /** What is set aside for a request's output until its usage is known. */
  readonly reserve: 'learned' | 'max_tokens';
}

/** One consistent configuration. Requests in flight keep the one they started with. */
export interface ConfigSnapshot {
  readonly catalog: Catalog;
  readonly quotas: QuotaConfig;
  readonly manualModel: string | null;
}
