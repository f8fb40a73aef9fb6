import { amountOf } from './amount.ts';
import { MAX_PANE_CHARS, unusableText } from './input.ts';
import type { Look, PaneReading, Parsed } from './pane.ts';
import { Sight } from './pane.ts';
import { shownLines } from './terminal.ts';

/** What the real-time screen of claude-monitor shows. It estimates from logs; null: not shown. */
export interface MonitorParsed extends Parsed {
  readonly token_usage_pct: number | null;
  readonly tokens_used: number | null;
  readonly token_limit: number | null;
  readonly burn_rate_per_min: number | null;
  readonly cost_rate_per_min: number | null;
  readonly message_count: number | null;
}

const NUMBER = String.raw`[~$]?\s*(\d[\d.,' ]*)`;
const LINES = {
  tokens: new RegExp(`^\\W*Tokens:\\s*${NUMBER}\\s*/\\s*${NUMBER}`, 'i'),
  burn: new RegExp(`^\\W*Burn Rate:\\s*${NUMBER}`, 'i'),
  cost: new RegExp(`^\\W*Cost Rate:\\s*${NUMBER}`, 'i'),
  messages: new RegExp(`^\\W*(?:Sent )?Messages:\\s*${NUMBER}`, 'i'),
} as const;
const USAGE = /^\W*Token Usage:[^%]*?(\d{1,4}(?:[.,]\d+)?)\s*%/i;

/** Problems: token-usage-missing, token-count-missing, insufficient-data. */
export function parseClaudeMonitor(text: string, when: Look): PaneReading<MonitorParsed> {
  const sight = new Sight(text, when);
  const unusable = unusableText(text, MAX_PANE_CHARS);
  if (unusable !== null) sight.note(unusable);
  const lines = unusable === null ? shownLines(text) : [];
  const figure = (pattern: RegExp, group = 1): number | null => {
    const found = lines.map((line) => pattern.exec(line)?.[group]).findLast((one) => one !== undefined);
    return found === undefined ? null : amountOf(found.trim());
  };
  const parsed = {
    token_usage_pct: figure(USAGE),
    tokens_used: figure(LINES.tokens),
    token_limit: figure(LINES.tokens, 2),
    burn_rate_per_min: figure(LINES.burn),
    cost_rate_per_min: figure(LINES.cost),
    message_count: figure(LINES.messages),
  };
  const remedy = 'Copy the whole screen of claude-monitor';
  if (parsed.token_usage_pct === null)
    sight.note({ code: 'token-usage-missing', message: 'the screen shows no share of tokens used', remedy });
  if (parsed.tokens_used === null || parsed.token_limit === null)
    sight.note({ code: 'token-count-missing', message: 'the screen shows no count of tokens', remedy });
  if (Object.values(parsed).every((value) => value === null))
    sight.note({ code: 'insufficient-data', message: 'nothing of the screen could be read', remedy });
  if (parsed.token_usage_pct !== null)
    sight.add({
      provider: 'claude',
      account: when.account ?? null,
      scope: 'all',
      window_min: 300,
      used_pp: parsed.token_usage_pct,
      ...(parsed.tokens_used !== null && { used: parsed.tokens_used, unit: 'tokens' }),
      ...(parsed.token_limit !== null && { limit: parsed.token_limit }),
      resets_at: null,
      observed_at: when.observedAt,
      source: 'claude-monitor',
      confidence: 'estimate',
      meter: 'token-usage',
    });
  return sight.end(parsed);
}
