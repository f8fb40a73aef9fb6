import type { Accepted, Attempted, Ended, Permit, Refusal, Routed, Trail, Wire } from './exchange.ts';
import type { Visit } from './quota/visits.ts';
import type { UpstreamAnswer } from './upstream/answer.ts';

/** What each stage does; `app.ts` supplies them. */
export interface Stages {
  /** 2. Model → ordered lanes. */
  route(accepted: Accepted): Routed;
  /** 3. Which lanes to ask, in order, and the right to try one of them, or why not. */
  visits(routed: Routed, trail: Trail): Iterable<Visit>;
  admit(routed: Routed, visit: Visit, trail: Trail, wire: Wire): Promise<Permit | Refusal>;
  /** 4. One attempt, until its first bytes are here. Nothing is relayed yet. */
  forward(permit: Permit, wire: Wire): Promise<Attempted>;
  /** 5. Relay and meter; resolves when the body is over. */
  relay(attempted: Attempted & { readonly answer: UpstreamAnswer }, wire: Wire): Promise<Ended>;
  /** 5'. There is nothing to relay: the shim answers itself, in the provider's shape. */
  answerFailure(attempted: Attempted, wire: Wire): Ended;
  answerRefusal(refusals: readonly [Refusal, ...Refusal[]], wire: Wire): Ended;
  /** 6. Into the books: an attempt without result, one that a surprise ended, a refusal, the end of an exchange. */
  recordAttempt(attempted: Attempted): void;
  abandon(permit: Permit): void;
  recordRefusal(ended: Ended): void;
  record(ended: Ended): void;
}

/**
 * One exchange, left to right: accepted → route → [each attempt: admit → forward] → relay + meter → record.
 * Other lanes may be tried until the first byte is relayed, never after.
 */
export async function carry(stages: Stages, accepted: Accepted, wire: Wire): Promise<void> {
  const routed = stages.route(accepted);
  const tried: Attempted[] = [];
  const refused: Refusal[] = [];
  for (const visit of stages.visits(routed, { tried, refused })) {
    const permit = await stages.admit(routed, visit, { tried, refused }, wire);
    if ('refused' in permit) {
      refused.push(permit);
      continue;
    }
    const attempted = await orAbandon(stages, permit, () => stages.forward(permit, wire));
    if (wire.outgoing.destroyed || !isPutAside(attempted, tried.length > 0, !visit.isLast)) {
      discard(tried);
      return finish(stages, attempted, wire);
    }
    attempted.answer?.pause();
    stages.recordAttempt(attempted);
    tried.push(attempted);
  }
  const [first, ...others] = tried;
  discard(others);
  if (first !== undefined) return finish(stages, first, wire);
  const [refusal, ...more] = refused;
  if (refusal !== undefined) stages.recordRefusal(stages.answerRefusal([refusal, ...more], wire));
}

/** A failure waits while another lane may do better; the last one's too, for the client is owed the first lane's error. */
function isPutAside({ judgement, permit }: Attempted, othersFailed: boolean, hasNext: boolean): boolean {
  if (judgement.kind === 'ok' || judgement.kind === 'cancelled') return false;
  return othersFailed || (hasNext && judgement.tryNext && permit.routed.config.catalog.features.fallback);
}

async function finish(stages: Stages, attempted: Attempted, wire: Wire): Promise<void> {
  const { answer, permit } = attempted;
  await orAbandon(stages, permit, async () => {
    const ended = answer && (await stages.relay({ ...attempted, answer }, wire));
    stages.record(ended ?? stages.answerFailure(attempted, wire));
  }).finally(() => answer?.abort('unneeded'));
}

/** A surprise must not keep the lane's slot and the tokens set aside. */
function orAbandon<T>(stages: Stages, permit: Permit, step: () => Promise<T>): Promise<T> {
  return step().catch((error: unknown) => {
    stages.abandon(permit);
    throw error;
  });
}

function discard(attempts: readonly Attempted[]): void {
  for (const { answer } of attempts) answer?.abort('unneeded');
}
