import type { RerouteMode } from '../config/settings.ts';
import type { Ended, Judgement, Permit, Refusal, SharedFields } from '../exchange.ts';
import type { SpeedSample } from '../meter/speeds.ts';
import type { Settled } from '../quota/reservation.ts';
import { count, isPartial, type Counters, type Spent, type Tally } from './counters.ts';
import type { BatchItem } from './db/batch-writer.ts';
import { decisionOf } from './decision-form.ts';
import { writeCompletionLine, writeDecisionLine } from './event-line.ts';
import type { LineBuffer } from './line-buffer.ts';
import { minuteOf, sampleOf, type CalibrationFields } from './sample-of.ts';
import { Standings } from './standing.ts';

/** Where the books send what they learn. */
export interface BookkeeperOptions {
  readonly epoch: string;
  readonly rerouteMode: RerouteMode;
  readonly counters: Counters;
  /** Where lines go; `nextSeq` is the number the next one must carry. */
  readonly log: {
    readonly nextSeq: number;
    begin(): LineBuffer;
    end(): void;
  };
  readonly addSpeed: (model: string, sample: SpeedSample) => void;
  /** Puts a finished exchange on its way to the database. */
  readonly keep: (item: BatchItem) => void;
  readonly calibrationOf: (permit: Permit) => CalibrationFields;
  readonly calibrationChanges: () => number;
  /** Id of the configuration an exchange was decided under. */
  readonly configIdOf: (permit: Permit) => string;
  readonly observe: (where: Tally, ended: Ended) => void;
  readonly warnPctOf: (permit: Permit) => number | null;
  readonly headerModeOf: (permit: Permit) => string;
  /** The name a model is booked under; bounded in number. */
  readonly bookName: (model: string) => string;
}

/** How an attempt left its lane. */
export interface Leaving {
  readonly status: number | null;
  readonly kind: Judgement['kind'];
  readonly reason: string;
  readonly ts: number;
}

/** Writes down what the recorder was told: in counters, in lines of the log, in rows of the database. */
export class Bookkeeper {
  readonly #options: BookkeeperOptions;
  readonly #standings: Standings;

  constructor(options: BookkeeperOptions) {
    this.#options = options;
    this.#standings = new Standings(options);
  }

  /** An attempt is about to be made. */
  announced(permit: Permit): void {
    const { counters } = this.#options;
    const { lane, model: perModel, modelName: model } = this.#tally(permit);
    lane.active += 1;
    lane.requests += 1;
    perModel.lane = permit.lane.id;
    const { answer, shadow } = permit.decided;
    const despite = answer.decision === 'quota_run_to_limit' || answer.decision === 'quota_warn_attempt';
    if (permit.preferred && despite) count(counters.preferred, `${permit.lane.id}\n${model}`);
    if (shadow !== null) {
      perModel.shadowed += 1;
      count(counters.shadow, `${model}\n${shadow}`);
    }
    if (permit.releaseProbe !== null) perModel.probes += 1;
    if (permit.fallbackFrom !== null) {
      lane.fallbacks_to += 1;
      counters.lane(permit.fallbackFrom).fallbacks_from += 1;
      perModel.fallbacks += 1;
    } else if (!permit.preferred) {
      perModel.reroutes += 1;
    }
    if (!permit.preferred) {
      // A limit made it leave: ours, or the provider's own (a 429). An outage is a fallback and no more.
      const byLimit = permit.fallbackFrom === null || permit.decision === 'quota_overshoot';
      if (byLimit) count(counters.rerouted, `${this.#options.rerouteMode}\n${model}`);
      const from = permit.fallbackFrom ?? permit.routed.choice.lanes[0]?.lane.id ?? '';
      count(counters.rerouteAttempts, `${from}\n${permit.lane.id}\n${permit.decision}`);
    }
    this.#writeDecision(permit);
  }

