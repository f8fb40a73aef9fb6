import type { TrackerEvent } from '@ccp/contracts';
import { costOf } from '../cost/cost-of.ts';
import type { PriceMap } from '../cost/price-map.ts';
import { vendorOf } from '../meters/from-usage.ts';
import { exchangeId, rankOf } from '../report/report-turn.ts';

/** As much of a finished turn as the charts need. */
export interface PastTurn {
  /** What the same exchange is called in every record of it. */
  readonly id: string;
  /** Of two records of one exchange the higher one counts. */
  readonly rank: number;
  /** When it ended, epoch seconds. */
  readonly ts: number;
  readonly model: string;
  /** Null: it went through no shim. */
  readonly lane: string | null;
  /** By the name the meters have for it: claude, codex, glm, or the lane's own. */
  readonly provider: string;
  readonly source: string;
  readonly input: number;
  readonly output: number;
  readonly cacheWrite: number;
  readonly cacheRead: number;
  /** US dollars by list prices; null: no price. */
  readonly costUsd: number | null;
  /** Seconds that count toward speeds; null: it was not measured, or it failed. */
  readonly streamS: number | null;
  readonly dirtyS: number | null;
  readonly ttftMs: number | null;
  readonly features: number | null;
  /** Why its lane was chosen; null: not told. */
  readonly decision: string | null;
  readonly status: number | null;
  readonly ended: string | null;
  readonly rid: string | null;
}

/** A row as a turn; null: it is none, or does not say when it was. */
export function toPastTurn(event: TrackerEvent, prices: PriceMap): PastTurn | null {
  const { turn, measurement, decision, source = 'api' } = event;
  const id = exchangeId(event);
  if (turn?.ts === undefined || id === null) return null;
  const cacheWrite = turn.cache_write_tokens ?? 0;
  const cacheRead = turn.cache_read_tokens ?? 0;
  const tokens = { input: turn.tokens_in, output: turn.tokens_out, cacheWrite, cacheRead };
  const isWhole = turn.latency_ms !== null && (turn.ended === undefined || turn.ended === 'complete');
  const dirtyS = isWhole ? (turn.latency_ms ?? 0) / 1000 : null;
  const streamS = turn.stream_s ?? 0;
  return {
    id,
    rank: rankOf(source),
    ts: turn.ts,
    model: turn.model,
    lane: turn.lane ?? null,
    provider: turn.lane === undefined ? vendorOfModel(turn.model) : vendorOf(turn.lane),
    source,
    ...tokens,
    costUsd: costOf(turn.model, { ...tokens, cacheWrite1h: turn.cache_write_1h_tokens ?? 0 }, prices),
    dirtyS,
    streamS: dirtyS === null ? null : streamS > 0 ? streamS : dirtyS,
    ttftMs: isWhole ? (turn.ttft_ms ?? null) : null,
    features: measurement?.feature_delta ?? null,
    decision: decision?.reroute_decision ?? null,
    status: turn.status ?? null,
    ended: turn.ended ?? null,
    rid: turn.rid ?? null,
  };
}

function vendorOfModel(model: string): string {
  const name = model.toLowerCase();
  if (name.includes('claude')) return 'claude';
  if (name.startsWith('glm')) return 'glm';
  return name.startsWith('gpt') || name.includes('codex') ? 'codex' : 'other';
}
