import type { ChurnRecord, ToolReport } from '@ccp/contracts';
import { printable } from '../../printable.ts';
import type { ProviderOverview } from '../../rollups/windows/provider-overview.ts';
import type { SnapshotSources, WindowOutcome, WindowPreview } from '../../rollups/windows/window-preview.ts';

/** Finished windows as lines; a block without rows is absent, but for the providers. */
export function windowPreviewLines(preview: WindowPreview): string[] {
  if (preview.windows.length === 0) return ['no windows recorded'];
  const lines = [
    `Windows: ${preview.windows.join(', ')}`,
    `Anomalies: ${preview.anomalies} (see anomalies.jsonl)`,
    'Providers:',
    ...preview.providers.map(providerLine),
    ...outcomeLines(preview.outcomes),
    ...block('Churn:', preview.churn.map(churnLine)),
    ...block('Subagent Proxy:', preview.proxy === null ? [] : [proxyLine(preview.proxy)]),
    ...block('ccusage:', preview.ccusage.map(ccusageLine)),
    ...block('Snapshots:', preview.snapshots.map(snapshotLine)),
    ...block('Left out:', preview.providers.flatMap(leftOutLines)),
  ];
  return lines.map(printable);
}

function block(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines];
}

function providerLine({ provider, features, capacity, unit, estimate }: ProviderOverview): string {
  const { efficiency, ci, n, power } = estimate;
  const interval = ci === null ? 'n/a' : ci === 'unbounded' ? 'unbounded' : `[${decimals(ci.lo)}, ${decimals(ci.hi)}]`;
  const amount = capacity === null ? 'n/a' : `${count(capacity)} ${unit}`;
  return (
    `  - ${provider}: features=${count(features)}, capacity=${amount}, efficiency=${decimals(efficiency)}, ` +
    `ci=${interval}, n=${n}, power=${decimals(power)}`
  );
}

function outcomeLines(outcomes: readonly WindowOutcome[]): string[] {
  const [only, ...more] = outcomes;
  const words = ({ quality, outcome }: WindowOutcome): string => `quality=${decimals(quality, 1)}, outcome=${outcome}`;
  if (only === undefined) return [];
  if (more.length > 0) return ['Outcome:', ...outcomes.map((one) => `  - ${one.window}: ${words(one)}`)];
  return [`Outcome: ${words(only)}`, ...(only.notes === '' ? [] : [`Notes: ${only.notes}`])];
}

function churnLine(row: ChurnRecord): string {
  const { provider, window, methodology, insertions, deletions, net, normalized_churn: perFeature } = row;
  return (
    `  - provider=${named(provider)} window=${window} method=${named(methodology)}: files=${count(row.files_changed)}, ` +
    `+${count(insertions)}/-${count(deletions)} (net=${count(net)}), per-feature=${decimals(perFeature)}`
  );
}

function proxyLine({ parsed }: ToolReport): string {
  const routed = percentText(first(parsed, ['routed_to_glm_pct', 'routed_pct', 'routed_percent']));
  const events = count(first(parsed, ['total', 'events', 'total_events']));
  const p50 = count(first(parsed, ['latency_p50_ms', 'latency_p50', 'p50_ms']));
  const p95 = count(first(parsed, ['latency_p95_ms', 'latency_p95', 'p95_ms']));
  const errors = percentText(first(parsed, ['error_rate_pct', 'errors_pct']));
  return `  - routed=${routed} (events=${events}), latency=${p50} ms p50 / ${p95} ms p95, errors=${errors}`;
}

/** The share, the tokens and what is left or next, as far as the report has them. */
function ccusageLine({ scope = 'session', parsed }: ToolReport): string {
  const percent = first(parsed, ['percent_used', 'percentUsed', 'used_pp', 'percent', 'usage_pct']);
  const tokens = first(parsed, ['tokens_used', 'tokensUsed', 'total_tokens', 'totalTokens', 'tokens']);
  const sessions = first(parsed, ['sessions', 'session_count']);
  const resets = parsed['reset_at'] ?? parsed['resets_at'] ?? parsed['resetAt'];
  const parts = [
    ...(percent === null ? [] : [`used=${percentText(percent)}`]),
    `tokens=${count(tokens)}`,
    ...(sessions === null ? [] : [`sessions=${count(sessions)}`]),
    ...(typeof resets === 'string' ? [`resets=${resets}`] : []),
  ];
  return `  - ${scope}: ${parts.join(', ')}`;
}

function snapshotLine({ provider, phases, sources, notes }: SnapshotSources): string {
  return `  - ${provider}: ${phases.join(', ')} (source=${listed(sources)}, notes=${listed(notes)})`;
}

const WHY = {
  'capacity-unknown': 'capacity not known',
  'no-capacity': 'no capacity used',
  'features-unknown': 'features not counted',
  'other-meter': 'capacity of another meter',
} as const satisfies Record<ProviderOverview['left_out'][number]['why'], string>;

function leftOutLines({ provider, left_out: leftOut }: ProviderOverview): string[] {
  return leftOut.map(({ window, why }) => `  - ${provider} ${window}: ${WHY[why]}, in neither sum`);
}

function listed(texts: readonly string[]): string {
  return texts.length === 0 ? 'n/a' : texts.join('; ');
}

function named(text: string | undefined): string {
  return text === undefined || text === '' ? 'n/a' : text;
}

/** The first of the keys that holds a number; a list counts its items. Null: none. */
function first(parsed: ToolReport['parsed'], keys: readonly string[]): number | null {
  for (const key of keys) {
    const value = parsed[key];
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    if (Array.isArray(value)) return value.length;
  }
  return null;
}

/** What is not known, in the texts that other programs read. Never 0. */
const NOT_KNOWN = 'n/a';

type Maybe = number | null | undefined;

/** A whole number bare, any other with two decimals. */
export function count(value: Maybe): string {
  if (!isNumber(value)) return NOT_KNOWN;
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}

export function decimals(value: Maybe, digits = 2): string {
  return isNumber(value) ? value.toFixed(digits) : NOT_KNOWN;
}

/** Percentage points as percent: whole ones bare, any other with one decimal. */
export function percentText(pp: Maybe): string {
  if (!isNumber(pp)) return NOT_KNOWN;
  return Number.isInteger(pp) ? `${pp}%` : `${pp.toFixed(1)}%`;
}

function isNumber(value: Maybe): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
