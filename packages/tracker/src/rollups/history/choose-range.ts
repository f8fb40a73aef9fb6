import type { HistoryQuestion, Range, WindowSpan } from './history.ts';
import { STEPS } from './turn-log.ts';

/** Lengths that have a name, in seconds. */
export const RANGES: Readonly<Record<string, number>> = {
  '1h': 3600,
  '5h': 5 * 3600,
  '24h': 86_400,
  '7d': 7 * 86_400,
  '30d': 30 * 86_400,
};

const DEFAULT_RANGE = '24h';
/** More points than pixels tell nothing more. */
const MOST_SPANS = 366;
/** A moment in every direction, so that the turn that ends now is inside. */
const LEAST_S = 600;

/**
 * The span of time and the finest step it can be cut into; a window, where one is asked for and known, goes before named
 * lengths. What can't be is made possible: an end before its start is one span long.
 */
export function chooseRange(question: HistoryQuestion, windows: readonly WindowSpan[]): Range {
  const { nowTs, range, sinceTs, untilTs } = question;
  const window = windows.find((one) => one.window === question.window);
  if (window !== undefined) {
    const since = window.since_ts ?? window.until_ts - 5 * 3600;
    return onGrid({ name: 'window', since, until: window.until_ts }, nowTs);
  }
  if (sinceTs !== undefined) return onGrid({ name: 'own', since: sinceTs, until: untilTs ?? nowTs }, nowTs);
  const name = Object.hasOwn(RANGES, range) ? range : DEFAULT_RANGE;
  return onGrid({ name, since: nowTs - (RANGES[name] ?? 86_400), until: nowTs }, nowTs);
}

function onGrid({ name, since, until }: { name: string; since: number; until: number }, nowTs: number): Range {
  const end = Math.max(until, since + LEAST_S);
  const fits = STEPS.find(({ stepS, keepS }) => (end - since) / stepS <= MOST_SPANS && since >= nowTs - keepS);
  const { stepS } = fits ?? STEPS[STEPS.length - 1] ?? STEPS[0];
  // Before the horizon there is nothing: years of empty spans would be drawn for nothing.
  const first = Math.floor(Math.max(since, end - MOST_SPANS * stepS) / stepS) * stepS;
  return { name, since_ts: first, until_ts: (Math.floor(end / stepS) + 1) * stepS, step_s: stepS };
}
