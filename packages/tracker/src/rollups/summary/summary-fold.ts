import type { CccSnapshot, MetricsSummary, TrackerEvent, WindowRecord } from '@ccp/contracts';
import { timeKey } from '../report/group-turns.ts';
import { rankOf } from '../report/report-turn.ts';
import type { Seeds } from '../../learned-lines/text-hasher.ts';
import { KNOWN, knownTurns, NEW } from './known-turns.ts';
import type { KnownTurns } from './known-turns.ts';
import { modelHealth, routingOf } from './model-health.ts';
import { newestTime } from './newest-time.ts';
import type { NewestTime } from './newest-time.ts';
import { factsAt, sourcesOf } from './packed-turns.ts';
import type { PackedTurns } from './packed-turns.ts';
import { tallyFrom } from './tally.ts';
import type { KeptTally, Tally } from './tally.ts';
import { ownText, tokenBuckets } from './token-buckets.ts';
import type { KeptBucket, TokenBuckets } from './token-buckets.ts';
import { factsOf } from './turn-facts.ts';
import type { Measured, TurnFacts } from './turn-facts.ts';
import { turnGroups } from './turn-groups.ts';

/** A row of any journal; the kinds a summary needs are looked at. */
export type SummaryRow = { readonly kind: string };

/** The newest row of a finished window. */
export interface FinishedWindow {
  readonly window: string;
  readonly at: string;
  readonly outcome: string | null;
  readonly quality: number | null;
  readonly features: Readonly<Record<string, number>>;
}

type Served = Pick<MetricsSummary, 'model_health' | 'reroutes' | 'gated_lanes' | 'license'>;

/** What a fold has come to, as it is kept between runs; the records of its exchanges are kept beside it. */
export interface FoldState {
  readonly tz: string;
  readonly seeds: Seeds;
  readonly newestAt: string;
  readonly buckets: readonly KeptBucket[];
  readonly sources: KeptTally;
  readonly shares: KeptTally;
  readonly measured: KeptTally;
  readonly capacity: KeptTally;
  /** Features by day. */
  readonly features: KeptTally;
  readonly windows: readonly FinishedWindow[];
  readonly served: { readonly at: string; readonly value: Served } | null;
}

export interface FoldOptions {
  /** IANA zone whose days are meant. */
  readonly tz: string;
  /** Any two numbers, always the same for one state. */
  readonly seeds: Seeds;
  /** The turn whose row stands at a place that was given before. */
  readonly recall: (place: number) => TurnFacts;
  readonly state?: FoldState;
}

/**
 * Adds rows to what came before. The sums are exact and a row that takes the place of another one takes its sums away,
 * so rows in any portions give what all of them give at once.
 */
export interface SummaryFold {
  readonly tz: string;
  readonly seeds: Seeds;
  readonly known: KnownTurns;
  readonly newest: NewestTime;
  readonly tokens: TokenBuckets;
  readonly sources: Tally;
  readonly shares: Tally;
  readonly measured: Tally;
  readonly capacity: Tally;
  readonly features: Tally;
  /** The zone's day of a time. */
  readonly dayOf: (time: { readonly ts: number | null }) => string;
  windows(): readonly FinishedWindow[];
  /** How the shim serves, by its newest answer; null: none. */
  served(): Served | null;
  /** @param place where the row stands: a whole number that `recall` understands */
  row(row: SummaryRow, place: number): void;
  turn(facts: TurnFacts, place: number): void;
  /** Turns whose ids were hashed with the seeds of this fold: the same as `turn` of each of them. */
  turns(turns: PackedTurns): void;
  toJSON(): FoldState;
}

