import type { UsageSample } from '@ccp/contracts';
import type { SqlRow, SqlValue } from './sqlite.ts';

/** One finished exchange, as stored. */
export interface Sample {
  /** When it ended, epoch seconds. */
  readonly ts: number;
  readonly rid: string;
  /** Id of the counter run; empty in rows of older writers. */
  readonly epoch: string;
  readonly model: string;
  readonly lane: string;
  readonly op: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheWriteTokens: number;
  readonly cacheReadTokens: number;
  readonly usageKnown: boolean;
  readonly dirtyS: number;
  readonly streamS: number;
  readonly ttftMs: number | null;
  readonly status: number;
  readonly ended: string;
  readonly errType: string;
  readonly decision: string;
  readonly rerouteMode: string;
  readonly warnPctAuto: number | null;
  readonly gapSecondsP50: number | null;
  readonly gapSecondsP95: number | null;
  readonly gapSamples: number;
  readonly upstream: string;
  readonly h2: boolean;
  readonly headerMode: string;
  readonly requestId: string | null;
  readonly sessionId: string | null;
  readonly agentId: string | null;
}

/** What a request adds to the minute that quotas count it in. */
export interface MinuteDelta {
  readonly lane: string;
  readonly model: string;
  /** Minutes since the epoch. */
  readonly minute: number;
  /** Epoch seconds of its first request. */
  readonly firstTs: number;
  readonly input: number;
  readonly output: number;
  readonly cacheWrite: number;
  readonly cacheRead: number;
  readonly dirtyS: number;
  readonly count: number;
}

/** What tells one exchange from another: its own in every row. */
export const OWN_COLUMNS = [
  'ts',
  'rid',
  'input_tokens',
  'output_tokens',
  'dirty_s',
  'stream_s',
  'ttft_ms',
  'cache_write_tokens',
  'cache_read_tokens',
  'request_id',
] as const;

/** What many exchanges in a row have in common. */
export const COMMON_COLUMNS = [
  'model',
  'lane',
  'op',
  'status',
  'err_type',
  'decision',
  'reroute_mode',
  'warn_pct_auto',
  'gap_seconds_p50',
  'gap_seconds_p95',
  'gap_samples',
  'upstream',
  'h2',
  'header_mode',
  'epoch',
  'usage_known',
  'ended',
  'session_id',
  'agent_id',
] as const;

/** How the quota stood when a sample was let in, where its decision has the form of many others. */
export const DECIDED_COLUMNS = ['decided_rolling', 'decided_weekly', 'decided_pending', 'decided_need'] as const;
/** The form of the decision; null: the decision lies in a table of its own. */
export const FORM_COLUMN = 'decision_form';

/** Adds the values of {@link OWN_COLUMNS}, in their order. */
export function ownValuesOf(sample: Sample, values: SqlValue[]): void {
  values.push(
    sample.ts,
    sample.rid,
    amount(sample.inputTokens),
    amount(sample.outputTokens),
    amount(sample.dirtyS),
    amount(sample.streamS),
    sample.ttftMs,
    amount(sample.cacheWriteTokens),
    amount(sample.cacheReadTokens),
    sample.requestId,
  );
}

/** Adds the values of {@link COMMON_COLUMNS}, in their order. */
export function commonValuesOf(sample: Sample, values: SqlValue[]): void {
  values.push(
    sample.model,
    sample.lane,
    sample.op,
    sample.status,
    sample.errType,
    sample.decision,
    sample.rerouteMode,
    sample.warnPctAuto,
    sample.gapSecondsP50,
    sample.gapSecondsP95,
    sample.gapSamples,
    sample.upstream,
    sample.h2 ? 1 : 0,
    sample.headerMode,
    sample.epoch,
    sample.usageKnown ? 1 : 0,
    sample.ended,
    sample.sessionId,
    sample.agentId,
  );
}

/** True: two samples have the same values in {@link COMMON_COLUMNS}. */
export function isAlike(a: Sample, b: Sample): boolean {
  return (
    a.model === b.model &&
    a.lane === b.lane &&
    a.op === b.op &&
    a.status === b.status &&
    a.ended === b.ended &&
    a.errType === b.errType &&
    a.decision === b.decision &&
    a.usageKnown === b.usageKnown &&
    a.sessionId === b.sessionId &&
    a.agentId === b.agentId &&
    a.warnPctAuto === b.warnPctAuto &&
    a.gapSecondsP50 === b.gapSecondsP50 &&
    a.gapSecondsP95 === b.gapSecondsP95 &&
    a.gapSamples === b.gapSamples &&
    a.rerouteMode === b.rerouteMode &&
    a.upstream === b.upstream &&
    a.h2 === b.h2 &&
    a.headerMode === b.headerMode &&
    a.epoch === b.epoch
  );
}

/** All columns, in the order of {@link valuesOf}. */
export const SAMPLE_COLUMNS: readonly string[] = [...OWN_COLUMNS, ...COMMON_COLUMNS];

