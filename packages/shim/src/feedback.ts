import type { MeterReading } from '@ccp/contracts';
import type { Attempted } from './exchange.ts';
import type { MeterBook } from './meter/meter-book.ts';
import { readVendorMeters } from './meter/vendor-meters.ts';
import type { Calibration } from './quota/calibration.ts';
import type { Cooldown, Cooldowns, RestCause } from './quota/cooldown.ts';
import { hear } from './quota/hear.ts';
import type { Quotas } from './quota/quotas.ts';
import { isRolling } from './quota/vendor-window.ts';
import { providerSkewS } from './upstream/provider-clock.ts';
import type { Rejection } from './upstream/rejection.ts';

export interface FeedbackParts {
  readonly meters: MeterBook;
  readonly cooldowns: Cooldowns;
  readonly calibration: () => Calibration;
  /** Called after calibration may have learned. */
  readonly learned: () => void;
  readonly quotas: Quotas;
  readonly bookName: (model: string) => string;
  readonly nowTs: () => number;
  readonly cooldownBegan: (attempted: Attempted, cooldown: Cooldown) => void;
}

/**
 * What an answer's head says about its provider goes back to where it is needed, before the body is over: readings to the
 * meters, rejections and successes to the cooldowns, both to calibration.
 */
export function createFeedback(parts: FeedbackParts): (attempted: Attempted) => void {
  const { meters, cooldowns, quotas, nowTs } = parts;
  return (attempted) => {
    const { permit, answer, judgement } = attempted;
    const { accepted, config } = permit.routed;
    // Other requests have limits of their own, which say nothing about turns.
    if (answer !== null && accepted.op === 'messages') {
      const ts = nowTs();
      // Named one by one here and below: objects made by spreading others get a shape of their own each time.
      const lane = permit.lane.id;
      const model = parts.bookName(accepted.facts.model);
      const skewS = providerSkewS(answer.headers, ts);
      const told = readVendorMeters(answer.headers, { lane, model, observedTs: ts + skewS });
      const readings = skewS === 0 ? told : inOurTime(told, skewS);
      meters.record(readings);
      const began = hear(
        {
          lane,
          model,
          nowTs: ts,
          sentTs: permit.admittedTs,
          served: judgement.kind === 'ok',
          rejection: judgement.rejection === null ? null : causeOf(judgement.rejection),
          readings,
          blockOverage: permit.lane.overage === 'block',
        },
        cooldowns,
      );
      if (began !== null) parts.cooldownBegan(attempted, began);
      if (readings.length > 0 || judgement.rejection !== null) {
        const { verdict, limit } = quotas.standing(lane, model, config.quotas, ts);
        const predictedPct = limit === null || verdict.rolling.cap === null ? null : verdict.rolling.pct;
        const predicted = {
          predictedPct,
          rollingResetTs: predictedPct === null ? null : ts + verdict.etaRollingSec,
          weeklyResetTs: limit === null || verdict.weekly.cap === null ? null : ts + verdict.etaWeeklySec,
        };
        const place = { lane, model, observedTs: ts };
        calibrate(parts.calibration(), { place, readings, rejection: judgement.rejection, predicted });
        parts.learned();
      }
    }
    permit.releaseProbe?.();
  };
}

function inOurTime(readings: readonly MeterReading[], skewS: number): readonly MeterReading[] {
  const ours = (iso: string): string => new Date(Date.parse(iso) - skewS * 1000).toISOString();
  return readings.map((reading) => ({
    ...reading,
    observed_at: ours(reading.observed_at),
    ...(typeof reading.resets_at === 'string' && { resets_at: ours(reading.resets_at) }),
  }));
}

interface Evidence {
  readonly place: { readonly lane: string; readonly model: string; readonly observedTs: number };
  readonly readings: readonly MeterReading[];
  readonly rejection: Rejection | null;
  readonly predicted: {
    readonly predictedPct: number | null;
    readonly rollingResetTs: number | null;
    readonly weeklyResetTs: number | null;
  };
}

function calibrate(calibration: Calibration, { place, readings, rejection, predicted }: Evidence): void {
  for (const { meter, unit, value, limit, resets_at: resetsAt } of readings) {
    // Key limits refill all the time: only windows say what a plan holds.
    if (typeof value !== 'number' || (unit !== 'fraction' && unit !== 'percent')) continue;
    const share = unit === 'percent' ? value / (limit ?? 100) : value;
    const resetsTs = typeof resetsAt === 'string' ? Date.parse(resetsAt) / 1000 : null;
    calibration.reading({ ...place, meter, value: share, resetsTs, predictedPct: predicted.predictedPct });
  }
  if (rejection === null || !WINDOW_KINDS.has(rejection.kind)) return;
  const { predictedPct, rollingResetTs, weeklyResetTs } = predicted;
  for (const { meter, resetsTs } of rejection.windows) {
    // Each window is held against the prediction of the same window.
    const predictedResetTs = isRolling(meter) ? rollingResetTs : weeklyResetTs;
    calibration.rejected({ ...place, predictedPct, predictedResetTs, meter, resetsTs });
  }
}

const WINDOW_KINDS: ReadonlySet<string> = new Set(['five_hour', 'weekly', 'weekly_model']);

function causeOf({ kind, scope, endsTs, waitS, windows, reason }: Rejection): RestCause {
  return { kind, scope, endsTs, relative: waitS !== null, meters: windows.map(({ meter }) => meter), reason };
}
