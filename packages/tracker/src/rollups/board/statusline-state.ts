import type { Board } from './board.ts';

/** As much of a board as a statusline shows: kept in `state/statusline.json` between its calls. */
export interface StatuslineState {
  readonly statusline_schema: 'v1';
  /** ISO 8601. */
  readonly at: string;
  readonly shim: Board['state'];
  readonly meters: readonly KeptMeter[];
  /** Output tokens per streaming second of each model, the busiest first. */
  readonly speeds: readonly { readonly model: string; readonly elr_out_tps: number | null }[];
  /** `rate_limits` of the statusline input that was recorded last, as text; null: none. */
  readonly recorded: string | null;
}

export interface KeptMeter {
  readonly scope: string;
  readonly window_min: number | null;
  readonly used_pp: number | null;
  readonly resets_at: string | null;
  readonly observed_at: string | null;
  readonly reserve_pp: number;
  /** What earlier windows took of it, percentage points. */
  readonly deltas_pp: readonly number[];
}

/** The state of a board; of meters those of Claude, whose statusline it is. */
export function statuslineState(board: Board, recorded: string | null): StatuslineState {
  return {
    statusline_schema: 'v1',
    at: board.at,
    shim: board.state,
    meters: board.meters
      .filter(({ provider }) => provider === 'claude')
      .map(({ scope, window_min, used_pp, resets_at, observed_at, buffer, deltas_pp: deltas }) => ({
        scope,
        window_min,
        used_pp,
        resets_at,
        observed_at,
        reserve_pp: buffer.reserve_pp,
        deltas_pp: deltas.map(({ delta_pp: delta }) => delta),
      })),
    speeds: board.speeds.map(({ model, elr_out_tps }) => ({ model, elr_out_tps })),
    recorded,
  };
}