export function summaryFold({ tz, seeds, recall, state }: FoldOptions): SummaryFold {
  const dayOf = timeKey('daily', tz);
  const known = knownTurns(seeds);
  const newest = newestTime(state?.newestAt);
  const tokens = tokenBuckets(dayOf, state?.buckets);
  const [sources, shares] = [tallyFrom(state?.sources), tallyFrom(state?.shares)];
  const [measured, capacity, features] = [
    tallyFrom(state?.measured),
    tallyFrom(state?.capacity),
    tallyFrom(state?.features),
  ];
  const windows = new Map(state?.windows.map((window) => [window.window, window]));
  let served = state?.served ?? null;

  const measure = (facts: TurnFacts, one: Measured, sign: 1 | -1): void => {
    const { features: delta, cls, impf, churnScore, capacity: used, capacityUnit } = one;
    if (delta !== null) measured.add('features', delta, sign);
    if (delta !== null && facts.ts !== null) features.add(dayOf(facts), delta, sign);
    if (cls !== null) measured.add('cls', cls, sign);
    if (impf !== null) measured.add('impf', impf, sign);
    if (churnScore !== null) measured.add('churn_score', churnScore, sign);
    if (used !== null) capacity.add(capacityUnit, used, sign);
  };
  const apply = (facts: TurnFacts, sign: 1 | -1): void => {
    tokens.add(facts, sign);
    sources.add(facts.source ?? 'unknown', 1, sign);
    if (facts.attribution === null) shares.add(facts.model, 1, sign);
    else for (const [model, share] of Object.entries(facts.attribution)) shares.add(model, share, sign);
    if (facts.measured !== null) measure(facts, facts.measured, sign);
  };
  const turn = (facts: TurnFacts, place: number): void => {
    const met = known.meet(facts.id, rankOf(facts.source), place, facts.sessionId);
    if (met === KNOWN) return;
    if (met !== NEW) apply(recall(met), -1);
    apply(facts, 1);
  };
  const groups = turnGroups(dayOf);
  const takeGroups = (packed: PackedTurns): void => {
    for (const group of groups.take(packed)) {
      tokens.addGroup(group);
      shares.addOnes(group.model, group.turns);
    }
  };
  const turns = (packed: PackedTurns): void => {
    const { index, rank, texts } = sourcesOf(packed);
    const counts = texts.map(() => 0);
    const met = known.meetAll(packed, rank, (row) => packed.placeAt(row));
    for (let row = 0; row < packed.count; row += 1) {
      const before = met[row] ?? NEW;
      if (before === KNOWN) continue;
      if (before !== NEW) apply(recall(before), -1);
      const source = index[row] ?? 0;
      counts[source] = (counts[source] ?? 0) + 1;
      if (groups.add(packed, row)) continue;
      const facts = factsAt(packed, row);
      tokens.add(facts, 1);
      shares.add(facts.model, 1, 1);
    }
    takeGroups(packed);
    for (const [nth, text] of texts.entries()) sources.addOnes(text, counts[nth] ?? 0);
  };
  return {
    tz,
    seeds,
    known,
    newest,
    tokens,
    sources,
    shares,
    measured,
    capacity,
    features,
    dayOf,
    windows: () => [...windows.values()],
    served: () => served?.value ?? null,
    turn,
    turns,
    row(row, place) {
      newest.see(timeOf(row));
      if (row.kind === 'turn') {
        const facts = factsOf(row as TrackerEvent);
        if (facts !== null) turn(facts, place);
      } else if (row.kind === 'session') known.meetSession((row as TrackerEvent).session?.session_id ?? '');
      else if (row.kind === 'window') {
        const finished = finishedWindow(row as WindowRecord);
        const before = windows.get(finished.window);
        if (before === undefined || isNotOlder(finished.at, before.at)) windows.set(finished.window, finished);
      } else if (row.kind === 'ccc_snapshot') {
        const { captured_at: at, usage } = row as CccSnapshot;
        if (served === null || isNotOlder(at, served.at))
          served = { at, value: { model_health: modelHealth(usage), ...routingOf(usage) } };
      }
    },
    toJSON: () => ({
      tz,
      seeds,
      newestAt: newest.at(),
      buckets: tokens.toJSON(),
      sources: sources.toJSON(),
      shares: shares.toJSON(),
      measured: measured.toJSON(),
      capacity: capacity.toJSON(),
      features: features.toJSON(),
      windows: [...windows.values()],
      served,
    }),
  };
}

function finishedWindow(row: WindowRecord): FinishedWindow {
  const { window, finalized_at: at, outcome, quality_score: score, features } = row;
  return { window: ownText(window), at, outcome: outcome ?? null, quality: score ?? null, features: features ?? {} };
}

export function timeOf(row: SummaryRow): string | undefined {
  const { captured_at: captured, finalized_at: finalized } = row as { captured_at?: string; finalized_at?: string };
  return captured ?? finalized;
}

/** A time that can't be read is older than any. */
function isNotOlder(at: string, before: string): boolean {
  const [now, then] = [Date.parse(at), Date.parse(before)];
  return Number.isNaN(then) || now >= then;
}
