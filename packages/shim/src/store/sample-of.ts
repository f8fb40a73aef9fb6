import type { Ended, Standing } from '../exchange.ts';
import type { MinuteDelta, Sample } from './db/sample.ts';
import type { Settled } from '../quota/reservation.ts';

/** What calibration says of a model on a lane. */
export interface CalibrationFields {
  readonly warnPctAuto: number | null;
  readonly confidence: number | null;
  readonly gapP50: number | null;
  readonly gapP95: number | null;
  readonly gapSamples: number;
}

export interface SampleContext {
  readonly ts: number;
  readonly epoch: string;
  readonly rerouteMode: string;
  readonly standing: Standing;
}

/** One finished turn as a row of the database. */
export function sampleOf(ended: Ended, { ts, epoch, rerouteMode, standing }: SampleContext): Sample {
  const { permit, tokens } = ended;
  const { accepted } = permit.routed;
  const { tally, calibration, headerMode } = standing;
  const dirtyS = ended.latencyMs / 1000;
  const streamS = ended.streamMs === null ? 0 : ended.streamMs / 1000;
  return {
    ts,
    rid: accepted.rid,
    epoch,
    model: tally.modelName,
    lane: permit.lane.id,
    op: tally.op,
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    cacheWriteTokens: tokens.cacheWrite,
    cacheReadTokens: tokens.cacheRead,
    usageKnown: ended.usageKnown,
    dirtyS,
    streamS: streamS > 0 ? streamS : dirtyS,
    ttftMs: ended.ttftMs === null ? null : Math.round(ended.ttftMs),
    status: ended.status,
    ended: ended.how,
    errType: ended.errType,
    decision: permit.decision,
    rerouteMode,
    warnPctAuto: calibration.warnPctAuto,
    gapSecondsP50: calibration.gapP50,
    gapSecondsP95: calibration.gapP95,
    gapSamples: calibration.gapSamples,
    upstream: permit.lane.origin,
    h2: false,
    headerMode,
    requestId: ended.requestId,
    sessionId: accepted.facts.sessionId,
    agentId: accepted.facts.agentId,
  };
}

/** What the same turn adds to the ledger; null when it was not counted there. */
export function minuteOf({ tokens, latencyMs }: Ended, settled: Settled | null, ts: number): MinuteDelta | null {
  if (settled === null) return null;
  const { lane, model, minute } = settled;
  const { input, output, cacheWrite, cacheRead } = tokens;
  return { lane, model, minute, firstTs: ts, input, output, cacheWrite, cacheRead, dirtyS: latencyMs / 1000, count: 1 };
}
