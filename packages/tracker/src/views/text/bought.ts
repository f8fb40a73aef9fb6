import { nameShown } from '../../printable.ts';
import type { Bought } from '../../rollups/bought.ts';
import type { Interval } from '../../rollups/estimators/interval.ts';
import type { LedgerPoint } from '../../rollups/windows/points.ts';
import type { WindowResidual } from '../../rollups/window-tokens.ts';
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
      `  quality-weighted   ${four(q.estimate)} over ${q.n} windows${qualityText(one)}`,
      `  power to see ±${decimals(one.effect)}: ${decimals(one.power)}; windows for ±${decimals(one.effect / 2)}: ${one.windows_needed ?? 'n/a'}`,
      ...one.residuals.map(residualLine),
      ...one.left_out.map(({ window, why }) => `  left out: ${nameShown(window)} (${why})`),
    ];
  });
}

/** Where the qualities come from, and what has none. */
function qualityText({ points, quality_efficiency: q }: Bought): string {
  const by = (source: LedgerPoint['quality_source']): number =>
    points.filter(({ quality_source: own }) => own === source).length;
  const [said, churn, maturing] = [by('override'), by('churn'), by('maturing')];
  const sources = [...(churn > 0 ? [`${churn} by churn`] : []), ...(said > 0 ? [`${said} by override`] : [])];
  const young = maturing > 0 ? `, ${maturing} of them maturing` : '';
  return (
    (sources.length > 0 ? ` (quality: ${sources.join(', ')})` : '') +
    (q.withoutQuality > 0 ? `; ${q.withoutQuality} without a quality left out${young}` : '') +
    (q.onAnotherScale > 0 ? `; ${q.onAnotherScale} with a quality outside 0.5 to 1 left out` : '')
  );
}

/** What the bar took beside what is known of, for one window. */
function residualLine({ window, found, why }: WindowResidual): string {
  if (found === null) return `  unexplained in ${nameShown(window)}: not told, ${why ?? 'for no reason given'}`;
  const { unexplainedPp: pp, loPp, hiPp, isBeyondChance } = found;
  const words = isBeyondChance ? 'beyond chance: something off this machine took from the bar' : 'within chance';
  return `  unexplained in ${nameShown(window)}: ${decimals(pp)} pp [${decimals(loPp)}, ${decimals(hiPp)}], ${words}`;
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
