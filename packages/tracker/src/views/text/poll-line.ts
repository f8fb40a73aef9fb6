import { printable } from '../../printable.ts';
import type { Overview } from '../../rollups/overview.ts';
import { compact, wholePct } from './numbers.ts';
import { VERDICTS } from './verdicts.ts';

/** One reading in one line: when, the worst verdict, traffic and lanes. */
export function pollLine({ captured_at, quotas, totals, models, lanes }: Overview): string {
  const usable = lanes.filter((lane) => lane.usable).length;
  return printable(
    [
      captured_at,
      worstVerdict(quotas),
      models.length === 1 ? '1 model' : `${models.length} models`,
      `${compact(totals.requests)} requests`,
      `${compact(totals.input_tokens)} in`,
      `${compact(totals.output_tokens)} out`,
      ...(lanes.length > 0 ? [`${usable}/${lanes.length} lanes usable`] : []),
    ].join('  '),
  );
}

function worstVerdict([worst]: Overview['quotas']): string {
  if (worst === undefined) return 'no caps';
  const pct = Math.max(worst.rolling.pct ?? 0, worst.weekly.pct ?? 0);
  const { mark, word } = VERDICTS[worst.verdict];
  return `${mark} ${word.toUpperCase()} ${worst.model} ${wholePct(pct)}`;
}
