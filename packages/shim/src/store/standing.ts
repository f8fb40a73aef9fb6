import type { UsageEvent } from '@ccp/contracts';
import type { Lane } from '../config/catalog.ts';
import type { Op, Permit, Standing } from '../exchange.ts';
import type { LaneChoice } from '../route/choose-lanes.ts';
import type { RerouteAnswer, RerouteQuestion } from '../route/reroute.ts';
import { opName, Tally, type Counters } from './counters.ts';
import type { CalibrationFields } from './sample-of.ts';

export interface StandingContext {
  readonly epoch: string;
  readonly counters: Counters;
  readonly rerouteMode: string;
  readonly warnPctOf: (permit: Permit) => number | null;
  readonly calibrationOf: (permit: Permit) => CalibrationFields;
  /** While it answers the same, so does `calibrationOf`, which takes longer. */
  readonly calibrationChanges: () => number;
  readonly headerModeOf: (permit: Permit) => string;
  /** Id of the configuration an exchange was decided under. */
  readonly configIdOf: (permit: Permit) => string;
  /** The name a model is booked under; bounded in number. */
  readonly bookName: (model: string) => string;
}

/** What a text was made from. */
interface Known {
  readonly choice: LaneChoice;
  readonly lane: Lane;
  readonly asked: string;
  readonly op: Op;
  readonly isStream: boolean;
  readonly isSubagent: boolean;
  readonly model: string;
  readonly decision: string;
  readonly decisionReason: string;
  readonly rerouteDecision: string;
  readonly preferred: boolean;
  readonly question: RerouteQuestion;
  readonly answer: RerouteAnswer;
  readonly quotaReason: string;
  readonly rollingCap: number | null;
  readonly weeklyCap: number | null;
  readonly standing: Standing;
  /** `calibrationChanges` when the calibration was last found to be that of the standing. */
  calibratedAt: number;
}

/** Far more than models, lanes and agents that are busy at one time; the newest are looked at first. */
const MOST_KNOWN = 64;

/**
 * What the books write of a request and is the same for thousands of them. It is found by comparing the request with the
 * last ones: a text to look it up by would cost more than all that is saved.
 */
export class Standings {
  readonly #context: StandingContext;
  readonly #known: Known[] = [];

  constructor(context: StandingContext) {
    this.#context = context;
  }

  of(permit: Permit): Standing {
    const all = this.#known;
    const changes = this.#context.calibrationChanges();
    for (let index = 0; index < all.length; index += 1) {
      const known = all[index];
      if (known === undefined || !fits(known, permit)) continue;
      if (known.calibratedAt !== changes) {
        if (!isSame(known.standing.calibration, this.#context.calibrationOf(permit))) continue;
        known.calibratedAt = changes;
      }
      if (index > 0) {
        all.splice(index, 1);
        all.unshift(known);
      }
      return known.standing;
    }
    const standing = this.#make(permit);
    all.unshift(knownOf(permit, standing, changes));
    if (all.length > MOST_KNOWN) all.pop();
    return standing;
  }

  #make(permit: Permit): Standing {
    const { accepted } = permit.routed;
    const warnPct = this.#context.warnPctOf(permit);
    const calibration = this.#context.calibrationOf(permit);
    const config = this.#context.configIdOf(permit);
    const model = this.#context.bookName(accepted.facts.model);
    const tally = new Tally(this.#context.counters, permit.lane.id, model, opName(accepted.op, accepted.facts.stream));
    const headerMode = this.#context.headerModeOf(permit);
    const line = this.#line(permit, { tally, headerMode, warnPct, calibration });
    return { config, line, calibration, headerMode, tally, form: null };
  }

  #line(permit: Permit, { tally, headerMode, warnPct, calibration: known }: Told): Uint8Array {
    const { accepted } = permit.routed;
    const { lane } = permit;
    const { op, modelName: model } = tally;
    const { rolling, weekly } = permit.reservation.verdict;
    const fields = {
      usage_event_schema: 'v1',
      epoch: this.#context.epoch,
      lane: lane.id,
      provider: lane.id,
      model,
      upstream_model: permit.model === accepted.facts.model ? model : permit.model,
      op,
      upstream: lane.origin,
      h2: false,
      header_mode: headerMode,
      decision: permit.decision,
      decision_reason: permit.decisionReason,
      rolling_capacity_tokens: rolling.cap,
      weekly_capacity_tokens: weekly.cap,
      warn_pct_cfg: warnPct,
      warn_pct_auto: known.warnPctAuto,
      warn_pct_confidence: known.confidence,
      gap_seconds_p50: known.gapP50,
      gap_seconds_p95: known.gapP95,
      gap_samples: known.gapSamples,
      reroute_mode: this.#context.rerouteMode,
      reroute_decision: permit.rerouteDecision,
      preferred_attempt: permit.preferred,
    } satisfies Partial<UsageEvent>;
    return Buffer.from(`${JSON.stringify(fields).slice(1, -1)},`);
  }
}

interface Told {
  readonly tally: Tally;
  readonly headerMode: string;
  readonly warnPct: number | null;
  readonly calibration: CalibrationFields;
}

function knownOf(permit: Permit, standing: Standing, calibratedAt: number): Known {
  const { accepted, choice } = permit.routed;
  const { lane, model, decision, decisionReason, rerouteDecision, preferred } = permit;
  const { verdict } = permit.reservation;
  return {
    choice,
    lane,
    model,
    decision,
    decisionReason,
    rerouteDecision,
    preferred,
    asked: accepted.facts.model,
    op: accepted.op,
    isStream: accepted.facts.stream,
    isSubagent: accepted.facts.agentId !== null,
    question: permit.decided.question,
    answer: permit.decided.answer,
    quotaReason: verdict.reason,
    rollingCap: verdict.rolling.cap,
    weeklyCap: verdict.weekly.cap,
    standing,
    calibratedAt,
  };
}

/** The choice is that of one configuration, and with the lane and the model it settles limit and threshold as well. */
function fits(known: Known, permit: Permit): boolean {
  const { accepted, choice } = permit.routed;
  const { question, answer } = permit.decided;
  const { reason, rolling, weekly } = permit.reservation.verdict;
  return (
    known.choice === choice &&
    known.lane === permit.lane &&
    known.model === permit.model &&
    known.asked === accepted.facts.model &&
    known.op === accepted.op &&
    known.isStream === accepted.facts.stream &&
    known.isSubagent === (accepted.facts.agentId !== null) &&
    known.preferred === permit.preferred &&
    known.decision === permit.decision &&
    known.decisionReason === permit.decisionReason &&
    known.rerouteDecision === permit.rerouteDecision &&
    known.question.mode === question.mode &&
    known.question.verdict === question.verdict &&
    known.question.rest === question.rest &&
    known.question.hasOther === question.hasOther &&
    known.answer.action === answer.action &&
    known.answer.decision === answer.decision &&
    known.quotaReason === reason &&
    known.rollingCap === rolling.cap &&
    known.weeklyCap === weekly.cap
  );
}

function isSame(a: CalibrationFields, b: CalibrationFields): boolean {
  return (
    a === b ||
    (a.warnPctAuto === b.warnPctAuto &&
      a.confidence === b.confidence &&
      a.gapP50 === b.gapP50 &&
      a.gapP95 === b.gapP95 &&
      a.gapSamples === b.gapSamples)
  );
}
