import { lengthClass } from '../cost/cost-of.ts';
import type { PricedTokens } from '../cost/cost-of.ts';
import { sumFrom } from './exact-sum.ts';
import type { ExactSum, Sum } from './exact-sum.ts';
import type { TurnFacts } from './turn-facts.ts';
import type { TurnGroup } from './turn-groups.ts';

/** Tokens of the turns of one day and model that are priced alike: of one length, and using the same kinds. */
export interface Bucket {
  /** Day in the zone of the summary; empty: the turns do not say when. */
  readonly day: string;
  readonly model: string;
  readonly lengthClass: number;
  readonly turns: number;
  readonly tokens: PricedTokens;
}

/** A bucket as it is kept between runs. */
export type KeptBucket = readonly [day: string, model: string, key: number, turns: number, ...sums: ExactSum[]];

/** Token sums by day, model and price class: from them every cost follows, by whatever prices. */
export interface TokenBuckets {
  add(facts: TurnFacts, sign: 1 | -1): void;
  addGroup(group: TurnGroup): void;
  /** Buckets that hold turns, by day, model and class: always in the same order. */
  all(): readonly Bucket[];
  toJSON(): readonly KeptBucket[];
}

interface Open {
  turns: number;
  readonly sums: readonly Sum[];
}

type OfModel = Open[];

export function tokenBuckets(
  dayOf: (facts: { readonly ts: number | null }) => string,
  kept: readonly KeptBucket[] = [],
): TokenBuckets {
  const days = new Map<string, Map<string, OfModel>>();
  for (const [day, model, key, turns, ...sums] of kept) {
    ofModel(days, day, model)[key] = { turns, sums: sums.map((sum) => sumFrom(sum)) };
  }
  const entries = (): [string, string, number, Open][] =>
    [...days].flatMap(([day, models]) =>
      [...models].flatMap(([model, open]) =>
        open.flatMap((bucket, key): [string, string, number, Open][] =>
          bucket.turns === 0 ? [] : [[day, model, key, bucket]],
        ),
      ),
    );
  const bucketOf = (day: string, model: string, key: number): Open => {
    const buckets = ofModel(days, day, model);
    return (buckets[key] ??= { turns: 0, sums: [sumFrom(), sumFrom(), sumFrom(), sumFrom(), sumFrom()] });
  };
  return {
    addGroup({ day, model, key, turns, sums }) {
      const bucket = bucketOf(day, model, key);
      bucket.turns += turns;
      for (const [nth, sum] of sums.entries()) bucket.sums[nth]?.add(sum);
    },
    add(facts, sign) {
      const bucket = bucketOf(facts.ts === null ? '' : dayOf(facts), facts.model, classOf(facts));
      bucket.turns += sign;
      const { sums } = bucket;
      sums[0]?.add(facts.input, sign);
      sums[1]?.add(facts.output, sign);
      if (facts.cacheWrite !== 0) sums[2]?.add(facts.cacheWrite, sign);
      if (facts.cacheWrite1h !== 0) sums[3]?.add(facts.cacheWrite1h, sign);
      if (facts.cacheRead !== 0) sums[4]?.add(facts.cacheRead, sign);
    },
    all: () =>
      entries()
        .toSorted(([a, b, c], [d, e, f]) => compare(a, d) || compare(b, e) || c - f)
        .map(([day, model, key, { turns, sums }]) => ({
          day,
          model,
          lengthClass: Math.floor(key / KINDS),
          turns,
          tokens: tokensOf(sums),
        })),
    toJSON: () => entries().map(([day, model, key, { turns, sums }]) => [day, model, key, turns, ...sums.map(toJson)]),
  };
}

const KINDS = 32;

/** Turns of one class are priced alike. */
export function classOf(tokens: PricedTokens): number {
  return lengthClass(tokens) * KINDS + kindsOf(tokens);
}

/** Which kinds of token a turn used, a bit each: a kind without a price leaves the turns that used it unpriced. */
function kindsOf({ input, output, cacheWrite, cacheWrite1h, cacheRead }: PricedTokens): number {
  return (
    (input === 0 ? 0 : 1) |
    (output === 0 ? 0 : 2) |
    (cacheWrite === cacheWrite1h ? 0 : 4) |
    (cacheWrite1h === 0 ? 0 : 8) |
    (cacheRead === 0 ? 0 : 16)
  );
}

function ofModel(days: Map<string, Map<string, OfModel>>, day: string, model: string): OfModel {
  let models = days.get(day);
  if (models === undefined) days.set(day, (models = new Map()));
  let buckets = models.get(model);
  if (buckets === undefined) models.set(ownText(model), (buckets = []));
  return buckets;
}

/** A text of its own: one that was cut out of a block of a file would keep all of the block in memory. */
export function ownText(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}

function tokensOf([input, output, cacheWrite, cacheWrite1h, cacheRead]: readonly Sum[]): PricedTokens {
  return {
    input: input?.value() ?? 0,
    output: output?.value() ?? 0,
    cacheWrite: cacheWrite?.value() ?? 0,
    cacheWrite1h: cacheWrite1h?.value() ?? 0,
    cacheRead: cacheRead?.value() ?? 0,
  };
}

function toJson(sum: Sum): ExactSum {
  return sum.toJSON();
}

export function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
