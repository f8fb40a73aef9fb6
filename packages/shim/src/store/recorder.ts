import type { RerouteMode } from '../config/settings.ts';
import type { Attempted, Ended, Judgement, LinePiece, Permit, Refusal, SharedFields, Tokens } from '../exchange.ts';
import type { SpeedSample } from '../meter/speeds.ts';
import type { Settled } from '../quota/quotas.ts';
import { count, isPartial, opName, type Counters } from './counters.ts';
import type { BatchItem } from './db/batch-writer.ts';
import { decisionText } from './decision-form.ts';
import { completionFields, lineHead, NOTHING_YET, sharedFields } from './event-line.ts';
import { minuteOf, sampleOf, type CalibrationFields } from './sample-of.ts';
import { Standings } from './standing.ts';

/** Where the books send what they learn. */
export interface RecorderOptions {
  readonly epoch: string;
  readonly rerouteMode: RerouteMode;
  readonly counters: Counters;
  readonly nowTs: () => number;
  /** Where lines go; `nextSeq` is the number the next one must carry. */
  readonly log: {
    readonly nextSeq: number;
    append(head: readonly LinePiece[], shared: SharedFields, tail: readonly LinePiece[]): void;
  };
  readonly addSpeed: (model: string, sample: SpeedSample) => void;
  /** Puts a finished exchange on its way to the database. */
  readonly keep: (item: BatchItem) => void;
  /** Told of the tokens of every turn that counts. */
  readonly spent: (lane: string, model: string, tokens: Tokens) => void;
  readonly calibrationOf: (permit: Permit) => CalibrationFields;
  /** Id of the configuration an exchange was decided under. */
  readonly configIdOf: (permit: Permit) => string;
  readonly observe: (
    where: { readonly lane: string; readonly model: string; readonly op: string },
    ended: Ended,
  ) => void;
  readonly warnPctOf: (permit: Permit) => number | null;
  readonly headerModeOf: (permit: Permit) => string;
  /** The name a model is booked under; bounded in number. */
  readonly bookName: (model: string) => string;
}

