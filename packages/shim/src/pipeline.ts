import type { Accepted, Attempted, Ended, Permit, Routed } from './exchange.ts';
import { failure, type Failure } from './failure.ts';
import type { UpstreamAnswer } from './upstream/answer.ts';

/** What each stage does; `app.ts` supplies them. */
export interface Stages {
  /** 2. Model → ordered lanes. */
  route(accepted: Accepted): Routed;
  /** 3. The right to try one lane, or why not. `tried` holds the attempts that came to nothing. */
  admit(routed: Routed, index: number, tried: readonly Attempted[]): Promise<Permit | Failure>;
  /** 4. One attempt, until its first bytes are here. Nothing is relayed yet. */
  forward(permit: Permit): Promise<Attempted>;
  /** 5. Relay and meter; resolves when the body is over. */
  relay(attempted: Attempted & { readonly answer: UpstreamAnswer }): Promise<Ended>;
  /** 6. Into the books: an attempt that came to nothing, and the end of the exchange. */
  recordAttempt(attempted: Attempted): void;
  record(ended: Ended): void;
  /** Answers a failure of the shim's own, in the provider's shape. */
  answerFailure(accepted: Accepted, reason: Failure, permit: Permit | null): Ended | null;
}

/**
 * One exchange, left to right: accepted → route → [each attempt: admit → forward] → relay + meter → record.
 * Other lanes may be tried until the first byte is relayed, never after.
 */
export async function carry(stages: Stages, accepted: Accepted): Promise<void> {
  const routed = stages.route(accepted);
  const { lanes } = routed.choice;
  const tried: Attempted[] = [];
  let refusal: Failure | null = null;
  for (let index = 0; index < lanes.length; index += 1) {
    const permit = await stages.admit(routed, index, tried);
    if ('code' in permit) {
      refusal ??= permit;
      continue;
    }
    const attempted = await stages.forward(permit);
    const mayTryNext = attempted.judgement.tryNext && routed.config.catalog.features.fallback;
    // The last lane's failure is put aside too: the client is owed the first lane's error, not the last one's.
    if (mayTryNext && (index + 1 < lanes.length || tried.length > 0) && !accepted.outgoing.destroyed) {
      attempted.answer?.pause();
      stages.recordAttempt(attempted);
      tried.push(attempted);
      continue;
    }
    discard(tried);
    return finish(stages, attempted);
  }
  const [first, ...others] = tried;
  discard(others);
  if (first !== undefined) return finish(stages, first);
  stages.answerFailure(accepted, refusal ?? noLane(routed), null);
}

async function finish(stages: Stages, attempted: Attempted): Promise<void> {
  const { answer, failure: reason, permit } = attempted;
  if (answer !== null) {
    stages.record(await stages.relay({ ...attempted, answer }));
    return;
  }
  const ended = stages.answerFailure(
    permit.routed.accepted,
    reason ?? failure('internal', 'The attempt ended without a reason.'),
    permit,
  );
  if (ended !== null) stages.record(ended);
}

function discard(attempts: readonly Attempted[]): void {
  for (const { answer } of attempts) answer?.abort('unneeded');
}

function noLane(routed: Routed): Failure {
  const { choice, accepted } = routed;
  const why = choice.skipped.map((item) => `${item.lane}: ${item.reason}`).join('; ');
  return failure(
    'no_usable_lane',
    `No lane can take the model "${accepted.facts.model}" (${why || choice.reason}). See GET /v1/readyz.`,
  );
}
