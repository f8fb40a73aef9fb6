/** A meter among the parsed values of a snapshot. */
export interface MeterField {
  /** Such as `weekly_pct`. */
  readonly field: string;
  /** Length of its window in minutes; null: not known. */
  readonly windowMin: number | null;
  /** The meter whose reset stands in where this one prints none of its own. */
  readonly like?: string;
}

const WEEK_MIN = 10_080;
const FIVE_HOURS_MIN = 300;
const CLAUDE_WEEK = 'all_models_pct';

const KNOWN: ReadonlyMap<string, readonly MeterField[]> = new Map([
  [
    'codex',
    [
      { field: 'fiveh_pct', windowMin: FIVE_HOURS_MIN },
      { field: 'weekly_pct', windowMin: WEEK_MIN },
    ],
  ],
  [
    'claude',
    [
      { field: 'session_pct', windowMin: FIVE_HOURS_MIN },
      { field: CLAUDE_WEEK, windowMin: WEEK_MIN },
      { field: 'opus_pct', windowMin: WEEK_MIN, like: CLAUDE_WEEK },
    ],
  ],
]);

/** Fields that can stand for a window's capacity, the first one first: the weekly bar, then the 5 hours. */
const CAPACITY: ReadonlyMap<string, readonly string[]> = new Map([
  ['codex', ['weekly_pct', 'fiveh_pct']],
  ['claude', [CLAUDE_WEEK, 'session_pct']],
]);

/** Parsed values of a snapshot, whoever wrote it. */
export type Parsed = Readonly<Record<string, unknown>>;

/** The provider's own meters, and any other `…_pct` one of the two readings has, such as one family of models. */
export function fieldsOf(provider: string, before: Parsed, after: Parsed): readonly MeterField[] {
  const known = KNOWN.get(provider) ?? [];
  const names = new Set(known.map(({ field }) => field));
  const more = [...Object.keys(before), ...Object.keys(after)].filter(
    (field) => /.+_pct$/.test(field) && !names.has(field),
  );
  const like = provider === 'claude' ? { like: CLAUDE_WEEK } : {};
  // Bars beside the 5 hours have been weekly so far, but nothing says so: unknown.
  const others = [...new Set(more)].toSorted().map((field): MeterField => ({ field, windowMin: null, ...like }));
  // The scoped bar of a family is shown by some accounts only.
  const shown = known.filter(({ field }) => field !== 'opus_pct' || field in before || field in after);
  return [...shown, ...others];
}

/** In which order the deltas of a provider are taken for its capacity. */
export function capacityOrder(provider: string): readonly string[] {
  return CAPACITY.get(provider) ?? [];
}

/** The field of a snapshot that tells the meter of a reading; null: none is known to. */
export function fieldOfMeter(provider: string, scope: string, windowMin: number | null): string | null {
  const isScoped = scope.startsWith('model:');
  const found = (KNOWN.get(provider) ?? []).find(
    ({ field, windowMin: minutes, like }) =>
      minutes === windowMin &&
      (isScoped ? field === `${scope.slice('model:'.length)}_pct` : scope === 'all' && like === undefined),
  );
  return found?.field ?? null;
}
