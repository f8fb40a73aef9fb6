import { MINIMIZED_KEYS, type AggregateReport, type ReportFigure, type ReportWeek } from '@ccp/contracts';
import type { AggregateStore, Contribution } from './store.ts';

/** No figure rests on fewer contributors. */
export const LEAST_K = 5;

const DAY_S = 86_400;
const WEEK_S = 7 * DAY_S;
/** 1970-01-05 was a Monday. */
const FIRST_MONDAY_S = 4 * DAY_S;
/** Uploads may come late; after this the week is published and does not change any more. */
const GRACE_S = 2 * DAY_S;

const FIGURES = MINIMIZED_KEYS.filter((key) => key !== 'generated_at');

/**
 * The last finished weeks, newest first. A week is published once and stays as it was: from a report before and a report
 * after one more upload its contributor could be read off.
 */
export async function publicReport(
  store: AggregateStore,
  { k, weeks, nowTs }: { readonly k: number; readonly weeks: number; readonly nowTs: number },
): Promise<AggregateReport> {
  const newest = mondayOf(nowTs - WEEK_S - GRACE_S);
  const list: ReportWeek[] = [];
  for (let back = 0; back < weeks; back += 1) {
    const fromTs = newest - back * WEEK_S;
    const week = new Date(fromTs * 1000).toISOString().slice(0, 10);
    const published = await store.publishedWeek(week);
    const found = published === null ? weekOf(week, await store.contributions(fromTs, fromTs + WEEK_S), k) : null;
    if (found !== null) await store.publishWeek(week, JSON.stringify(found));
    list.push(found ?? (JSON.parse(published ?? '{}') as ReportWeek));
  }
  return { k, weeks: list };
}

function mondayOf(ts: number): number {
  return Math.floor((ts - FIRST_MONDAY_S) / WEEK_S) * WEEK_S + FIRST_MONDAY_S;
}

/**
 * A week's figures. A contributor is an organisation: however many machines it has, it counts once, with the mean of their
 * newest summaries.
 */
export function weekOf(week: string, contributions: readonly Contribution[], k: number): ReportWeek {
  const byOrg = new Map<string, Record<string, unknown>[]>();
  for (const { org, json } of contributions)
    byOrg.set(org, [...(byOrg.get(org) ?? []), JSON.parse(json) as Record<string, unknown>]);
  const figures: Record<string, ReportFigure> = {};
  for (const name of FIGURES) {
    const values = [...byOrg.values()].flatMap((summaries) => {
      const known = summaries.map((summary) => summary[name]).filter((value) => typeof value === 'number');
      return known.length === 0 ? [] : [meanOf(known)];
    });
    if (values.length >= k)
      figures[name] = { contributors: stepsOf(values.length, k), mean: threeDigits(drawnIn(values)) };
  }
  return { week, contributors: byOrg.size < k ? null : stepsOf(byOrg.size, k), figures };
}

function stepsOf(count: number, k: number): number {
  return count - (count % k);
}

/** Mean where the least and the greatest value count as their neighbours: one contributor alone moves nothing far. */
function drawnIn(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low = 0, high = 0] = [sorted.at(1), sorted.at(-2)];
  return meanOf(sorted.map((value) => Math.min(high, Math.max(low, value))));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function threeDigits(value: number): number {
  return Number(value.toPrecision(3));
}
