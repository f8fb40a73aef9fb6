/** Weight of each part of the complexity load score, CLS v1. Their sum is 1. */
export const CLS_WEIGHTS = {
  files_touched: 0.25,
  module_spread: 0.2,
  dep_depth: 0.15,
  cyclomatic_delta: 0.15,
  plan_size_kb: 0.1,
  interface_delta: 0.1,
  cross_refs: 0.05,
} as const;

export type ClsPart = keyof typeof CLS_WEIGHTS;

/** Raw parts of one feature; null: not measured. */
export type ClsParts = Readonly<Record<ClsPart, number | null>>;

/** Features that make a baseline. Fewer say nothing about what is usual. */
export const BASELINE_FEATURES = 10;

interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

/** What is usual in a repository. It is made of its oldest features and stays, so that a score of today holds tomorrow. */
export interface Baseline {
  readonly features: number;
  /** Null: not measured in every feature of the baseline, or the same in all. */
  readonly spread: Readonly<Record<ClsPart, Spread | null>>;
}

/** How complex a feature is, beside what is usual in its repository. */
export interface Complexity {
  /** Σ weight · z over the parts known, by the sum of their weights. Null: no baseline, or too little is known. */
  readonly cls: number | null;
  /** Sum of the weights of the parts known, 0 to 1. */
  readonly known_weight: number;
  /** Features behind the baseline; 0: there is none, and the raw parts are all there is. */
  readonly baseline_features: number;
  readonly z: Readonly<Record<ClsPart, number | null>>;
  readonly parts: ClsParts;
}

const NAMES = Object.keys(CLS_WEIGHTS) as ClsPart[];
/** With less than half of the weights a score would be of something else. */
const LEAST_WEIGHT = 0.5;

/** The baseline of the oldest ten features; null: there are fewer. */
export function baselineOf(oldestFirst: readonly ClsParts[]): Baseline | null {
  const population = oldestFirst.slice(0, BASELINE_FEATURES);
  if (population.length < BASELINE_FEATURES) return null;
  return { features: population.length, spread: byPart((part) => spreadOf(population.map((parts) => parts[part]))) };
}

/** CLS v1 of a feature: weighted standard scores. A part without a value or a spread leaves the sum with its weight. */
export function complexityOf(parts: ClsParts, baseline: Baseline | null): Complexity {
  const z = byPart((part) => {
    const [value, spread] = [parts[part], baseline?.spread[part] ?? null];
    return value === null || spread === null ? null : (value - spread.mean) / spread.deviation;
  });
  const known = NAMES.flatMap((part) => {
    const score = z[part];
    return score === null ? [] : [{ weight: CLS_WEIGHTS[part], score }];
  });
  const weight = sum(known.map((one) => one.weight));
  const score = sum(known.map((one) => one.weight * one.score));
  return {
    cls: weight < LEAST_WEIGHT ? null : score / weight,
    known_weight: weight,
    baseline_features: baseline?.features ?? 0,
    z,
    parts,
  };
}

/** Sample standard deviation; null where nothing can be held against it. */
function spreadOf(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null);
  if (known.length < values.length) return null;
  const mean = sum(known) / known.length;
  const deviation = Math.sqrt(sum(known.map((value) => (value - mean) ** 2)) / (known.length - 1));
  return deviation > 0 ? { mean, deviation } : null;
}

function byPart<Value>(of: (part: ClsPart) => Value): Readonly<Record<ClsPart, Value>> {
  return Object.fromEntries(NAMES.map((part) => [part, of(part)])) as Record<ClsPart, Value>;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
