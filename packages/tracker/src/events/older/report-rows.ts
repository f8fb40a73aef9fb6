import { has, isFields, without, withTexts } from './shape.ts';
import type { Fields, OlderShape } from './shape.ts';

/** `{window, provider, captured_at, parsed{}, raw_text, …}`, of which the file alone tells the kind. */
export function olderReports(kind: 'codex_ccusage' | 'claude_monitor' | 'proxy_telemetry'): readonly OlderShape[] {
  return [
    {
      name: 'report of a program',
      matches: (row) => has(row, 'provider', 'captured_at', 'parsed'),
      toCurrent: (row) => ({ kind, row: withTexts(row) }),
    },
  ];
}

/** `{window, provider, insertions, deletions, …, source: "churn"}` */
export const olderChurn: readonly OlderShape[] = [
  {
    name: 'churn',
    matches: (row) => has(row, 'window', 'captured_at', 'insertions', 'deletions'),
    // `features` null is "not known" here, and not absent.
    toCurrent: (row) => ({
      kind: 'churn',
      row: { ...withTexts(row), ...('features' in row && { features: row['features'] }) },
    }),
  },
];

/** `{window, provider, captured_at, notes, delta, before, after, source: "finalize"}` */
export const olderAnomalies: readonly OlderShape[] = [
  {
    name: 'anomaly',
    matches: (row) => has(row, 'captured_at', 'notes') && ['delta', 'before', 'after'].some((key) => key in row),
    toCurrent: (row) => ({ kind: 'anomaly', row: withMetersApart(withTexts(row)) }),
  },
];

/** Where all meters were written instead of the one it is about, they are kept under a name of their own. */
function withMetersApart(row: Fields): Fields {
  const several = ['delta', 'before', 'after'].filter((key) => isFields(row[key]));
  const apart = several.map((key): [string, unknown] => [`${key}_meters`, row[key]]);
  return { ...without(row, ...several), ...Object.fromEntries(apart) };
}
