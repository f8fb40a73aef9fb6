import { withQuality } from '../quality.ts';
import { has, isFields, isoOf, without, withTexts } from './shape.ts';
import type { Converted, Fields, OlderShape } from './shape.ts';

/** `{window, finalized_at, features{}, providers{}, quality_score, …}` */
const finalizedWindow: OlderShape = {
  name: 'finalized window',
  matches: (row) => has(row, 'window', 'finalized_at'),
  toCurrent: (row) => asWindow(withTexts(row)),
};

/** `{window_id, start, end, methodology_id, providers{}, quality{pass, fail, score}, notes[]}`: quality is in marks. */
const spannedWindow: OlderShape = {
  name: 'window with start and end',
  matches: (row) => has(row, 'window_id', 'start', 'end'),
  toCurrent(row) {
    const { window_id: window, end, methodology_id: methodology, providers, quality } = row;
    const current = {
      ...without(row, 'window_id', 'methodology_id', 'quality'),
      window,
      finalized_at: isoOf(end),
      methodology: methodology ?? null,
      ...(isFields(providers) && { providers: withMeterNames(providers) }),
    };
    if (!isFields(quality)) return asWindow({ ...withTexts(current), quality }, true);
    const judged = asWindow({ ...withTexts(current), quality_score: quality['score'] }, true);
    return { ...judged, row: { ...judged.row, quality_raw: quality } };
  },
};

/** One provider's share of a window: `{provider, window_id, captured_at, features_completed, quality_score 1 to 5, …}` */
const providerWindow: OlderShape = {
  name: 'usage of one provider',
  matches: (row) => has(row, 'provider', 'window_id', 'captured_at', 'features_completed'),
  toCurrent(row) {
    const { window_id: window, captured_at: capturedAt, provider, features_completed: features } = row;
    const current = { ...without(row, 'window_id', 'features_completed'), window, finalized_at: isoOf(capturedAt) };
    return asWindow({ ...withTexts(current), features: { [String(provider)]: features } }, true);
  },
};

export const olderWindows: readonly OlderShape[] = [finalizedWindow, spannedWindow, providerWindow];

function asWindow(row: Fields, marks = false): Converted {
  const judged = withQuality(row, marks);
  return { kind: 'window', row: judged.row, notes: judged.notes };
}

/** Names of the deltas, in percentage points, as they are called today. */
const DELTAS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  codex: { delta_weekly_pp: 'weekly_pct', delta_fiveh_pp: 'fiveh_pct' },
  claude: { delta_all_pp: 'all_models_pct', opus_pp: 'opus_pct' },
};

/** `units` stays beside them: nothing says whether it counts features or names a unit. */
function withMeterNames(providers: Fields): Fields {
  return Object.fromEntries(
    Object.entries(providers).map(([name, used]) => [name, isFields(used) ? withMeterNamesOf(name, used) : used]),
  );
}

function withMeterNamesOf(provider: string, used: Fields): Fields {
  if (provider === 'glm') {
    const { prompts_used: prompts } = used;
    return { ...used, capacity: prompts ?? null, capacity_unit: 'prompts', capacity_field: 'prompts_used' };
  }
  const names = DELTAS[provider] ?? {};
  const delta = Object.entries(names).flatMap(([older, current]) => (has(used, older) ? [[current, used[older]]] : []));
  return { ...without(used, ...Object.keys(names)), delta: Object.fromEntries(delta) as Fields };
}
