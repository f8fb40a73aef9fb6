import type { WindowRecord } from '@ccp/contracts';
import type { Reading } from '../reading.ts';
import { bufferVerdict } from './estimators/buffer.ts';
import type { BufferStatus, BufferVerdict } from './estimators/buffer.ts';
import { bestReadings } from './meters/best-reading.ts';
import type { BestReading } from './meters/best-reading.ts';
import { paceOf } from './meters/pace.ts';
import type { Pace } from './meters/pace.ts';
import { fieldOfMeter } from './windows/meter-field.ts';
import { newestRecords } from './windows/points.ts';

/** One meter of a vendor, whether the next window fits into it, and what that rests on. */
export interface MeterStanding {
  readonly provider: string;
  /** Hash of the account; null: not known. */
  readonly account: string | null;
  /** Only where lanes may be accounts of one provider; else null. */
  readonly lane: string | null;
  readonly scope: string;
  readonly window_min: number | null;
  /** The reading gone by; null: none holds now. */
  readonly reading: Reading | null;
  /** Of the same window, but less to be trusted; the best first. */
  readonly others: readonly Reading[];
  readonly age_s: number | null;
  readonly pace: Pace | null;
  readonly verdict: BufferVerdict;
  /** What earlier windows took of this meter, percentage points, oldest first. */
  readonly deltas_pp: readonly { readonly window: string; readonly delta_pp: number }[];
}

export interface StandingQuestion {
  readonly readings: readonly Reading[];
  readonly records: readonly WindowRecord[];
  /** Epoch seconds. */
  readonly nowTs: number;
  /** Percentage points kept free. Default 10. */
  readonly reservePp?: number;
  /** What the next window needs; absent: taken from earlier windows. */
  readonly needPp?: number;
}

/** Every meter that has a bar, by provider, scope and length. */
export function standings({ readings, records, nowTs, reservePp, needPp }: StandingQuestion): readonly MeterStanding[] {
  const newest = newestRecords(records);
  return bestReadings(readings, nowTs)
    .filter(({ best, voided }) => hasBar(best) || voided.some(({ reading }) => hasBar(reading)))
    .map(({ key, best, age_s: age, others }: BestReading) => {
      const deltas = deltasOf(newest, key.provider, fieldOfMeter(key.provider, key.scope, key.window_min));
      const verdict = bufferVerdict({
        current_pp: best?.used_pp ?? null,
        deltas_pp: deltas.map(({ delta_pp: delta }) => delta),
        ...(reservePp !== undefined && { reserve_pp: reservePp }),
        ...(needPp !== undefined && { need_pp: needPp }),
      });
      return {
        provider: key.provider,
        account: key.account,
        lane: key.lane,
        scope: key.scope,
        window_min: key.window_min,
        reading: best,
        others,
        age_s: age,
        pace: best === null ? null : paceOf(best, nowTs),
        verdict,
        deltas_pp: deltas,
      };
    });
}

/** The verdict that decides: one full meter stops a window, however empty the others are. */
export function worstStatus(all: readonly MeterStanding[]): BufferStatus {
  const order: readonly BufferStatus[] = ['at-limit', 'inside-buffer', 'no-data', 'indeterminate', 'ok'];
  return order.find((status) => all.some(({ verdict }) => verdict.status === status)) ?? 'no-data';
}

/** Prompts and tokens have no share of a bar, so no percentage point is kept free of them. */
function hasBar(reading: Reading | null): boolean {
  return typeof reading?.used_pp === 'number' && reading.scope !== 'overage';
}

function deltasOf(
  records: readonly WindowRecord[],
  provider: string,
  field: string | null,
): MeterStanding['deltas_pp'] {
  if (field === null) return [];
  return records.flatMap(({ window, providers }) => {
    const delta = providers?.[provider]?.delta?.[field];
    return typeof delta === 'number' && delta >= 0 ? [{ window, delta_pp: delta }] : [];
  });
}
