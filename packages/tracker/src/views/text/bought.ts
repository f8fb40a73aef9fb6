import { nameShown } from '../../printable.ts';
import type { Bought } from '../../rollups/bought.ts';
import type { Interval } from '../../rollups/estimators/interval.ts';
import { decimals } from './window-preview.ts';

/** What each provider's capacity bought, for people: the estimate, three intervals, and what would make them narrower. */
export function boughtLines(all: readonly Bought[]): string[] {
  return all.flatMap((one) => {
    const { provider, unit, efficiency: e, quality_efficiency: q } = one;
    const per = `features per ${unit === 'prompts' ? 'prompt' : unit}`;
    const level = `${Math.round(e.level * 100)} %`;
    return [
      `${nameShown(provider)}: ${four(e.estimate)} ${per} over ${e.n} windows (${decimals(e.sumFeatures)} features, ${decimals(e.sumCapacity)} ${unit})`,
      `  ${level} Fieller      ${intervalText(e.fieller)}`,
      `  ${level} delta-t      ${intervalText(e.deltaT)}   (inflated for leverage; always bounded)`,
      `  ${level} bootstrap-t  ${intervalText(e.bootstrapT)}   (cross-check)`,
      `  quality-weighted   ${four(q.estimate)} over ${q.n} windows${q.withoutQuality > 0 ? `; ${q.withoutQuality} without a quality left out` : ''}`,
      `  power to see ±${decimals(one.effect)}: ${decimals(one.power)}; windows for ±${decimals(one.effect / 2)}: ${one.windows_needed ?? 'n/a'}`,
      ...one.left_out.map(({ window, why }) => `  left out: ${nameShown(window)} (${why})`),
    ];
  });
}

/** `[0.12, 0.31]`, an open set in words, or why there is none. */
export function intervalText(interval: Interval): string {
  if (interval.kind === 'bounded') return `[${four(interval.lo)}, ${four(interval.hi)}]`;
  if (interval.kind === 'none') return `none: ${interval.reason}`;
  switch (interval.shape) {
    case 'whole-line':
      return `unbounded: ${interval.reason}`;
    case 'complement':
      return `unbounded: at most ${four(interval.below)} or at least ${four(interval.above)}`;
    case 'at-least':
      return `unbounded: at least ${four(interval.end)}`;
    default:
      return `unbounded: at most ${four(interval.end)}`;
  }
}

function four(value: number | null): string {
  return value === null ? 'n/a' : value.toFixed(4);
}
