/** A change of a file the user edits, and why. It is shown and never written. */
export type Suggestion = QuotaSuggestion | RouteSuggestion;

interface Reasoned {
  /** What was measured, with its numbers. */
  readonly evidence: string;
  /** `official`: the vendor said it; `estimate`: fitted, with the interval in the evidence. */
  readonly confidence: 'official' | 'local' | 'estimate';
}

export interface QuotaSuggestion extends Reasoned {
  readonly file: 'quotas.json';
  /** Entry of `models`. */
  readonly model: string;
  readonly key: 'rolling_tokens' | 'weekly_limit_value' | 'warn_pct';
  readonly value: number;
}

export interface RouteSuggestion extends Reasoned {
  readonly file: 'providers.yaml';
  /** Place in `routes`. */
  readonly route: number;
  readonly provider: string;
  readonly fallback: readonly string[];
}

/** Something measured that was not enough for a suggestion, and what is missing. */
export interface Withheld {
  readonly about: string;
  readonly reason: string;
}

export interface Suggested {
  readonly suggestions: readonly Suggestion[];
  readonly withheld: readonly Withheld[];
}
