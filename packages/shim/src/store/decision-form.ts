import { createHash } from 'node:crypto';
import type { DecisionForm, Ended, Standing } from '../exchange.ts';
import type { FormedDecision, WholeDecision } from './db/batch-writer.ts';
import { decisionRecord, type DecisionRecord } from './decision-record.ts';

/** Before the id of a form, which lies beside configurations. */
const PREFIX = 'form-';

/**
 * What is kept of a decision. Nearly every request takes the lane it was routed to and comes through: then all of the
 * record but a few numbers is the same as for thousands before it, and is kept once, as the form of what it has in common.
 */
export function decisionOf(ended: Ended, ts: number, standing: Standing): WholeDecision | FormedDecision {
  if (isPlain(ended)) {
    const { rolling, weekly, pending, need } = ended.permit.reservation.verdict;
    const form = (standing.form ??= formOf(ended, standing.config));
    return { form, rollingUsed: rolling.used, weeklyUsed: weekly.used, pending, need };
  }
  return { form: null, json: JSON.stringify(decisionRecord(ended, ts, standing.config)) };
}

function formOf(ended: Ended, config: string): DecisionForm {
  const json = JSON.stringify(decisionRecord(ended, 0, config), (key, value: unknown) =>
    key === 'rid' ? '' : key === 'quota' ? capsOf(value as Quota) : value,
  );
  return { id: PREFIX + createHash('sha256').update(json).digest('hex').slice(0, 12), json };
}

type Quota = DecisionRecord['steps'][number]['quota'];

/** Of the quota only what stays as it is while others are let in. */
function capsOf({ reason, rolling_cap, weekly_cap }: Quota): Partial<Quota> {
  return { reason, rolling_cap, weekly_cap };
}

/** One lane was looked at, nothing stood in the way, and it answered. */
function isPlain({ permit, status, how, errType }: Ended): boolean {
  const { trail, decided, releaseProbe } = permit;
  const { rolling, weekly, pending, need } = permit.reservation.verdict;
  return (
    status === 200 &&
    how === 'complete' &&
    errType === '' &&
    trail.tried.length === 0 &&
    trail.refused.length === 0 &&
    decided.rest.cooldown === null &&
    decided.shadow === null &&
    releaseProbe === null &&
    Number.isFinite(rolling.used + weekly.used + pending + need)
  );
}

/** Stands for a record whose form can't be found. */
export function withoutForm(formId: string): string {
  return JSON.stringify({ form: formId });
}

/** The id of the form that is missing; null: none is. */
export function missingFormOf(json: string): string | null {
  return /^\{"form":"(form-[0-9a-f]{12})"\}$/.exec(json)?.[1] ?? null;
}

/** The whole record, of a decision and its form. Null: they don't go together. */
export function wholeDecision(
  formJson: string,
  { rollingUsed, weeklyUsed, pending, need }: Omit<FormedDecision, 'form'>,
  rid: string,
  ts: number,
): string | null {
  const record = JSON.parse(formJson) as DecisionRecord;
  const [step] = record.steps;
  if (step === undefined) return null;
  const quota: Quota = {
    reason: step.quota.reason,
    rolling_used: rollingUsed,
    rolling_cap: step.quota.rolling_cap,
    weekly_used: weeklyUsed,
    weekly_cap: step.quota.weekly_cap,
    pending,
    need,
  };
  return JSON.stringify({ ...record, rid, ts, steps: [{ ...step, quota }] });
}
