import type { WindowRecord } from '@ccp/contracts';
import { fitTokensToPp } from './estimators/token-fit.ts';
import type { TokenRow } from './estimators/token-fit.ts';
import { unexplained } from './estimators/unexplained.ts';
import type { Unexplained } from './estimators/unexplained.ts';
import type { ReportTurn } from './report/report-turn.ts';
import { newestRecords } from './windows/points.ts';
import type { PointSet } from './windows/points.ts';

/** What a window took from a bar beside what the counted tokens account for, by a fit over the other windows. */
export interface WindowResidual {
  readonly window: string;
  /** Null: the others do not tell; `why` says what they lack. */
  readonly found: Unexplained | null;
  readonly why: string | null;
}

/** Models whose tokens a provider's bar counts. Bars of other providers are not fitted. */
const OWN_MODEL: Readonly<Record<string, RegExp>> = { claude: /claude/i, codex: /gpt|codex/i };

/**
 * Observed minus fitted percentage points of each window of one provider. Tokens are counted as quotas count them: cache
 * reads for nothing. A window is held against the fit of the others, since its own would pull the fit towards itself.
 */
export function windowResiduals(
  { provider, points }: PointSet,
  records: readonly WindowRecord[],
  turns: readonly ReportTurn[],
): readonly WindowResidual[] {
  const own = OWN_MODEL[provider];
  if (own === undefined) return [];
  const spans = new Map(newestRecords(records).map((record) => [record.window, spanOf(record, provider)]));
  const counted = turns.filter(({ model }) => own.test(model));
  const rows = points.flatMap(({ window, capacity }) => {
    const span = spans.get(window) ?? null;
    return span === null ? [] : [{ window, pp: capacity, tokens: tokensIn(counted, span) }];
  });
  return rows.map(({ window, ...row }): WindowResidual => {
    const fit = fitTokensToPp(rows.filter((other) => other.window !== window));
    const found = fit.ok ? unexplained(fit.value, row) : fit;
    return found.ok ? { window, found: found.value, why: null } : { window, found: null, why: found.problem.message };
  });
}

interface Span {
  readonly fromTs: number;
  readonly toTs: number;
}

/** From the reading before to the one after; null: one of the two has no time. */
function spanOf({ providers }: WindowRecord, provider: string): Span | null {
  const { before, after } = (providers?.[provider]?.captured_at ?? {}) as Readonly<Record<string, unknown>>;
  const [fromTs, toTs] = [before, after].map((at) => (typeof at === 'string' ? Date.parse(at) / 1000 : NaN));
  return fromTs !== undefined && toTs !== undefined && fromTs < toTs ? { fromTs, toTs } : null;
}

function tokensIn(turns: readonly ReportTurn[], { fromTs, toTs }: Span): TokenRow['tokens'] {
  const sums: Record<string, number> = {};
  for (const { ts, model, input, output, cacheWrite } of turns) {
    if (ts === null || ts <= fromTs || ts > toTs) continue;
    sums[model] = (sums[model] ?? 0) + input + output + cacheWrite;
  }
  return sums;
}
