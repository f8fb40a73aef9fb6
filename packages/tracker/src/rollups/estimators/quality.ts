import { efficiency } from './efficiency.ts';
import type { Efficiency, EfficiencyOptions } from './efficiency.ts';
import { usablePoints } from './window-point.ts';
import type { WindowPoint } from './window-point.ts';

const WORST = 0.5;
const BEST = 1;

/**
 * E_q = Σ(features·quality)/Σcapacity over the windows that have both. Quality is 1 − normalised churn over 14 days, clamped
 * to [0.5, 1].
 */
export interface QualityEfficiency extends Efficiency {
  /** Windows with capacity left out of both sums because their quality is not known, such as those still maturing. */
  readonly withoutQuality: number;
  /** Windows left out because theirs is not in [0.5, 1]: it is on another scale, such as a rubric from 1 to 5. */
  readonly onAnotherScale: number;
}

/** Quality-weighted features per unit of capacity, with the intervals of `efficiency`. Throws as that does. */
export function qualityEfficiency(points: readonly WindowPoint[], options: EfficiencyOptions = {}): QualityEfficiency {
  const usable = usablePoints(points);
  let withoutQuality = 0;
  let onAnotherScale = 0;
  const weighted = usable.flatMap((point): WindowPoint[] => {
    const { quality = null, features } = point;
    if (quality === null) {
      withoutQuality += 1;
      return [];
    }
    if (quality < WORST || quality > BEST) {
      onAnotherScale += 1;
      return [];
    }
    return [{ ...point, features: features * quality }];
  });
  const result = efficiency(weighted, options);
  return { ...result, withoutCapacity: points.length - usable.length, withoutQuality, onAnotherScale };
}
