import type { Speeds, Usage } from '@ccp/contracts';

/** Speeds of one model over the rolling window. Null: nothing was measured. */
export interface ModelSpeeds {
  readonly model: string;
  /** Requests behind the rates. */
  readonly samples: number;
  /** Output tokens per streaming second. */
  readonly elr_out_tps: number | null;
  /** Output tokens per wall-clock second. */
  readonly dirty_out_tps: number | null;
  readonly ttft_p50_ms: number | null;
  readonly ttft_p90_ms: number | null;
  readonly ttft_p99_ms: number | null;
  /** Output tokens per streaming second by hour of the day, 24 values; null: too few samples in that hour. */
  readonly hourly_elr_out_tps: readonly (number | null)[];
  /** The three fastest hours of the day that have enough samples, the fastest first. */
  readonly best_hours: readonly { readonly hour: number; readonly elr_out_tps: number }[];
  /** IANA time zone of the hours. */
  readonly tz: string | null;
}

/** Speeds per model, in the given order. */
export function toSpeeds({ models }: Usage, order: readonly string[]): readonly ModelSpeeds[] {
  return order.flatMap((model) => {
    const usage = models[model];
    return usage === undefined ? [] : [toModelSpeeds(model, usage.speeds, usage.reqs)];
  });
}

function toModelSpeeds(model: string, speeds: Speeds, requests: number): ModelSpeeds {
  const samples = speeds.rolling_samples ?? requests;
  const { p50, p90, p99 } = speeds.ttft_ms ?? {};
  const hours = hoursOf(speeds);
  return {
    model,
    samples,
    elr_out_tps: samples > 0 ? speeds.rolling.out_elr_tps : null,
    dirty_out_tps: samples > 0 ? speeds.rolling.out_dirty_tps : null,
    ttft_p50_ms: measured(p50),
    ttft_p90_ms: measured(p90),
    ttft_p99_ms: measured(p99),
    hourly_elr_out_tps: hours,
    best_hours: bestHours(hours),
    tz: speeds.tz ?? null,
  };
}

/** Older shims write 0 where nothing was streamed; no first token ever came in 0 ms. */
function measured(ms: number | null | undefined): number | null {
  return ms === undefined || ms === 0 ? null : ms;
}

function hoursOf({ hod_elr_out_tps: smoothed, hourly }: Speeds): readonly (number | null)[] {
  const hours = Array.from({ length: 24 }, (): number | null => null);
  const bins =
    smoothed?.map((tps, hour) => ({ hour, tps })) ?? hourly?.map(({ hour, out_elr_tps: tps }) => ({ hour, tps })) ?? [];
  for (const { hour, tps } of bins) if (hour in hours) hours[hour] = tps ?? null;
  return hours;
}

function bestHours(hours: readonly (number | null)[]): ModelSpeeds['best_hours'] {
  return hours
    .flatMap((tps, hour) => (tps === null ? [] : [{ hour, elr_out_tps: tps }]))
    .toSorted((a, b) => b.elr_out_tps - a.elr_out_tps || a.hour - b.hour)
    .slice(0, 3);
}
