import type { WindowRecord } from '@ccp/contracts';
import type { Bought } from '../bought.ts';
import type { Interval } from '../estimators/interval.ts';
import { worstStatus } from '../standing.ts';
import type { MeterStanding } from '../standing.ts';
import { newestRecords } from '../windows/points.ts';
import type { ProviderStanding, WindowRow } from './board.ts';

const MOST_ROWS = 50;

/** What each provider's capacity bought, and whether the next window fits. */
export function providerStandings(
  all: readonly Bought[],
  standings: readonly MeterStanding[],
): readonly ProviderStanding[] {
  return all.map((one) => {
    const { provider, unit, field, efficiency: found, quality_efficiency: weighted } = one;
    return {
      provider,
      features: found.n === 0 ? null : found.sumFeatures,
      capacity: found.n === 0 ? null : found.sumCapacity,
      unit,
      field,
      efficiency: found.estimate,
      ci: found.fieller.kind === 'unbounded' ? 'unbounded' : endsOf(found.fieller),
      companion: endsOf(found.deltaT),
      level: found.level,
      e_q: weighted.estimate,
      n: found.n,
      power: one.power,
      n_needed: one.windows_needed,
      left_out: one.left_out,
      buffer: bufferOf(standings.filter((standing) => standing.provider === provider)),
    };
  });
}

function endsOf(interval: Interval): { readonly lo: number; readonly hi: number } | null {
  return interval.kind === 'bounded' ? { lo: interval.lo, hi: interval.hi } : null;
}

function bufferOf(standings: readonly MeterStanding[]): ProviderStanding['buffer'] {
  if (standings.length === 0) return null;
  const status = worstStatus(standings);
  const deciding = standings.find(({ verdict }) => verdict.status === status);
  return { status, sentence: deciding?.verdict.sentence ?? '' };
}

/** Finished windows, the newest first. */
export function windowRowsOf(records: readonly WindowRecord[]): readonly WindowRow[] {
  return newestRecords(records)
    .toReversed()
    .slice(0, MOST_ROWS)
    .map((row) => ({
      window: row.window,
      finalized_at: row.finalized_at,
      methodology: row.methodology ?? null,
      outcome: row.outcome ?? 'unknown',
      quality: row.quality_score ?? row.quality ?? null,
      providers: Object.keys({ ...row.providers, ...row.features })
        .toSorted()
        .map((provider) => ({
          provider,
          features: row.features?.[provider] ?? null,
          capacity: row.providers?.[provider]?.capacity ?? null,
          unit: row.providers?.[provider]?.capacity_unit ?? null,
        })),
      notes: (row.notes ?? '').trim(),
    }));
}
