/** What each flag turns on. A flag exists only while both of its sides are worth running. */
export const FEATURE_FLAGS = {
  fallback: { default: true, what: 'try the next lane when one fails before the first byte' },
  hold_first_event: {
    default: true,
    what: 'hold a 200 stream until its first bytes, so that an error there can still fall back',
  },
  events: { default: true, what: 'serve GET /v1/events' },
  quota_shadow: { default: false, what: 'only log what our own quotas would have decided; cooldowns still hold' },
} as const;

export type FeatureFlag = keyof typeof FEATURE_FLAGS;
export type FeatureFlags = Readonly<Record<FeatureFlag, boolean>>;

const NAMES = Object.keys(FEATURE_FLAGS) as FeatureFlag[];

export const DEFAULT_FEATURES = Object.fromEntries(
  NAMES.map((name) => [name, FEATURE_FLAGS[name].default]),
) as FeatureFlags;

/** `a,-b` turns a on and b off. */
export function parseFeatureFlags(
  text: string,
): { flags: FeatureFlags } | { unknown: string; known: readonly string[] } {
  const flags: Record<FeatureFlag, boolean> = { ...DEFAULT_FEATURES };
  for (const item of text.split(',').map((part) => part.trim())) {
    if (item === '') continue;
    const on = !item.startsWith('-');
    const name = NAMES.find((candidate) => candidate === (on ? item.replace(/^\+/, '') : item.slice(1)));
    if (name === undefined) return { unknown: item.replace(/^[-+]/, ''), known: NAMES };
    flags[name] = on;
  }
  return { flags };
}

/** Flags of a `features:` block in providers.yaml, laid over those of the environment. Unknown names are reported. */
export function mergeFeatureFlags(
  base: FeatureFlags,
  block: Readonly<Record<string, unknown>>,
): { flags: FeatureFlags; unknown: string[] } {
  const flags: Record<FeatureFlag, boolean> = { ...base };
  const unknown: string[] = [];
  for (const [key, value] of Object.entries(block)) {
    const name = NAMES.find((candidate) => candidate === key);
    if (name === undefined || typeof value !== 'boolean') unknown.push(key);
    else flags[name] = value;
  }
  return { flags, unknown };
}
