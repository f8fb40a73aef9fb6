import type { Anomaly, LicenseState } from '@ccp/contracts';
import type { Problem } from '../../problem.ts';
import type { Advice } from '../advice/advise.ts';
import type { BufferStatus } from '../estimators/buffer.ts';
import type { LaneStanding, ModelEvents, Overview } from '../overview.ts';
import type { ModelSpeeds } from '../speeds.ts';

/**
 * Everything there is to see at one instant. Overlay, page and `preview --json` show these numbers and no others. It is
 * printed as it is, so its fields are snake_case with their units. Null: not known; never zero in its place.
 */
export interface Board {
  readonly board_schema: 'v1';
  /** When it was made (ISO 8601). */
  readonly at: string;
  /** IANA time zone of the person looking. */
  readonly tz: string;
  /** Of the shim. `none`: it does not answer, and no earlier answer is kept. */
  readonly state: 'live' | 'stale' | 'none';
  readonly shim: ShimFacts | null;
  readonly overview: Overview | null;
  /** Vendors' own bars, by provider, scope and length. */
  readonly meters: readonly MeterBar[];
  readonly speeds: readonly ModelSpeeds[];
  readonly routing: {
    readonly lanes: readonly LaneStanding[];
    readonly events: readonly ModelEvents[];
    /** The newest first, at most 20. */
    readonly decisions: readonly RoutingDecision[];
  };
  readonly windows: {
    /** Alphabetical. */
    readonly providers: readonly ProviderStanding[];
    /** The newest first, at most 50. */
    readonly rows: readonly WindowRow[];
  };
  readonly outcome: OutcomeFacts;
  /** As the shim tells it; null: it tells of none. */
  readonly license: LicenseState | null;
  /** Lanes that wait for an entitlement. */
  readonly gated_lanes: readonly { readonly lane: string; readonly reason: string }[];
  readonly advice: BoardAdvice;
  /** Where each part comes from. */
  readonly provenance: Readonly<Record<ProvenancePart, Provenance>>;
  readonly problems: readonly Problem[];
}

export interface ShimFacts {
  readonly source_url: string | null;
  /** Id of the counter run. */
  readonly epoch: string | null;
  readonly version: string | null;
  /** When its answer was received (ISO 8601), and how long ago. */
  readonly captured_at: string;
  readonly age_s: number;
  /** When it last read its configuration (epoch seconds). */
  readonly last_reload_ts: number | null;
  /** The oldest row kept of it (ISO 8601). */
  readonly tracked_since: string | null;
}

/** One bar of a vendor: what is used, what an even use would have used, and what stays free. Percentage points. */
export interface MeterBar {
  readonly provider: string;
  readonly account: string | null;
  readonly lane: string | null;
  /** `all`, or `model:<family>`. */
  readonly scope: string;
  readonly window_min: number | null;
  readonly used_pp: number | null;
  /** An even use would have taken as much by now. */
  readonly expected_pp: number | null;
  /** Used minus expected at the moment of the reading. */
  readonly ahead_pp: number | null;
  /** Used per expected; 1 is even. */
  readonly pace: number | null;
  readonly resets_at: string | null;
  readonly resets_in_s: number | null;
  readonly observed_at: string | null;
  readonly age_s: number | null;
  readonly source: string | null;
  /** One character for `source`: H header, Q get_usage, S statusline, C cache, P pane, O override, ~ estimate, … */
  readonly source_letter: string | null;
  readonly confidence: string | null;
  readonly buffer: {
    readonly status: BufferStatus;
    readonly reserve_pp: number;
    /** What the next window is taken to need; null: not known. */
    readonly need_pp: number | null;
    /** Left before the reserve begins; below 0: inside it. */
    readonly headroom_pp: number | null;
    readonly sentence: string;
  };
  /** What earlier windows took of this bar, oldest first. */
  readonly deltas_pp: readonly { readonly window: string; readonly delta_pp: number }[];
  /** Readings of the same window that are trusted less. */
  readonly others: readonly {
    readonly source: string;
    readonly used_pp: number | null;
    readonly observed_at: string;
  }[];
  readonly forecast: Forecast | null;
}