export function valuesOf(sample: Sample): SqlValue[] {
  const values: SqlValue[] = [];
  ownValuesOf(sample, values);
  commonValuesOf(sample, values);
  return values;
}

/** What can be added up; 0 for what is no amount: one such value would spoil its sums for good. */
export function amount(value: unknown): number {
  return isAmount(value) ? value : 0;
}

export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity;
}

/** The same of a column, inside SQL. */
export function amountSql(column: string): string {
  return `(CASE WHEN ${column} BETWEEN 0 AND ${Number.MAX_VALUE} THEN ${column} ELSE 0 END)`;
}

/** A row as this program, an older one or a hand wrote it: columns may be missing, null or no amounts. */
export function sampleOf(row: SqlRow): Sample {
  const text = (name: string): string => (typeof row[name] === 'string' ? row[name] : '');
  const number = (name: string): number => amount(row[name]);
  const numberOrNull = (name: string): number | null => (isAmount(row[name]) ? row[name] : null);
  const textOrNull = (name: string): string | null => (typeof row[name] === 'string' ? row[name] : null);
  const dirtyS = number('dirty_s');
  const streamS = number('stream_s');
  const tokens = number('input_tokens') + number('output_tokens');
  return {
    ts: typeof row['ts'] === 'number' ? row['ts'] : 0,
    rid: text('rid'),
    epoch: text('epoch'),
    model: text('model'),
    lane: text('lane'),
    op: text('op'),
    inputTokens: number('input_tokens'),
    outputTokens: number('output_tokens'),
    cacheWriteTokens: number('cache_write_tokens'),
    cacheReadTokens: number('cache_read_tokens'),
    // Older writers did not say: zero tokens are then no evidence of zero.
    usageKnown: typeof row['usage_known'] === 'number' ? row['usage_known'] !== 0 : tokens > 0,
    dirtyS,
    streamS: streamS > 0 ? streamS : dirtyS,
    // Older writers put 0 where nothing was streamed.
    ttftMs: number('ttft_ms') > 0 ? number('ttft_ms') : null,
    status: number('status'),
    ended: textOrNull('ended') ?? endedOf(text('err_type')),
    errType: text('err_type'),
    decision: text('decision'),
    rerouteMode: text('reroute_mode'),
    warnPctAuto: numberOrNull('warn_pct_auto'),
    gapSecondsP50: numberOrNull('gap_seconds_p50'),
    gapSecondsP95: numberOrNull('gap_seconds_p95'),
    gapSamples: number('gap_samples'),
    upstream: text('upstream'),
    h2: number('h2') !== 0,
    headerMode: text('header_mode'),
    requestId: textOrNull('request_id'),
    sessionId: textOrNull('session_id'),
    agentId: textOrNull('agent_id'),
  };
}

/** How an exchange ended, from the only trace older writers left of it. */
export function endedOf(errType: string): string {
  if (errType === 'idle_timeout' || errType === 'timeout') return 'timeout';
  if (errType === 'net') return 'failed';
  return errType === 'stream_error' ? 'error_in_stream' : 'complete';
}

export function usageSampleOf(sample: Sample): UsageSample {
  return {
    ts: sample.ts,
    rid: sample.rid,
    epoch: sample.epoch,
    model: sample.model,
    lane: sample.lane,
    op: sample.op,
    input_tokens: sample.inputTokens,
    output_tokens: sample.outputTokens,
    cache_write_tokens: sample.cacheWriteTokens,
    cache_read_tokens: sample.cacheReadTokens,
    usage_known: sample.usageKnown,
    dirty_s: sample.dirtyS,
    stream_s: sample.streamS,
    ttft_ms: sample.ttftMs,
    status: sample.status,
    ended: sample.ended,
    err_type: sample.errType,
    decision: sample.decision,
    reroute_mode: sample.rerouteMode,
    warn_pct_auto: sample.warnPctAuto,
    gap_seconds_p50: sample.gapSecondsP50,
    gap_seconds_p95: sample.gapSecondsP95,
    gap_samples: sample.gapSamples,
    upstream: sample.upstream,
    h2: sample.h2,
    header_mode: sample.headerMode,
    request_id: sample.requestId,
    session_id: sample.sessionId,
    agent_id: sample.agentId,
  };
}

/**
 * The minute a sample counts in when it is read back from a log. A failure counts as far as the provider reported
 * tokens; null: not at all.
 */
export function minuteOf(sample: Sample): MinuteDelta | null {
  if (!sample.usageKnown && (sample.status >= 400 || sample.status < 100)) return null;
  return {
    lane: sample.lane,
    model: sample.model,
    minute: Math.floor(sample.ts / 60),
    firstTs: sample.ts,
    input: sample.inputTokens,
    output: sample.outputTokens,
    cacheWrite: sample.cacheWriteTokens,
    cacheRead: sample.cacheReadTokens,
    dirtyS: sample.dirtyS,
    count: 1,
  };
}
