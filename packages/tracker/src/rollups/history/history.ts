/**
 * The past, cut into spans for charts. It is printed as it is, so its fields are snake_case with their units. Lists named
 * like a measure have one value per span; null: nothing was measured then, never zero in its place.
 */
export interface History {
  readonly history_schema: 'v1';
  /** When it was made (ISO 8601). */
  readonly at: string;
  /** IANA time zone of the hours of the day. */
  readonly tz: string;
  readonly range: Range;
  readonly filters: { readonly provider: string | null; readonly window: string | null };
  /** What can be filtered by: every provider and window there is. */
  readonly choices: { readonly providers: readonly string[]; readonly windows: readonly WindowSpan[] };
  /** Turns in the range, and how many of them no journal holds (the shim told of them). */
  readonly rows: { readonly turns: number; readonly unkept: number; readonly readings: number };
  /** Start of each span, epoch seconds. */
  readonly ts: readonly number[];
  readonly turns: readonly number[];
  readonly tokens: TokenSeries;
  readonly speeds: { readonly elr_out_tps: Series; readonly dirty_out_tps: Series };
  readonly ttft: { readonly p50_ms: Series; readonly p90_ms: Series; readonly p99_ms: Series };
  readonly cost_usd: Series;
  readonly totals: Totals;
  /** The most tokens first. */
  readonly models: readonly ModelPast[];
  readonly heat: Heat;
  readonly meters: readonly MeterTrack[];
  readonly timeline: Timeline;
  readonly outcomes: { readonly quality: readonly QualityPoint[]; readonly churn: readonly ChurnPoint[] };
  /** Day of the list prices. */
  readonly price_map: string;
}

export type Series = readonly (number | null)[];

export interface Range {
  /** `1h`, `5h`, `24h`, `7d`, `30d`, `window` or `own`. */
  readonly name: string;
  /** Epoch seconds, on the edges of spans. */
  readonly since_ts: number;
  readonly until_ts: number;
  /** Length of a span. */
  readonly step_s: number;
}

export interface WindowSpan {
  readonly window: string;
  /** When its meters were read first and last, or it was finished; null: not known. Epoch seconds. */
  readonly since_ts: number | null;
  readonly until_ts: number;
}

export interface TokenSeries {
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly cache_write: readonly number[];
  readonly cache_read: readonly number[];
}

export interface TokenTotals {
  readonly input: number;
  readonly output: number;
  readonly cache_write: number;
  readonly cache_read: number;
}

export interface Totals {
  readonly turns: number;
  readonly tokens: TokenTotals;
  /** Of the turns that have a price; null: none has. */
  readonly cost_usd: number | null;
  readonly unpriced_turns: number;
  readonly elr_out_tps: number | null;
  readonly dirty_out_tps: number | null;
  readonly ttft_p50_ms: number | null;
  readonly ttft_p90_ms: number | null;
  readonly ttft_p99_ms: number | null;
  /** Turns behind the rates. */
  readonly timed: number;
  /** Features the turns say they added; null: none says. */
  readonly features: number | null;
}

export interface ModelPast extends Totals {
  readonly model: string;
  readonly lanes: readonly string[];
  /** Share of all tokens in the range, 0 to 1. */
  readonly share: number;
  /** Output tokens per span. */
  readonly output: readonly number[];
  /** Features per US dollar of list price; null: one of the two is not known. */
  readonly features_per_usd: number | null;
}

/** Hours of the local day by weekday: seven rows, Monday first, of 24. */
export interface Heat {
  readonly turns: readonly (readonly number[])[];
  readonly tokens: readonly (readonly number[])[];
  readonly elr_out_tps: readonly Series[];
  readonly ttft_p50_ms: readonly Series[];
}

export interface MeterTrack {
  readonly provider: string;
  readonly account: string | null;
  /** Told apart only where one provider is reached over several lanes. */
  readonly lane: string | null;
  readonly scope: string;
  readonly window_min: number | null;
  /** The last reading of each span; oldest first. */
  readonly points: readonly {
    readonly ts: number;
    readonly used_pp: number;
    readonly source: string;
    readonly resets_at: string | null;
  }[];
}

export interface Timeline {
  /** Turns in the range that went another way than the preferred one, or failed; the newest first, at most 200. */
  readonly marks: readonly Mark[];
  /** The same, what followed each other alike taken together; at most 60. */
  readonly runs: readonly MarkRun[];
  /** How many of each kind. */
  readonly kinds: Readonly<Record<MarkKind, number>>;
}

export type MarkKind = 'fallback' | 'reroute' | 'refused' | 'cut';

export interface Mark {
  readonly ts: number;
  readonly kind: MarkKind;
  readonly model: string;
  readonly lane: string | null;
  /** Lane that was tried before; null: none, or not told. */
  readonly from_lane: string | null;
  readonly decision: string | null;
  /** In words; null: not told. Only the shim's live events tell it. */
  readonly reason: string | null;
  readonly status: number | null;
  readonly ended: string | null;
  readonly rid: string | null;
}

/** Marks alike, one after the other; its own fields are those of the newest. */
export interface MarkRun extends Mark {
  readonly count: number;
  /** When the first of them ended, epoch seconds. */
  readonly first_ts: number;
}

export interface QualityPoint {
  readonly window: string;
  readonly at: string;
  /** 0 to 1. */
  readonly quality: number;
  readonly outcome: string;
}

export interface ChurnPoint {
  readonly window: string;
  readonly at: string;
  readonly provider: string | null;
  readonly insertions: number | null;
  readonly deletions: number | null;
  readonly features: number | null;
  /** Lines changed per feature. */
  readonly normalized_churn: number | null;
}

/** What is asked for. */
export interface HistoryQuestion {
  /** Epoch seconds. */
  readonly nowTs: number;
  readonly range: string;
  readonly sinceTs?: number;
  readonly untilTs?: number;
  readonly provider: string | null;
  readonly window: string | null;
}
