import type { Accepted, Attempted, Ended, Permit, Refusal, Wire } from './exchange.ts';
import { failure, FAILURES, type Failure } from './failure.ts';
import type { Stages } from './pipeline.ts';
import { answerFailure } from './http/answer-failure.ts';
import type { ConfigSnapshot } from './config/catalog.ts';
import type { ConfigStore } from './config/config-store.ts';
import { relay } from './meter/relay.ts';
import { admit, type AdmitOptions } from './quota/admit.ts';
import { visits } from './quota/visits.ts';
import { chooseLanes, type LaneChoice, type RoutePolicy } from './route/choose-lanes.ts';
import type { Recorder } from './store/recorder.ts';
import { steadyMs } from './steady-clock.ts';
import { forward, type ForwardOptions } from './upstream/forward.ts';

export interface StageParts {
  readonly config: ConfigStore;
  readonly policy: RoutePolicy;
  readonly admission: AdmitOptions;
  readonly forwarding: ForwardOptions;
  readonly recorder: Recorder;
  /** Told of every attempt's answer: of a refusal before another lane is tried. */
  readonly heard: (attempted: Attempted) => void;
  /** Does a piece of work when this turn of the event loop has served everybody. */
  readonly afterTurn: (work: () => void) => void;
}

/** Binds each stage to its parts. The order of the stages is in pipeline.ts. */
export function createStages(parts: StageParts): Stages {
  const { config, policy, admission, forwarding, recorder, heard, afterTurn } = parts;
  const choose = rememberedChoice(policy);
  return {
    route: (accepted) => {
      const snapshot = config.current();
      return { accepted, config: snapshot, choice: choose(accepted, snapshot) };
    },
    visits: (routed, trail) => visits(routed.choice.lanes.length, trail),
    admit: async (routed, visit, trail, { outgoing }) => {
      const onGone = (leave: () => void): unknown => outgoing.once('close', leave);
      const permit = await admit({ routed, visit, trail, onGone }, admission);
      if ('refused' in permit) recorder.blocked(permit);
      else recorder.announce(permit);
      return permit;
    },
    forward: async (permit, wire) => {
      const attempted = await forward(permit, wire, forwarding);
      if (attempted.judgement.kind === 'ok') afterTurn(() => heard(attempted));
      else heard(attempted);
      return attempted;
    },
    relay: async (attempted, { outgoing }) => {
      const own = ownHeaders(attempted.permit, attempted.answer.requestId);
      const ended = await relay(attempted, outgoing, own, afterTurn);
      return ended.requestId === null ? { ...ended, requestId: mintedId(ended.permit) } : ended;
    },
    recordAttempt: (attempted) => recorder.attemptFailed(attempted),
    record: (ended) => recorder.ended(ended),
    abandon: (permit) => recorder.abandoned(permit),
    recordRefusal: (ended) => recorder.refused(ended),
    answerFailure: ({ permit, failure: reason }, wire) => answerItself(permit, wire, reason ?? UNEXPLAINED),
    answerRefusal: (refusals, wire) => {
      const { permit, refused } = soonest(refusals);
      return answerItself(permit, wire, refused);
    },
  };
}

/** The same question under the same configuration has the same answer; agents ask it thousands of times. */
function rememberedChoice(policy: RoutePolicy): (accepted: Accepted, snapshot: ConfigSnapshot) => LaneChoice {
  const bySnapshot = new WeakMap<ConfigSnapshot, Map<string, LaneChoice>>();
  return ({ facts }, snapshot) => {
    const { model, stream } = facts;
    const subagent = facts.agentId !== null;
    let choices = bySnapshot.get(snapshot);
    if (choices === undefined) bySnapshot.set(snapshot, (choices = new Map()));
    const key = `${stream ? 's' : ''}${subagent ? 'a' : ''}\n${model}`;
    let choice = choices.get(key);
    if (choice === undefined) {
      if (choices.size >= MOST_CHOICES) choices.clear();
      choice = chooseLanes({ model, stream, subagent }, snapshot, policy);
      choices.set(key, choice);
    }
    return choice;
  };
}

/** The client is told of the lane that has room again first. */
function soonest(refusals: readonly [Refusal, ...Refusal[]]): Refusal {
  const waitS = ({ refused }: Refusal): number => Number(refused.headers?.['retry-after'] ?? Infinity);
  return refusals.reduce((best, one) => (waitS(one) < waitS(best) ? one : best));
}

const MOST_CHOICES = 500;
const UNEXPLAINED = failure('internal', 'The attempt ended without a reason.');

function answerItself(permit: Permit, { outgoing }: Wire, reason: Failure): Ended {
  const gone = outgoing.destroyed;
  answerFailure(outgoing, reason, ownHeaders(permit, null));
  return failedEnd(permit, reason, gone);
}

/** What the shim adds to an answer: which lane, why, and the ids to find it again. */
function ownHeaders(permit: Permit, requestId: string | null): string[] {
  const { rid } = permit.routed.accepted;
  const headers = [
    'x-ccp-lane',
    permit.lane.id,
    'x-ccp-decision',
    permit.decision,
    'x-ccp-rid',
    rid,
    'x-ccp-quota',
    permit.reservation.verdict.verdict,
  ];
  // Clients write the request id into their transcripts: it is the key that joins theirs to ours.
  if (requestId === null) headers.push('request-id', mintedId(permit));
  return headers;
}

function mintedId({ routed }: Permit): string {
  return `req_ccp_${routed.accepted.rid}`;
}

function failedEnd(permit: Permit, reason: Failure, gone: boolean): Ended {
  const { accepted } = permit.routed;
  const { status } = FAILURES[reason.code];
  return {
    permit,
    status: gone ? CLIENT_CLOSED : status,
    how: gone ? 'cancelled' : status === 504 ? 'timeout' : 'failed',
    tokens: { input: 0, output: 0, cacheWrite: 0, cacheRead: 0 },
    usageKnown: false,
    latencyMs: steadyMs() - accepted.atMs,
    streamMs: null,
    ttftMs: null,
    errType: gone ? 'client_gone' : reason.code,
    requestId: mintedId(permit),
    rejection: null,
  };
}

/** As nginx logs a client that left before there was an answer. */
const CLIENT_CLOSED = 499;
