import { costOf } from '../cost/cost-of.ts';
import type { PriceMap } from '../cost/price-map.ts';
import type { ReportTurn } from './report-turn.ts';

export type Grouping = 'daily' | 'weekly' | 'monthly' | 'session';

export interface GroupOptions {
  readonly by: Grouping;
  /** IANA zone whose days, weeks and months are meant. */
  readonly tz: string;
  readonly prices: PriceMap;
  /** Epoch seconds, from and before. */
  readonly sinceTs?: number;
  readonly untilTs?: number;
}

/** Sums of some turns. */
export interface TurnSums {
  turns: number;
  tokens: { input: number; output: number; cache_write: number; cache_read: number };
  /** US dollars by list prices of the turns that have a price; null: none has. */
  cost_usd: number | null;
  /** Turns of models without a price: they are in no dollar above. */
  unpriced_turns: number;
  /** Features said to be added; null: no turn says. */
  features: number | null;
}

export interface Group extends TurnSums {
  /** Day (2030-01-31), ISO week (2030-W05), month (2030-01) or session id; empty: not known. */
  readonly key: string;
  readonly models: Readonly<Record<string, TurnSums>>;
}

export interface TurnReport {
  readonly by: Grouping;
  readonly tz: string;
  /** In the order of their keys, sessions in the order of their first turn. */
  readonly groups: readonly Group[];
  readonly totals: TurnSums;
  readonly price_map: string;
  readonly unpriced_models: readonly string[];
}

/** Turns added up by day, week, month or session. Turns without a time are left out where a time is asked for. */
export function groupTurns(turns: readonly ReportTurn[], options: GroupOptions): TurnReport {
  const { by, tz, prices, sinceTs = -Infinity, untilTs = Infinity } = options;
  const keyOf = by === 'session' ? ({ sessionId }: ReportTurn): string => sessionId : timeKey(by, tz);
  const groups = new Map<string, TurnSums & { key: string; models: Record<string, TurnSums> }>();
  const totals = noSums();
  const unpriced = new Set<string>();
  const isBounded = sinceTs !== -Infinity || untilTs !== Infinity;
  const inTime = turns.filter(({ ts }) =>
    ts === null ? by === 'session' && !isBounded : ts >= sinceTs && ts < untilTs,
  );
  for (const turn of inTime.toSorted((a, b) => (a.ts ?? 0) - (b.ts ?? 0))) {
    const key = keyOf(turn);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { key, ...noSums(), models: {} }));
    const ofModel = (group.models[turn.model] ??= noSums());
    const cost = costOf(turn.model, turn, prices);
    if (cost === null) unpriced.add(turn.model);
    for (const sums of [group, ofModel, totals]) add(sums, turn, cost);
  }
  const all = [...groups.values()];
  return {
    by,
    tz,
    groups: by === 'session' ? all : all.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    totals,
    price_map: prices.version,
    unpriced_models: [...unpriced].toSorted(),
  };
}

function noSums(): TurnSums {
  return {
    turns: 0,
    tokens: { input: 0, output: 0, cache_write: 0, cache_read: 0 },
    cost_usd: null,
    unpriced_turns: 0,
    features: null,
  };
}

function add(sums: TurnSums, turn: ReportTurn, cost: number | null): void {
  sums.turns += 1;
  sums.tokens.input += turn.input;
  sums.tokens.output += turn.output;
  sums.tokens.cache_write += turn.cacheWrite;
  sums.tokens.cache_read += turn.cacheRead;
  if (cost === null) sums.unpriced_turns += 1;
  else sums.cost_usd = (sums.cost_usd ?? 0) + cost;
  if (turn.features !== null) sums.features = (sums.features ?? 0) + turn.features;
}

/** Offsets of zones change on quarters of an hour only, so a quarter lies in one day. */
const QUARTER_S = 900;

/** The day, week or month of a turn in a zone; the turn has to have a time. */
export function timeKey(by: Exclude<Grouping, 'session'>, tz: string): (turn: Pick<ReportTurn, 'ts'>) => string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: tz, year: 'numeric', month: '2-digit', day: '2-digit' });
  const known = new Map<number, string>();
  const toKey = (day: string): string => (by === 'daily' ? day : by === 'monthly' ? day.slice(0, 7) : isoWeek(day));
  return ({ ts }) => {
    const quarter = Math.floor((ts ?? 0) / QUARTER_S);
    let key = known.get(quarter);
    if (key === undefined) known.set(quarter, (key = toKey(format.format(quarter * QUARTER_S * 1000))));
    return key;
  };
}

/** ISO 8601: weeks begin on Monday, and the first one of a year has its first Thursday. */
export function isoWeek(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * 86_400_000);
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = Math.ceil(((thursday.getTime() - first) / 86_400_000 + 1) / 7);
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`;
}
