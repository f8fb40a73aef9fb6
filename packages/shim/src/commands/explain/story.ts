import type { DecisionRecord, DecisionStep } from '../../store/decision-record.ts';
import { momentOf } from '../text/moment.ts';

/** The decision as lines a person reads from top to bottom. */
export function storyOf(record: DecisionRecord): string[] {
  const { route, steps, answer } = record;
  const looked = new Set(steps.map(({ lane }) => lane));
  const left = route.lanes.filter((lane) => !looked.has(lane));
  return [
    `${record.rid}, ended ${momentOf(record.ts)}`,
    field('request', requestOf(record)),
    field('route', `${route.lanes.join(' → ') || 'no lane'} (${route.decision}): ${route.reason}`),
    ...route.skipped.map(({ lane, reason }) => field('', `${lane} was passed over: ${reason}`)),
    ...steps.flatMap((step, at) => stepLines(step, at + 1)),
    ...(left.length === 0 ? [] : [field('', `${left.join(', ')}: not looked at`)]),
    field('answer', `${answer.status} from ${answer.lane}, ${answer.ended} (${answer.decision}): ${answer.reason}`),
  ];
}

function requestOf({ model, op, stream, subagent, config }: DecisionRecord): string {
  const name = model === '' ? 'no model named' : model;
  const whom = subagent ? 'a subagent' : 'no subagent';
  return `${name}, ${op}, ${stream ? 'streamed' : 'not streamed'}, from ${whom}; configuration ${config}`;
}

function stepLines(step: DecisionStep, place: number): string[] {
  const { lane, upstream_model: model, attempted, outcome, decision } = step;
  const head = attempted
    ? `tried as ${model}: ${outcome === null ? 'no outcome noted' : outcomeText(outcome)} (${decision})`
    : `not tried (${decision})`;
  return [
    field(`${place}. ${lane}`, head),
    field('', `quota: ${quotaText(step)}`),
    ...(step.cooldown === null ? [] : [field('', `rest: ${cooldownText(step.cooldown, step.question.rest)}`)]),
    ...(step.probe ? [field('', 'it went first after that rest; others waited for its answer')] : []),
    ...(step.shadow === null ? [] : [field('', `only noted (quota_shadow): ${step.shadow}`)]),
    field('', `asked: ${questionText(step)}`),
  ];
}

function outcomeText({ kind, reason, status }: NonNullable<DecisionStep['outcome']>): string {
  const text = reason === '' || reason === kind ? kind : `${kind}, ${reason}`;
  return status === null ? `${text}, no answer` : `${text}, status ${status}`;
}

function quotaText({ quota, question }: DecisionStep): string {
  const rolling = shareText(quota.rolling_used, quota.rolling_cap);
  const weekly = shareText(quota.weekly_used, quota.weekly_cap);
  const why = question.verdict === 'allow' ? '' : ` (${quota.reason})`;
  const amounts = `rolling ${rolling}, weekly ${weekly}, pending ${tokens(quota.pending)}, need ${tokens(quota.need)}`;
  return `${amounts}: ${question.verdict}${why}`;
}

function shareText(used: number, cap: number | null): string {
  return cap === null ? `${tokens(used)} of no cap` : `${tokens(used)} of ${tokens(cap)}`;
}

function cooldownText({ kind, reason, until_ts }: NonNullable<DecisionStep['cooldown']>, rest: string): string {
  const why = reason === kind ? kind : `${kind}, ${reason}`;
  return `${rest === 'due' ? 'was over at' : 'until'} ${momentOf(until_ts)} (${why})`;
}

function questionText({ question, action }: DecisionStep): string {
  const { mode, verdict, rest, hasOther } = question;
  const other = hasOther ? 'another lane follows' : 'no other lane follows';
  return `mode ${mode}, quota says ${verdict}, rest ${rest}, ${other} → ${action}`;
}

function tokens(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

const WIDTH = 14;

/** A long name takes the room it needs. */
function field(name: string, text: string): string {
  return `  ${name.padEnd(WIDTH - 2)}${name.length >= WIDTH - 2 ? ' ' : ''}${text}`;
}
