import { createHash } from 'node:crypto';
import type { Ended } from '../exchange.ts';
import type { LaneChoice } from '../route/choose-lanes.ts';
import type { DecisionForm, DecisionRecord as KeptDecision } from './db/batch-writer.ts';
import { decisionRecord, type DecisionRecord } from './decision-record.ts';

/** What a decision that refers to a form says itself: how the quota stood. */
interface FormedDecision {
  readonly form: string;
  /** rolling_used, rolling_cap, weekly_used, weekly_cap, pending, need. */
  readonly quota: readonly (number | null)[];
}

/** Before the id of a form, which lies beside configurations. */
const PREFIX = 'form-';
const MOST_FORMS = 1_000;

/**
 * Makes the text of decisions. Nearly every request takes the lane it was routed to and comes through: then all of the
 * record but a few numbers is the same as for thousands before it, and is kept once, as a form.
 */
export class DecisionTexts {
  readonly #forms = new Map<string, DecisionForm>();

  /** @param config id of the configuration it was decided under */
  of(ended: Ended, ts: number, config: string): KeptDecision {
    const { rid } = ended.permit.routed.accepted;
    if (isPlain(ended)) {
      const form = this.#formOf(ended, ts, config);
      const { rolling, weekly, pending, need } = ended.permit.reservation.verdict;
      const quota = `${rolling.used},${rolling.cap},${weekly.used},${weekly.cap},${pending},${need}`;
      return { rid, ts, form, json: `{"form":"${form.id}","quota":[${quota}]}` };
    }
    const record = decisionRecord(ended, ts, config);
    // Made into text when it is written: that happens for many at once, away from the request.
    return { rid, ts, form: null, json: () => JSON.stringify(record) };
  }

  #formOf(ended: Ended, ts: number, config: string): DecisionForm {
    const key = keyOf(ended, config);
    let form = this.#forms.get(key);
    if (form !== undefined) return form;
    const record = decisionRecord(ended, ts, config);
    const json = JSON.stringify({ ...record, rid: '', ts: 0 });
    form = { id: PREFIX + createHash('sha256').update(key).digest('hex').slice(0, 12), json };
    if (this.#forms.size >= MOST_FORMS) this.#forms.clear();
    this.#forms.set(key, form);
    return form;
  }
}

/** One lane was looked at, nothing stood in the way, and it answered. */
function isPlain({ permit, status, how }: Ended): boolean {
  const { trail, decided, releaseProbe } = permit;
  const { rolling, weekly, pending, need } = permit.reservation.verdict;
  return (
    status === 200 &&
    how === 'complete' &&
    trail.tried.length === 0 &&
    trail.refused.length === 0 &&
    decided.rest.cooldown === null &&
    decided.shadow === null &&
    releaseProbe === null &&
    Number.isFinite(rolling.used + weekly.used + pending + need)
  );
}

/** Texts of choices, which are the same object for thousands of requests. */
const choiceKeys = new WeakMap<LaneChoice, string>();

/** Everything a plain record holds besides `rid`, `ts` and the numbers of the quota. */
function keyOf({ permit, errType }: Ended, config: string): string {
  const { accepted, choice } = permit.routed;
  let choiceKey = choiceKeys.get(choice);
  if (choiceKey === undefined) {
    const { decision, reason, lanes, skipped } = choice;
    choiceKey = JSON.stringify([decision, reason, lanes.map(({ lane }) => lane.id), skipped]);
    choiceKeys.set(choice, choiceKey);
  }
  const { facts, op } = accepted;
  const { question, answer } = permit.decided;
  return [
    config,
    choiceKey,
    `${facts.model}\n${op} ${facts.stream} ${facts.agentId !== null} ${permit.lane.id}\n${permit.model}`,
    `${question.mode} ${question.verdict} ${question.rest} ${question.hasOther} ${answer.action} ${answer.decision}`,
    `${permit.reservation.verdict.reason} ${permit.decision}\n${permit.decisionReason}\n${errType}`,
  ].join('\n');
}

/**
 * The id of the form that the text of a decision refers to; null: it stands for itself.
 */
export function formIdOf(json: string): string | null {
  return /^\{"form":"(form-[0-9a-f]{12})"/.exec(json)?.[1] ?? null;
}

/** The whole record, of a decision and its form. Null: they don't go together. */
export function wholeDecision(json: string, formJson: string, rid: string, ts: number): string | null {
  const { quota: numbers } = JSON.parse(json) as FormedDecision;
  const record = JSON.parse(formJson) as DecisionRecord;
  const [step] = record.steps;
  if (step === undefined) return null;
  const [rollingUsed = 0, rollingCap = null, weeklyUsed = 0, weeklyCap = null, pending = 0, need = 0] = numbers;
  const quota: DecisionRecord['steps'][number]['quota'] = {
    reason: step.quota.reason,
    rolling_used: rollingUsed ?? 0,
    rolling_cap: rollingCap,
    weekly_used: weeklyUsed ?? 0,
    weekly_cap: weeklyCap,
    pending: pending ?? 0,
    need: need ?? 0,
  };
  return JSON.stringify({ ...record, rid, ts, steps: [{ ...step, quota }] });
}
