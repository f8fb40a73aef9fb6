import { amountOf, writesDecimalComma } from './amount.ts';
import type { LimitSection } from './codex-sections.ts';
import { addMeter, shareOf } from './meter.ts';
import type { Sight } from './pane.ts';
import { resolveReset } from './reset.ts';
import { inOneLine } from './reset-text.ts';

const LINE = /^[^A-Za-z0-9]{0,4}credits\s?:\s*(.*)$/i;
// The word must follow, or its start at a cut: without it the number may be cut itself.
const BALANCE = /^\s*(\d[\d.,]*(?:\n[\d.,]+)?)\s*(?:credits?(?![a-z])|c(?:r(?:e(?:d(?:it?)?)?)?)?(?=\s*(?:\n|$)))/i;
const AMOUNTS = /(?<![\d.,\uFFFD])(\d[\d.,]*(?:\n[\d.,]+)?)\s+of\s+(\d[\d.,]*(?:\n[\d.,]+)?)\s+credits\s+used/i;
const RESETS = /\(resets?\s+([^()]{1,80})\)/i;

/** `Credits: 38 credits`: what is left of bought credits. It is no share of anything, so `used` stays unknown. */
export function addCredits(lines: readonly string[], sight: Sight): { readonly credits_balance?: number } {
  const index = lines.findIndex((line) => LINE.test(line));
  if (index < 0) return {};
  const body = `${LINE.exec(lines[index] ?? '')?.[1] ?? ''}\n${lines[index + 1] ?? ''}`;
  const commaIsDecimal = writesDecimalComma(lines.join('\n'));
  const balance = amountOf(BALANCE.exec(body)?.[1] ?? '', commaIsDecimal);
  if (balance === null) {
    if (/\d/.test(lines[index] ?? '')) {
      sight.note({ code: 'number-unreadable', message: 'Credits: the amount is cut off or can be read in two ways' });
    }
    return {};
  }
  addMeter(sight, { ...CREDIT_METER, meter: 'Credits', usedPp: null, resetsAt: null, status: `balance ${balance}` });
  return { credits_balance: balance };
}

/** `Monthly credit limit: … 7,761 of 100,000 credits used`. */
export function addCreditLimit(
  sections: readonly LimitSection[],
  sight: Sight,
): { readonly credits_used?: number; readonly credits_limit?: number } {
  const section = sections.find(({ isCredits }) => isCredits);
  if (section === undefined) return {};
  const { label: meter, body } = section;
  const amounts = AMOUNTS.exec(body);
  const commaIsDecimal = writesDecimalComma(body);
  const used = amountOf(amounts?.[1] ?? '', commaIsDecimal);
  const limit = amountOf(amounts?.[2] ?? '', commaIsDecimal);
  if (used === null || limit === null || limit === 0) {
    sight.note({ code: 'number-unreadable', message: `${meter}: its amounts are cut off or can be read in two ways` });
    return {};
  }
  const resets = RESETS.exec(body)?.[1];
  const resetsAt = resolveReset(sight, resets === undefined ? null : inOneLine(resets), { meter, windowMin: null });
  addMeter(sight, { ...CREDIT_METER, meter, usedPp: shareOf(used, limit), used, limit, resetsAt });
  return { credits_used: used, credits_limit: limit };
}

const CREDIT_METER = {
  provider: 'codex',
  scope: 'credits',
  windowMin: null,
  unit: 'credits',
  source: 'pane',
  confidence: 'official',
} as const;
