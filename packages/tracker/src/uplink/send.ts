import type { UploadAnswer } from '@ccp/contracts';
import type { Outcome, Problem } from '../problem.ts';
import { MOST_EVENTS, nextBatch } from './batch.ts';
import type { Batch } from './batch.ts';
import { judge, waitMs } from './judge.ts';
import type { Judgement, Reply } from './judge.ts';
import type { Queue } from './queue.ts';
import type { QueueRow } from './queue-row.ts';
import type { SeqRange, StateFile } from './uplink-state.ts';

/** What the way to the aggregator needs of the world. */
export interface Sender {
  readonly queue: Queue;
  readonly state: StateFile;
  readonly post: (batch: Batch) => Promise<Reply>;
  /** Keeps rows the aggregator will never take, with why. */
  readonly setAside: (rows: readonly { readonly row: QueueRow; readonly reason: string }[]) => Promise<Outcome<null>>;
  readonly nowMs: () => number;
  readonly random: () => number;
  /** Resolves after a time, or at once when it is to stop. */
  readonly pause: (ms: number) => Promise<void>;
  readonly stopped: () => boolean;
}

export interface Sent {
  readonly sent: number;
  /** Of them, how many the aggregator had already. */
  readonly duplicates: number;
  readonly rejected: number;
  readonly retries: number;
  /** Rows that still wait. */
  readonly pending: number;
  /** Why they wait, and what has to be known besides. */
  readonly problems: readonly Problem[];
}

/**
 * Sends what waits, oldest first, one request at a time, until nothing does, time is up or somebody has to act. A row counts
 * as sent when the aggregator says that it is on its disk; until then it is sent again.
 */
export async function sendQueue(sender: Sender, untilMs: number): Promise<Outcome<Sent>> {
  const { queue, state, nowMs } = sender;
  let [sent, duplicates, rejected, retries, failures] = [0, 0, 0, 0, 0];
  let most = MOST_EVENTS;
  let gaps: readonly SeqRange[] = [];
  const problems: Problem[] = [];
  const waiting = new Waiting(queue);
  const askedMs = Date.parse(state.read().not_before ?? '') - nowMs();
  if (askedMs > 0 && nowMs() + askedMs > untilMs) {
    const { pending } = queue.status(state.read().acked_seq);
    const verdict = { kind: 'retry', reason: 'it asked us to wait', afterMs: askedMs } as const;
    return {
      ok: true,
      value: { sent, duplicates, rejected, retries, pending, problems: [waitingFor(verdict, askedMs)] },
    };
  }
  if (askedMs > 0) await sender.pause(askedMs);
  for (;;) {
    const batch = nextBatch(waiting.after(state.read().acked_seq), most);
    if (batch === null || sender.stopped()) break;
    const verdict = judge(await sender.post(batch), nowMs());
    if (verdict.kind === 'kept') {
      const kept = await settle(sender, batch, verdict.answer);
      if (!kept.ok) return kept;
      sent += batch.rows.length;
      duplicates += verdict.answer.duplicates;
      rejected += verdict.answer.rejected?.length ?? 0;
      gaps = verdict.answer.missing ?? [];
      failures = 0;
      continue;
    }
    if (verdict.kind === 'smaller' && batch.rows.length > 1) {
      most = Math.max(1, Math.floor(batch.rows.length / 2));
      continue;
    }
    failures += 1;
    const wait = verdict.kind === 'retry' ? waitMs(failures, verdict.afterMs, sender.random) : Infinity;
    const mayWait = nowMs() + wait <= untilMs;
    const problem = waitingFor(verdict, mayWait ? null : wait);
    const noted = await state.change((now) => ({
      ...now,
      retries_total: now.retries_total + (mayWait ? 1 : 0),
      last_problem: { at: new Date(nowMs()).toISOString(), message: problem.message },
      not_before: verdict.kind === 'retry' && verdict.afterMs !== null ? new Date(nowMs() + wait).toISOString() : null,
    }));
    if (!noted.ok) return noted;
    if (!mayWait) {
      problems.push(problem);
      break;
    }
    retries += 1;
    await sender.pause(wait);
  }
  const replayed = await replay(sender, gaps);
  if (!replayed.ok) return replayed;
  problems.push(...replayed.value);
  const { pending } = queue.status(state.read().acked_seq);
  return { ok: true, value: { sent, duplicates, rejected, retries, pending, problems } };
}

/** The rows that wait, each read from the file once. */
class Waiting {
  readonly #queue: Queue;
  #source: Generator<QueueRow> | null = null;
  #held: QueueRow[] = [];

