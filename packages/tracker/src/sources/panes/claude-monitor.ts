import { amountOf, writesDecimalComma } from './amount.ts';
import { paneLines } from './clean.ts';
import { MAX_PANE_CHARS, unusableText } from './input.ts';
import { fromLast } from './last-pane.ts';
import { addMeter } from './meter.ts';
import type { Look, PaneReading, Parsed } from './pane.ts';
import { Sight } from './pane.ts';

/** What the realtime screen of claude-monitor says. */
export interface MonitorParsed extends Parsed {
  readonly token_usage_pct: number | null;
  readonly tokens_used: number | null;
  readonly token_limit: number | null;
  readonly burn_rate_per_min: number | null;
  readonly cost_rate_per_min: number | null;
  readonly message_count: number | null;
}

const NUMBER = '(\\d[\\d.,]*(?:\\n[\\d.,]+)?)';
const USAGE = new RegExp(`^\\s*(?:\\[[^[\\]]{0,400}\\]\\s*)?${NUMBER}\\s*%`);
const TOKENS = new RegExp(`^\\s*${NUMBER}\\s*/\\s*~?\\s*${NUMBER}\\s*\\(`);
const PER_MINUTE = new RegExp(`^\\s*${NUMBER}\\s*t\\s?o\\s?k\\s?e\\s?n\\s?s\\s*/`, 'i');
const COST = new RegExp(`^\\s*\\$\\s*${NUMBER}\\s*\\$?\\s*/`);
const MESSAGES = new RegExp(`^\\s*${NUMBER}\\s*m(?:e|$|\\s)`, 'i');

/**
 * Reads the realtime screen of claude-monitor, the last one in the text. It guesses the limit from earlier logs: an
 * estimate. Problems: insufficient-data, token-usage-missing, token-count-missing, divergent, multi-pane-trimmed.
 */
export function parseClaudeMonitor(text: string, when: Look): PaneReading<MonitorParsed> {
  const sight = new Sight(text, when);
  const unusable = unusableText(text, MAX_PANE_CHARS);
  if (unusable !== null) sight.note(unusable);
  const lines = unusable === null ? fromLast(paneLines(text), TITLE, sight) : [];
  const commaIsDecimal = writesDecimalComma(lines.join('\n'));
  const amount = (digits: string | undefined): number | null => {
    const value = amountOf(digits ?? '', commaIsDecimal);
    if (value === null && digits !== undefined) {
      sight.note({ code: 'number-unreadable', message: `${digits} can be read in two ways` });
    }
    return value;
  };
  const percent = shareOf(USAGE.exec(bodyOf(lines, USAGE_LABEL))?.[1]);
  const tokens = TOKENS.exec(bodyOf(lines, TOKENS_LABEL));
  const shown = { percent, used: amount(tokens?.[1]), limit: amount(tokens?.[2]) };
  const { percent: usedPp, used, limit } = isConsistent(sight, shown) ? shown : NOTHING;
  if (percent === null) sight.note({ code: 'token-usage-missing', message: 'the screen shows no share of tokens' });
  if (shown.used === null) sight.note({ code: 'token-count-missing', message: 'the screen shows no count of tokens' });
  if (usedPp !== null || used !== null) {
    addMeter(sight, {
      provider: 'claude',
      scope: 'all',
      windowMin: 300,
      usedPp,
      used,
      limit,
      unit: 'tokens',
      resetsAt: null,
      source: 'claude-monitor',
      confidence: 'estimate',
      meter: 'token-usage',
    });
  }
  const parsed = {
    token_usage_pct: usedPp,
    tokens_used: used,
    token_limit: limit,
    burn_rate_per_min: amount(PER_MINUTE.exec(bodyOf(lines, BURN_LABEL))?.[1]),
    cost_rate_per_min: amount(COST.exec(bodyOf(lines, COST_LABEL))?.[1]),
    message_count: amount(MESSAGES.exec(bodyOf(lines, MESSAGES_LABEL))?.[1]),
  };
  if (Object.values(parsed).every((value) => value === null)) {
    sight.note({ code: 'insufficient-data', message: 'nothing of the screen could be read' });
  }
  return sight.end(parsed);
}

const TITLE = /claude (?:code )?usage monitor/i;

// Signs such as emoji stand before the labels.
const START = '^[^A-Za-z0-9]{0,8}';
const USAGE_LABEL = new RegExp(`${START}token usage\\s?:`, 'i');
const TOKENS_LABEL = new RegExp(`${START}tokens\\s?:`, 'i');
const BURN_LABEL = new RegExp(`${START}burn rate\\s?:`, 'i');
const COST_LABEL = new RegExp(`${START}cost rate\\s?:`, 'i');
const MESSAGES_LABEL = new RegExp(`${START}sent messages\\s?:`, 'i');
const ANY_LABEL = new RegExp(`${START}[a-z][a-z ]{2,30}:`, 'i');

/** What follows the last such label, up to the next label; figures in it may be wrapped. */
function bodyOf(lines: readonly string[], label: RegExp): string {
  const index = lines.findLastIndex((line) => label.test(line));
  const line = lines[index];
  if (line === undefined) return '';
  const rest = lines.slice(index + 1, index + 4);
  const end = rest.findIndex((next) => next === '' || ANY_LABEL.test(next));
  return [line.replace(label, ''), ...rest.slice(0, end < 0 ? rest.length : end)].join('\n');
}

/** A share is never in thousands: its point or comma is a decimal one. */
function shareOf(digits: string | undefined): number | null {
  const plain = digits?.replace('\n', '') ?? '';
  return /^\d{1,4}(?:[.,]\d+)?$/.test(plain) ? Number(plain.replace(',', '.')) : null;
}

interface Shown {
  readonly percent: number | null;
  readonly used: number | null;
  readonly limit: number | null;
}

const NOTHING: Shown = { percent: null, used: null, limit: null };

/** The share is computed from the count beside it: where they differ, one of them was cut or wrapped. */
function isConsistent(sight: Sight, { percent, used, limit }: Shown): boolean {
  if (percent === null || used === null || limit === null || limit === 0) return true;
  const counted = (used / limit) * 100;
  if (Math.abs(counted - percent) <= 1.01) return true;
  const message = `${percent}% are printed and ${counted.toFixed(1)}% are ${used} of ${limit} tokens; neither is used`;
  sight.note({ code: 'divergent', message });
  return false;
}
