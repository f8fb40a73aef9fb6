import type { Ended } from '../exchange.ts';
import { opName } from './counters.ts';
import type { MinuteDelta, Sample } from './db/sample.ts';
import type { Settled } from '../quota/quotas.ts';

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
  readonly model: string;
  readonly rerouteMode: string;
  readonly headerMode: string;
  readonly calibration: CalibrationFields;
}

/** One finished turn as a row of the database. */
export function sampleOf(ended: Ended, context: SampleContext): Sample {
  const { permit, tokens } = ended;
  const { accepted } = permit.routed;
  const dirtyS = ended.latencyMs / 1000;
  const streamS = ended.streamMs === null ? 0 : ended.streamMs / 1000;
  return {
    ts: context.ts,
    rid: accepted.rid,
    epoch: context.epoch,
    model: context.model,
    lane: permit.lane.id,
    op: opName(accepted.op, accepted.facts.stream),
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
    rerouteMode: context.rerouteMode,
    warnPctAuto: context.calibration.warnPctAuto,
    gapSecondsP50: context.calibration.gapP50,
    gapSecondsP95: context.calibration.gapP95,
    gapSamples: context.calibration.gapSamples,
    upstream: permit.lane.origin,
    h2: false,
    headerMode: context.headerMode,
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
