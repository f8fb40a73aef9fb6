import { has, isFields, isoOf, without, withTexts } from './shape.ts';
import type { Fields, OlderShape } from './shape.ts';

/** `{window, provider, phase, captured_at, parsed{}, raw_text, …}` */
const parsedSnapshot: OlderShape = {
  name: 'snapshot',
  matches: (row) => has(row, 'window', 'provider', 'phase', 'captured_at'),
  toCurrent: (row) => ({ kind: 'snapshot', row: withTexts(row) }),
};

/** `{ts, window_id, provider, phase, meters{}, raw}` */
const meteredSnapshot: OlderShape = {
  name: 'snapshot with meters',
  matches: (row) => has(row, 'ts', 'window_id', 'provider', 'phase', 'meters'),
  toCurrent(row) {
    const { ts, window_id: window, meters, provider, raw } = row;
    const current = {
      ...without(row, 'ts', 'window_id', 'meters', 'raw'),
      window,
      captured_at: isoOf(ts),
      raw_text: raw ?? null,
      parsed: isFields(meters) && provider === 'claude' ? withClaudeNames(meters) : meters,
    };
    return { kind: 'snapshot', row: withTexts(current) };
  },
};

/** `{window, provider: "glm", captured_at, prompts_used, parsed{}, …}` */
const promptCount: OlderShape = {
  name: 'prompt count',
  matches: (row) => has(row, 'window', 'captured_at', 'prompts_used'),
  toCurrent: (row) => ({ kind: 'glm_count', row: withTexts(row) }),
};

/** `{ts, window_id, source, prompts_used, prompts_cap, notes}` */
const cappedPromptCount: OlderShape = {
  name: 'prompt count with a cap',
  matches: (row) => has(row, 'ts', 'window_id', 'prompts_used'),
  toCurrent(row) {
    const { ts, window_id: window } = row;
    const current = { provider: 'glm', ...without(row, 'ts', 'window_id'), window, captured_at: isoOf(ts) };
    return { kind: 'glm_count', row: withTexts(current) };
  },
};

export const olderSnapshots: readonly OlderShape[] = [parsedSnapshot, meteredSnapshot];
export const olderPromptCounts: readonly OlderShape[] = [promptCount, cappedPromptCount];

/** That writer had one set of names; Claude's own bars are called the session and all models. */
const CLAUDE_NAMES: Readonly<Record<string, string>> = {
  fiveh_pct: 'session_pct',
  fiveh_resets: 'session_resets',
  weekly_pct: 'all_models_pct',
  weekly_resets: 'all_models_resets',
};

function withClaudeNames(meters: Fields): Fields {
  return Object.fromEntries(Object.entries(meters).map(([name, value]) => [CLAUDE_NAMES[name] ?? name, value]));
}