  /** A quota turned a request away from a lane. */
  blocked({ permit, refused }: Refusal): void {
    if (refused.code !== 'quota_blocked') return;
    const { answer, rest } = permit.decided;
    const kind = answer.decision === 'quota_block' ? permit.reservation.verdict.reason : 'cooldown';
    const why = rest.cooldown?.kind === 'overage' ? 'overage' : kind;
    count(this.#options.counters.quotaBlocks, `${this.#tally(permit).modelName}\n${why}`);
  }

  /** A provider's no made a lane, or a model on it, rest. */
  cooldownBegan(permit: Permit, kind: string): void {
    this.#tally(permit).model.cooldowns += 1;
    count(this.#options.counters.cooldowns, `${permit.lane.id}\n${kind}`);
  }

  /** No lane took it. */
  refused(ended: Ended, ts: number): void {
    const { counters } = this.#options;
    const { permit } = ended;
    const tally = this.#tally(permit);
    tally.model.requests += 1;
    tally.model.errors += 1;
    count(counters.requests, tally.withStatus(ended.status));
    this.#writeDecision(permit);
    this.#writeCompletion(ended, ts);
    this.#keep(ended, ts, null);
  }

  /** It is over. `settled`: where its tokens were counted; null: they were not. */
  ended(ended: Ended, ts: number, settled: Settled | null): void {
    const { counters, addSpeed, observe } = this.#options;
    const { permit } = ended;
    const tally = this.#tally(permit);
    const dirtyS = ended.latencyMs / 1000;
    this.left(permit, { status: ended.status, kind: kindOf(ended), reason: ended.errType, ts });
    const { model: perModel } = tally;
    perModel.requests += 1;
    perModel.wasted_retry_ms += wastedMs(ended);
    if (ended.how === 'truncated') perModel.truncated += 1;
    if (ended.how === 'cancelled') perModel.cancelled += 1;
    if ((ended.status >= 400 && ended.how !== 'cancelled') || ended.how === 'error_in_stream') perModel.errors += 1;
    if (isPartial(ended.how)) counters.partialWrites += 1;
    count(counters.requests, tally.withStatus(ended.status));
    count(counters.ended, tally.endedAs(ended.how));
    if (permit.routed.accepted.op === 'messages') spend(tally.spent, ended);
    observe(tally, ended);
    if (ended.how === 'complete' && ended.status < 400 && ended.usageKnown) {
      const { input, output } = ended.tokens;
      const streamS = ended.streamMs === null ? null : ended.streamMs / 1000;
      addSpeed(tally.modelName, {
        ts,
        inputTokens: input,
        outputTokens: output,
        dirtyS,
        streamS,
        ttftMs: ended.ttftMs,
      });
    }
    this.#writeCompletion(ended, ts);
    this.#keep(ended, ts, settled);
  }

  /** Into the database: turns only, as nothing else uses tokens. */
  #keep(ended: Ended, ts: number, settled: Settled | null): void {
    const { permit } = ended;
    if (permit.routed.accepted.op !== 'messages') return;
    const { epoch, rerouteMode, keep } = this.#options;
    const { standing } = this.#shared(permit);
    const sample = sampleOf(ended, { ts, epoch, rerouteMode, standing });
    keep({ sample, minute: minuteOf(ended, settled, ts), decision: decisionOf(ended, ts, standing) });
  }

  /** An attempt put aside may still be relayed when no lane does better: it leaves its lane once all the same. */
  left(permit: Permit, { status, kind, reason, ts }: Leaving): void {
    if (permit.notes.left) return;
    permit.notes.left = true;
    const { lane, model } = this.#tally(permit);
    lane.active -= 1;
    if (status !== null) lane.last_status = status;
    switch (kind) {
      case 'ok':
        lane.last_ok_ts = ts;
        return;
      case 'cancelled':
        // A hang-up is not the lane's failure.
        return;
      case 'client_error':
        lane.last_error = reason;
        return;
      case 'rate_limited':
        lane.rate_limited += 1;
        model.rate_limited += 1;
        break;
      case 'overloaded':
        lane.overloaded += 1;
        model.overloaded += 1;
        break;
      case 'timeout':
        model.timeouts += 1;
        break;
      case 'server_error':
      case 'unreachable':
        break;
      default:
        kind satisfies never;
    }
    lane.errors += 1;
    lane.last_error = reason;
  }

  #writeDecision(permit: Permit): void {
    const { log } = this.#options;
    writeDecisionLine(log.begin(), { seq: log.nextSeq, ts: permit.admittedTs }, permit, this.#shared(permit));
    log.end();
  }

  #writeCompletion(ended: Ended, ts: number): void {
    const { log } = this.#options;
    writeCompletionLine(log.begin(), { seq: log.nextSeq, ts }, ended, this.#shared(ended.permit));
    log.end();
  }

  #tally(permit: Permit): Tally {
    return this.#shared(permit).standing.tally;
  }

  #shared(permit: Permit): SharedFields {
    return (permit.notes.shared ??= { standing: this.#standings.of(permit), written: null });
  }
}

function spend(spent: Spent, { tokens, streamMs, latencyMs }: Ended): void {
  spent.input += tokens.input;
  spent.output += tokens.output;
  spent.cacheWrite += tokens.cacheWrite;
  spent.cacheRead += tokens.cacheRead;
  spent.streamS += (streamMs ?? latencyMs) / 1000;
  spent.dirtyS += latencyMs / 1000;
}

/** Where every lane failed the client gets the first one's answer, and what came after it was for nothing. */
function wastedMs({ permit, latencyMs }: Ended): number {
  const { tried } = permit.trail;
  const isFirstOfFailed = tried.some((one) => one.permit === permit);
  return isFirstOfFailed ? latencyMs : permit.wastedMs;
}

function kindOf(ended: Ended): Judgement['kind'] {
  if (ended.how === 'cancelled') return 'cancelled';
  if (ended.status === 429) return 'rate_limited';
  if (ended.status === 529 || ended.errType === 'overloaded_error') return 'overloaded';
  if (ended.how === 'timeout') return 'timeout';
  if (ended.status >= 500 || ended.how === 'truncated' || ended.how === 'error_in_stream')
    return ended.how === 'failed' ? 'unreachable' : 'server_error';
  return ended.status >= 400 ? 'client_error' : 'ok';
}