/** Where the bar may stand at its reset: an 80 % prediction interval from how it moved so far in this window. */
export interface Forecast {
  readonly low_pp: number;
  readonly mid_pp: number;
  /** Above 100: it may run out before. */
  readonly high_pp: number;
}

export interface RoutingDecision {
  /** When the turn was decided, or else ended (epoch seconds). */
  readonly at_ts: number;
  readonly model: string;
  readonly lane: string;
  /** Such as `pass_through` or `fallback`. */
  readonly decision: string;
  /** Null: the source does not tell. */
  readonly reason: string | null;
  /** What the client got; null: still running, or not told. */
  readonly status: number | null;
  /** How it ended; null: still running, or not told. */
  readonly ended: string | null;
  readonly ttft_ms: number | null;
  readonly rid: string | null;
}

/** What one provider's capacity bought. */
export interface ProviderStanding {
  readonly provider: string;
  readonly features: number | null;
  readonly capacity: number | null;
  readonly unit: string;
  /** Meter the capacity is of; null: none. */
  readonly field: string | null;
  /** Features per unit of capacity. */
  readonly efficiency: number | null;
  /** Fieller's set; `unbounded`: the windows do not bound it; null: too few of them. */
  readonly ci: { readonly lo: number; readonly hi: number } | 'unbounded' | null;
  /** Inflated for leverage, always bounded; null: too few windows. */
  readonly companion: { readonly lo: number; readonly hi: number } | null;
  readonly level: number;
  /** Weighted by quality; null: no window has one. */
  readonly e_q: number | null;
  /** Windows behind it. */
  readonly n: number;
  /** Chance to notice a change of 0.1. */
  readonly power: number | null;
  /** Windows for an interval of ± 0.05. */
  readonly n_needed: number | null;
  readonly left_out: readonly { readonly window: string; readonly why: string }[];
  /** The strictest of its bars; null: it has none. */
  readonly buffer: { readonly status: BufferStatus; readonly sentence: string } | null;
}

export interface WindowRow {
  readonly window: string;
  readonly finalized_at: string;
  readonly methodology: string | null;
  readonly outcome: string;
  readonly quality: number | null;
  readonly providers: readonly {
    readonly provider: string;
    readonly features: number | null;
    readonly capacity: number | null;
    readonly unit: string | null;
  }[];
  readonly notes: string;
}

export interface OutcomeFacts {
  /** Of the newest window that has one. */
  readonly quality: number | null;
  /** The window it is of. */
  readonly quality_source: string | null;
  /** The newest count of changed lines. */
  readonly churn: {
    readonly window: string;
    readonly provider: string | null;
    readonly files_changed: number | null;
    readonly insertions: number | null;
    readonly deletions: number | null;
    readonly net: number | null;
    readonly normalized_churn: number | null;
    readonly captured_at: string;
  } | null;
  /** The newest first, at most 20. */
  readonly anomalies: readonly Anomaly[];
  readonly anomalies_total: number;
  /** Mean complexity load score of the turns that have one, standard deviations. */
  readonly cls: number | null;
  /** Mean interaction minutes per feature. */
  readonly impf: number | null;
}

export interface BoardAdvice {
  /** The one to follow. */
  readonly sentence: string;
  readonly stance: Advice['stance'];
  /** One per provider. */
  readonly all: readonly Advice[];
  /** What to type after it. */
  readonly next: string;
  /** What is missing, and what to type for it; the first of each part. */
  readonly hints: readonly Hint[];
}

export interface Hint {
  readonly part: 'shim' | 'quotas' | 'speeds' | 'routing' | 'windows' | 'outcome' | 'license';
  readonly sentence: string;
  readonly next: string;
}

export type ProvenancePart = 'shim' | 'readings' | 'decisions' | 'windows' | 'churn' | 'anomalies';

export interface Provenance {
  readonly source: string;
  /** Of the newest row; null: there is none. */
  readonly observed_at: string | null;
  readonly age_s: number | null;
  readonly confidence: 'official' | 'local' | 'estimate';
  /** Rows it rests on. */
  readonly rows: number;
}