/** Stage 6: everything that is written down about an exchange, exactly once per attempt and per end. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #standings: Standings;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#standings = new Standings(options);
  }

  /** Before an attempt. */
  announce(permit: Permit): void {
    const { counters } = this.#options;
    const model = this.#model(permit);
    const lane = counters.lane(permit.lane.id);
    lane.active += 1;
    lane.requests += 1;
    counters.model(model).lane = permit.lane.id;
    const { answer, shadow } = permit.decided;
    const despite = answer.decision === 'quota_run_to_limit' || answer.decision === 'quota_warn_attempt';
    if (permit.preferred && despite) count(counters.preferred, `${permit.lane.id}\n${model}`);
    if (shadow !== null) {
      counters.model(model).shadowed += 1;
      count(counters.shadow, `${model}\n${shadow}`);
    }
    if (permit.releaseProbe !== null) counters.model(model).probes += 1;
    if (permit.fallbackFrom !== null) {
      lane.fallbacks_to += 1;
      counters.lane(permit.fallbackFrom).fallbacks_from += 1;
      counters.model(model).fallbacks += 1;
    } else if (!permit.preferred) {
      counters.model(model).reroutes += 1;
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
    count(this.#options.counters.quotaBlocks, `${this.#model(permit)}\n${why}`);
  }

  /** A provider's no made a lane, or a model on it, rest. */
  cooldownBegan(permit: Permit, kind: string): void {
    this.#options.counters.model(this.#model(permit)).cooldowns += 1;
    count(this.#options.counters.cooldowns, `${permit.lane.id}\n${kind}`);
  }

  /** An exchange that no lane took: no attempt was made, and the log has its two lines all the same. */
  refused(ended: Ended): void {
    const { counters } = this.#options;
    const { permit } = ended;
    const model = this.#model(permit);
    counters.model(model).requests += 1;
    counters.model(model).errors += 1;
    count(counters.requests, `${permit.lane.id}\n${this.#op(permit)}\n${ended.status}`);
    const ts = this.#options.nowTs();
    this.#writeDecision(permit);
    this.#writeCompletion(ended, ts);
    this.#keep(ended, ts, null);
  }

  /** An attempt that came to nothing: another lane will be tried. */
  attemptFailed(attempted: Attempted): void {
    const { permit, answer, judgement } = attempted;
    this.#leave(permit, answer?.status ?? null, judgement.kind, judgement.reason);
    giveBack(permit);
  }

  /** An error of our own ended the exchange: the lane, the tokens set aside and the slot are given back. */
  abandoned(permit: Permit): void {
    this.#leave(permit, null, 'server_error', 'internal');
    giveBack(permit);
  }

  /** The end of the exchange. */
  ended(ended: Ended): void {
    const { counters, nowTs, addSpeed, observe } = this.#options;
    const { permit } = ended;
    const ts = nowTs();
    const model = this.#model(permit);
    const op = this.#op(permit);
    const dirtyS = ended.latencyMs / 1000;
    this.#leave(permit, ended.status, kindOf(ended), ended.errType);
    const counts = ended.usageKnown || ended.status < 400;
    const settled = counts ? permit.reservation.settle(ended.tokens, dirtyS, ts) : null;
    giveBack(permit);
    if (settled !== null) this.#options.spent(settled.lane, settled.model, ended.tokens);

    const perModel = counters.model(model);
    perModel.requests += 1;
    perModel.wasted_retry_ms += wastedMs(ended);
    if (ended.how === 'truncated') perModel.truncated += 1;
    if (ended.how === 'cancelled') perModel.cancelled += 1;
    if ((ended.status >= 400 && ended.how !== 'cancelled') || ended.how === 'error_in_stream') perModel.errors += 1;
    if (isPartial(ended.how)) counters.partialWrites += 1;
    count(counters.requests, `${permit.lane.id}\n${op}\n${ended.status}`);
    count(counters.ended, `${permit.lane.id}\n${ended.how}`);
    if (permit.routed.accepted.op === 'messages') this.#spend(ended, model);
    observe({ lane: permit.lane.id, model, op }, ended);
    if (ended.how === 'complete' && ended.status < 400 && ended.usageKnown) {
      const { input, output } = ended.tokens;
      const streamS = ended.streamMs === null ? null : ended.streamMs / 1000;
      addSpeed(model, { ts, inputTokens: input, outputTokens: output, dirtyS, streamS, ttftMs: ended.ttftMs });
    }
    this.#writeCompletion(ended, ts);
    this.#keep(ended, ts, settled);
  }

  /** Into the database: turns only, as nothing else uses tokens. */
  #keep(ended: Ended, ts: number, settled: Settled | null): void {
    const { permit } = ended;
    if (permit.routed.accepted.op !== 'messages') return;
    const { epoch, rerouteMode, headerModeOf, calibrationOf, keep } = this.#options;
    const calibration = calibrationOf(permit);
    const headerMode = headerModeOf(permit);
    const sample = sampleOf(ended, { ts, epoch, model: this.#model(permit), rerouteMode, headerMode, calibration });
    const decision = decisionText(ended, ts, this.#shared(permit).standing);
    keep({ sample, minute: minuteOf(ended, settled, ts), decision });
  }

  #spend(ended: Ended, model: string): void {
    const spent = this.#options.counters.spent(ended.permit.lane.id, model);
    spent.input += ended.tokens.input;
    spent.output += ended.tokens.output;
    spent.cacheWrite += ended.tokens.cacheWrite;
    spent.cacheRead += ended.tokens.cacheRead;
    spent.streamS += (ended.streamMs ?? ended.latencyMs) / 1000;
    spent.dirtyS += ended.latencyMs / 1000;
  }

  /** An attempt put aside may still be relayed when no lane does better: it leaves its lane once all the same. */
  #leave(permit: Permit, status: number | null, kind: Judgement['kind'], reason: string): void {
    if (permit.notes.left) return;
    permit.notes.left = true;
    const lane = this.#options.counters.lane(permit.lane.id);
    const model = this.#options.counters.model(this.#model(permit));
    lane.active -= 1;
    if (status !== null) lane.last_status = status;
    switch (kind) {
      case 'ok':
        lane.last_ok_ts = this.#options.nowTs();
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

  #op({ routed }: Permit): string {
    return opName(routed.accepted.op, routed.accepted.facts.stream);
  }

  #model(permit: Permit): string {
    return this.#options.bookName(permit.routed.accepted.facts.model);
  }

  #writeDecision(permit: Permit): void {
    const { log, nowTs } = this.#options;
    log.append(lineHead(log.nextSeq, nowTs()), this.#shared(permit), NOTHING_YET);
  }

  #writeCompletion(ended: Ended, ts: number): void {
    const { log } = this.#options;
    log.append(lineHead(log.nextSeq, ts), this.#shared(ended.permit), completionFields(ended));
  }

  #shared(permit: Permit): SharedFields {
    const { notes } = permit;
    if (notes.shared === null) {
      const standing = this.#standings.of(permit);
      notes.shared = { standing, pieces: sharedFields(standing.line, permit), written: null };
    }
    return notes.shared;
  }
}

/** Whatever an attempt still held; each of the three gives back once. */
function giveBack(permit: Permit): void {
  permit.reservation.release();
  permit.releaseSlot();
  permit.releaseProbe?.();
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