  constructor(queue: Queue) {
    this.#queue = queue;
  }

  /** Some rows after a number; none: there are none. */
  after(seq: number): readonly QueueRow[] {
    this.#held = this.#held.filter((row) => row.seq > seq);
    // A reader sees what was there when it began; what came since needs another one.
    for (const source of [this.#source, null]) {
      this.#source = source ?? this.#queue.rows(this.#held.at(-1)?.seq ?? seq);
      while (this.#held.length < MOST_EVENTS) {
        const { done, value } = this.#source.next();
        if (done === true) break;
        this.#held.push(value);
      }
      if (this.#held.length > 0) break;
    }
    return this.#held;
  }
}

/** Rows that can't be kept are set aside first: a row is never nowhere. */
async function settle(sender: Sender, batch: Batch, answer: UploadAnswer): Promise<Outcome<unknown>> {
  const reasons = new Map((answer.rejected ?? []).map(({ seq, reason }) => [seq, reason]));
  const aside = batch.rows.flatMap((row) => {
    const reason = reasons.get(row.seq);
    return reason === undefined ? [] : [{ row, reason }];
  });
  const kept = aside.length === 0 ? null : await sender.setAside(aside);
  if (kept?.ok === false) return kept;
  const last = batch.rows.at(-1)?.seq ?? 0;
  return sender.state.change((state) => ({
    ...state,
    // Another tracker may have been faster.
    acked_seq: Math.max(state.acked_seq, last),
    sent_total: state.sent_total + batch.rows.length,
    rejected_total: state.rejected_total + aside.length,
    last_ok_at: new Date(sender.nowMs()).toISOString(),
    last_problem: null,
    not_before: null,
  }));
}

/**
 * Numbers the aggregator misses although it had acknowledged them: its books are older than they were. What is still here is
 * sent once more; what is not is said.
 */
async function replay(sender: Sender, gaps: readonly SeqRange[]): Promise<Outcome<readonly Problem[]>> {
  const { acked_seq: acked, lost: known } = sender.state.read();
  const missing = gaps.filter(
    ({ first, last }) => last <= acked && !known.some((range) => range.first === first && range.last === last),
  );
  if (missing.length === 0) return { ok: true, value: [] };
  const rows = [...sender.queue.rows(0)].filter(({ seq }) =>
    missing.some(({ first, last }) => seq >= first && seq <= last),
  );
  for (let rest: QueueRow[] = rows; rest.length > 0 && !sender.stopped();) {
    const batch = nextBatch(rest);
    if (batch === null) break;
    const verdict = judge(await sender.post(batch), sender.nowMs());
    // The next upload sees the same gap and tries again.
    if (verdict.kind !== 'kept') return { ok: true, value: [waitingFor(verdict, null)] };
    rest = rest.slice(batch.rows.length);
  }
  const here = new Set(rows.map(({ seq }) => seq));
  const gone = missing.filter(({ first, last }) => here.size === 0 || !allIn(here, first, last));
  if (gone.length === 0) return { ok: true, value: [] };
  const noted = await sender.state.change((state) => ({ ...state, lost: [...state.lost, ...gone] }));
  return noted.ok ? { ok: true, value: gone.map(gapProblem) } : noted;
}

function allIn(here: ReadonlySet<number>, first: number, last: number): boolean {
  for (let seq = first; seq <= last; seq += 1) if (!here.has(seq)) return false;
  return true;
}

function gapProblem({ first, last }: SeqRange): Problem {
  return {
    code: 'uplink-gap',
    message: `the aggregator no longer has numbers ${first} to ${last}, and they are not in the queue any more`,
    remedy: 'Offer it the journals again: tracker upload --again. What it has counts once',
  };
}

function waitingFor(verdict: Exclude<Judgement, { kind: 'kept' }>, waitingMs: number | null): Problem {
  if (verdict.kind === 'smaller')
    return {
      code: 'uplink-refused',
      message: 'a single row is larger than the aggregator takes',
      remedy: 'It stays in the queue',
    };
  if (verdict.kind === 'stop')
    return {
      code: 'uplink-refused',
      message: `the aggregator refuses what is sent: ${verdict.reason}`,
      remedy: verdict.remedy,
    };
  const when = waitingMs === null ? '' : `; next try in ${Math.ceil(waitingMs / 1000)} s`;
  return {
    code: 'uplink-waits',
    message: `the aggregator does not take what is sent: ${verdict.reason}${when}`,
    remedy: 'Nothing is lost: it stays in the queue, and the next tracker upload goes on',
  };
}
