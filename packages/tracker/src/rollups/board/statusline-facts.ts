import { bufferVerdict } from '../estimators/buffer.ts';
import type { BufferStatus } from '../estimators/buffer.ts';
import type { KeptMeter, StatuslineState } from './statusline-state.ts';

/** What one statusline says. Null: not known. */
export interface StatuslineFacts {
  readonly bars: readonly StatuslineBar[];
  /** Of the model in use, else of the busiest one. */
  readonly elr_out_tps: number | null;
  /** Of the strictest bar. */
  readonly buffer: { readonly status: BufferStatus; readonly headroom_pp: number | null } | null;
  /** How old the kept part is; null: nothing is kept. */
  readonly kept_age_s: number | null;
}

export interface StatuslineBar {
  readonly window_min: 300 | 10_080;
  readonly used_pp: number;
  readonly resets_in_s: number | null;
}

/** What Claude Code hands to its statusline, as far as it is known here. */
export interface StatuslineInput {
  readonly model?: { readonly id?: unknown };
  readonly rate_limits?: Readonly<Record<string, unknown>>;
}

const WINDOWS = [
  { key: 'five_hour', window_min: 300 },
  { key: 'seven_day', window_min: 10_080 },
] as const;

/** The input first, which is of now; where it says nothing, what is kept, as long as its window is not over. */
export function statuslineFacts(
  input: StatuslineInput | null,
  kept: StatuslineState | null,
  nowTs: number,
): StatuslineFacts {
  const bars: (StatuslineBar & { readonly meter: KeptMeter | undefined })[] = [];
  for (const { key, window_min } of WINDOWS) {
    // Several accounts are told apart by lanes: then the fullest is the safe one.
    const meter = (kept?.meters ?? [])
      .filter((one) => one.window_min === window_min && one.scope === 'all')
      .toSorted((a, b) => (b.used_pp ?? -1) - (a.used_pp ?? -1))[0];
    const told = toldOf(input?.rate_limits?.[key]) ?? keptOf(meter);
    if (told === null) continue;
    const left = told.resetsTs === null ? null : told.resetsTs - nowTs;
    if (left !== null && left <= 0) continue;
    bars.push({ window_min, used_pp: told.usedPp, resets_in_s: left, meter });
  }
  return {
    bars: bars.map(({ window_min, used_pp, resets_in_s }) => ({ window_min, used_pp, resets_in_s })),
    elr_out_tps: speedOf(input, kept),
    buffer: strictest(bars),
    kept_age_s: kept === null ? null : Math.max(0, nowTs - Date.parse(kept.at) / 1000),
  };
}

interface Told {
  readonly usedPp: number;
  /** Epoch seconds. */
  readonly resetsTs: number | null;
}

function toldOf(window: unknown): Told | null {
  if (typeof window !== 'object' || window === null) return null;
  const { used_percentage: used, resets_at: resets } = window as Readonly<Record<string, unknown>>;
  if (typeof used !== 'number' || !(used >= 0 && used <= 1000)) return null;
  return { usedPp: used, resetsTs: typeof resets === 'number' && Number.isFinite(resets) ? resets : null };
}

function keptOf(meter: KeptMeter | undefined): Told | null {
  if (meter === undefined || meter.used_pp === null) return null;
  const resetsMs = meter.resets_at === null ? Number.NaN : Date.parse(meter.resets_at);
  return { usedPp: meter.used_pp, resetsTs: Number.isNaN(resetsMs) ? null : resetsMs / 1000 };
}

function speedOf(input: StatuslineInput | null, kept: StatuslineState | null): number | null {
  const id = input?.model?.id;
  const speeds = kept?.speeds ?? [];
  const own = typeof id === 'string' ? speeds.find(({ model }) => model === id) : undefined;
  return (own ?? (typeof id === 'string' ? undefined : speeds[0]))?.elr_out_tps ?? null;
}

const STRICT: readonly BufferStatus[] = ['at-limit', 'inside-buffer', 'no-data', 'indeterminate', 'ok'];

function strictest(
  bars: readonly (StatuslineBar & { readonly meter: KeptMeter | undefined })[],
): StatuslineFacts['buffer'] {
  const verdicts = bars.map(({ used_pp: used, meter }) => {
    const { status, limit_pp: limit } = bufferVerdict({
      current_pp: used,
      deltas_pp: meter?.deltas_pp ?? [],
      ...(meter !== undefined && { reserve_pp: meter.reserve_pp }),
    });
    return { status, headroom_pp: limit - used };
  });
  return (
    verdicts.toSorted(
      (a, b) => STRICT.indexOf(a.status) - STRICT.indexOf(b.status) || a.headroom_pp - b.headroom_pp,
    )[0] ?? null
  );
}
