/** What is known of one provider when advice is asked for: results of other rollups. Null: not known. */
export interface AdviceFacts {
  readonly provider: string;
  /** Its fullest meter, or the one the verdict is about. */
  readonly meter: MeterFacts | null;
  readonly buffer: BufferFacts | null;
  readonly runOut: RunOutFacts | null;
  readonly efficiency: EfficiencyFacts | null;
}

export interface MeterFacts {
  /** Such as `weekly` or `5h`. */
  readonly name: string;
  readonly used_pp: number;
  /** Seconds since it was observed. */
  readonly age_s: number;
  readonly confidence: string;
  /** Seconds. */
  readonly resets_in_s: number | null;
  /** Used per expected; 1 is even. */
  readonly pace: number | null;
}

/** Whether another window fits below the reserve. */
export interface BufferFacts {
  readonly verdict: 'go' | 'stop' | 'unknown';
  /** Upper quantile of what a window uses, percentage points. */
  readonly window_pp: number | null;
  /** Kept free, percentage points. */
  readonly reserve_pp: number;
  /** Windows behind the quantile. */
  readonly n: number;
}

export interface RunOutFacts {
  /** That the next window ends on a full bar, 0 to 1. */
  readonly probability: number;
  readonly n: number;
}

export interface EfficiencyFacts {
  /** Features per `unit`. */
  readonly value: number;
  readonly unit: string;
  readonly interval: { readonly lo: number; readonly hi: number } | 'unbounded' | null;
  readonly n: number;
}
