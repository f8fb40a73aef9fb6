import type { TrackerEvent, UsageEvent, UsageSample } from '@ccp/contracts';
import type { RoutingDecision } from './board.ts';

const MOST = 20;

/** A finished turn as the shim lists it. */
export function decisionOfSample(sample: UsageSample): RoutingDecision {
  return {
    at_ts: sample.ts,
    model: sample.model,
    lane: sample.lane,
    decision: sample.decision ?? '',
    reason: null,
    status: sample.status,
    ended: sample.ended ?? null,
    ttft_ms: sample.ttft_ms || null,
    rid: sample.rid,
  };
}

/** A turn as it is kept in windows.jsonl; null: the row is no turn, or does not say when it was. */
export function decisionOfTurn({ turn, decision }: TrackerEvent): RoutingDecision | null {
  if (turn?.ts === undefined || turn.lane === undefined) return null;
  return {
    at_ts: turn.ts,
    model: turn.model,
    lane: turn.lane,
    decision: decision?.reroute_decision ?? '',
    reason: null,
    status: turn.status ?? null,
    ended: turn.ended ?? null,
    ttft_ms: turn.ttft_ms ?? null,
    rid: turn.rid ?? null,
  };
}

/** One line of the shim's event stream; the decision when it is taken, and again when the answer has ended. */
export function decisionOfEvent(event: UsageEvent): RoutingDecision {
  const isRunning = event.event === 'decision' || event.status < 0;
  const { rejection_kind: rejection, fallback_from: from, decision_reason: why } = event;
  const away = from === null || from === undefined ? null : `${from} refused${rejection ? ` (${rejection})` : ''}`;
  return {
    at_ts: event.ts,
    model: event.model,
    lane: event.lane,
    decision: event.decision ?? '',
    reason: why || away || event.reason || null,
    status: isRunning ? null : event.status,
    ended: isRunning ? null : (event.ended ?? null),
    ttft_ms: event.ttft_ms ?? null,
    rid: event.rid,
  };
}

/** Each turn once, as it was told last, the newest first. What an earlier telling knew and a later one does not stays. */
export function newestDecisions(...told: readonly (readonly RoutingDecision[])[]): readonly RoutingDecision[] {
  const kept = new Map<string, RoutingDecision>();
  for (const one of told.flat()) {
    const key = one.rid ?? JSON.stringify([one.at_ts, one.model, one.lane]);
    const before = kept.get(key);
    kept.set(key, before === undefined ? one : later(before, one));
  }
  return [...kept.values()].toSorted((a, b) => b.at_ts - a.at_ts).slice(0, MOST);
}

function later(a: RoutingDecision, b: RoutingDecision): RoutingDecision {
  const [old, now] = b.status === null && a.status !== null ? [b, a] : [a, b];
  return {
    ...now,
    decision: now.decision || old.decision,
    reason: now.reason ?? old.reason,
    ttft_ms: now.ttft_ms ?? old.ttft_ms,
  };
}
