import { createHash } from 'node:crypto';
import type { DecisionForm, Ended, Standing } from '../exchange.ts';
import type { DecisionRecord as KeptDecision } from './db/batch-writer.ts';
import { decisionRecord, type DecisionRecord } from './decision-record.ts';

/** What a decision that refers to a form says itself: how the quota stood. */
interface FormedDecision {
  readonly form: string;
  /** rolling_used, rolling_cap, weekly_used, weekly_cap, pending, need. */
  readonly quota: readonly (number | null)[];
}

/** Before the id of a form, which lies beside configurations. */
const PREFIX = 'form-';

/**
 * The text of a decision. Nearly every request takes the lane it was routed to and comes through: then all of the record
 * but a few numbers is the same as for thousands before it, and is kept once, as the form of what it has in common.
 */
export function decisionText(ended: Ended, ts: number, standing: Standing): KeptDecision {
  const { rid } = ended.permit.routed.accepted;
  if (isPlain(ended)) {
    const form = (standing.form ??= formOf(ended, standing.config));
    const { rolling, weekly, pending, need } = ended.permit.reservation.verdict;
    const quota = `${rolling.used},${rolling.cap},${weekly.used},${weekly.cap},${pending},${need}`;
    return { rid, ts, form, json: `{"form":"${form.id}","quota":[${quota}]}` };
  }
  const record = decisionRecord(ended, ts, standing.config);
  // Made into text when it is written: that happens for many at once, away from the request.
  return { rid, ts, form: null, json: () => JSON.stringify(record) };
}

function formOf(ended: Ended, config: string): DecisionForm {
  const json = JSON.stringify(decisionRecord(ended, 0, config), (key, value: unknown) =>
    key === 'rid' ? '' : key === 'quota' ? { reason: (value as { reason: string }).reason } : value,
  );
  return { id: PREFIX + createHash('sha256').update(json).digest('hex').slice(0, 12), json };
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
