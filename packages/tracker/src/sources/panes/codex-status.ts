import { paneLines } from './clean.ts';
import { addCredits, addCreditLimit } from './codex-credits.ts';
import { limitSections } from './codex-sections.ts';
import type { LimitSection } from './codex-sections.ts';
import { MAX_PANE_CHARS, unusableText } from './input.ts';
import { fromLast } from './last-pane.ts';
import { addMeter, modelKey } from './meter.ts';
import type { Look, PaneReading, Parsed } from './pane.ts';
import { Sight } from './pane.ts';
import { shareAt } from './percent.ts';
import { inOneLine } from './reset-text.ts';
import { resolveReset } from './reset.ts';

/** What a Codex pane says; percentage points used. */
export interface CodexParsed extends Parsed {
  readonly fiveh_pct: number | null;
  readonly fiveh_resets: string | null;
  readonly weekly_pct: number | null;
  readonly weekly_resets: string | null;
  readonly credits_balance?: number;
  readonly credits_used?: number;
  readonly credits_limit?: number;
  /** Present when the pane says its own figures are old. */
  readonly stale?: true;
}

/**
 * Reads what Codex prints for `/status`: the last one in the text. Shares are read as used, also where they are printed
 * as left. Problems: insufficient-data, multi-pane-trimmed, percent-unreadable, percent-out-of-range, divergent,
 * meter-unknown, number-unreadable, stale-reading, reset-unreadable, window-expired.
 */
export function parseCodexStatus(text: string, when: Look): PaneReading<CodexParsed> {
  const sight = new Sight(text, when);
  const unusable = unusableText(text, MAX_PANE_CHARS);
  const none = { fiveh_pct: null, fiveh_resets: null, weekly_pct: null, weekly_resets: null };
  if (unusable !== null) {
    sight.note(unusable);
    sight.error('insufficient-data');
    return sight.end(none);
  }
  const lines = fromLast(fromLast(paneLines(text), COMMAND, sight), TITLE, sight);
  const stale = /maybestale/i.test(lines.join('').replaceAll(/\s/g, ''));
  const sections = limitSections(lines);
  const meters = readMeters(sections, sight, stale ? 'stale' : null);
  if (stale) {
    const remedy = 'Send a message, then ask for /status again';
    sight.note({ code: 'stale-reading', message: 'Codex says that its limits may be stale', remedy });
  }
  const fiveh = meters.get('all 300');
  const weekly = meters.get('all 10080');
  return sight.end({
    fiveh_pct: fiveh?.usedPp ?? null,
    fiveh_resets: fiveh?.resets ?? null,
    weekly_pct: weekly?.usedPp ?? null,
    weekly_resets: weekly?.resets ?? null,
    ...addCredits(lines, sight),
    ...addCreditLimit(sections, sight),
    ...(stale ? { stale: true as const } : {}),
  });
}

// After a prompt sign or none. A completion list under the prompt starts so too, which only trims more.
const COMMAND = /^[^\w/]{0,4}\/status(?![\w-])/;
const TITLE = /OpenAI Codex \(/i;

interface Found {
  readonly section: LimitSection;
  readonly usedPp: number | null;
  readonly resets: string | null;
}

function readMeters(sections: readonly LimitSection[], sight: Sight, status: string | null): Map<string, Found> {
  const found = new Map<string, Found>();
  const unclear: string[] = [];
  for (const section of sections) {
    if (section.windowMin === null) {
      if (!section.isCredits)
        sight.note({ code: 'meter-unknown', message: `${section.label}: this limit is not known` });
      continue;
    }
    const key = `${scopeOf(section)} ${section.windowMin}`;
    const read = readSection(section);
    if (read.why !== null) unclear.push(`${section.label}: ${read.why}`);
    const before = found.get(key);
    if (before === undefined) found.set(key, { section, ...read });
    else if (read.usedPp !== before.usedPp) {
      found.set(key, { section, usedPp: null, resets: null });
      sight.note({ code: 'divergent', message: `${section.label} is printed with different numbers; none is used` });
    }
  }
  report(found, unclear, sight);
  for (const { section, usedPp, resets } of found.values()) {
    if (usedPp === null) continue;
    const { label: meter, windowMin } = section;
    const resetsAt = resolveReset(sight, resets, { meter, windowMin });
    const scope = scopeOf(section);
    addMeter(sight, {
      provider: 'codex',
      scope,
      windowMin,
      usedPp,
      resetsAt,
      source: 'pane',
      confidence: 'official',
      meter,
      status,
    });
  }
  return found;
}

function scopeOf({ model }: LimitSection): string {
  return model === null ? 'all' : `model:${modelKey(model)}`;
}

function report(found: ReadonlyMap<string, Found>, unclear: readonly string[], sight: Sight): void {
  const read = [...found.values()].filter(({ usedPp }) => usedPp !== null);
  if (read.length === 0) {
    const message = unclear.length === 0 ? 'the pane shows no limit' : unclear.join('; ');
    sight.note({ code: 'insufficient-data', message, remedy: 'Widen the terminal and ask for /status again' });
    return;
  }
  for (const message of unclear) {
    sight.note({ code: 'percent-unreadable', message, remedy: 'Widen the terminal and ask for /status again' });
  }
  for (const { section, usedPp } of read) {
    if ((usedPp ?? 0) <= 100) continue;
    sight.note({ code: 'percent-out-of-range', message: `${section.label} is above 100%: kept as printed` });
  }
}

const BAR = /\s{0,200}\[[^[\]]{0,400}\]/y;
// What is broken at the frame leaves blank lines, and the parenthesis is sign enough.
const RESETS = /\s{0,400}\(\s?r\s?e\s?s\s?e\s?t\s?s?(?![a-z])([^()\n]*(?:\n[^()\n]+){0,3})(\n?\))?/iy;

function readSection({ body }: LimitSection): { usedPp: number | null; resets: string | null; why: string | null } {
  BAR.lastIndex = 0;
  const bar = BAR.exec(body);
  if (bar === null) return { usedPp: null, resets: null, why: 'it shows no bar' };
  const share = shareAt(body, bar[0].length);
  if (share.kind === 'none') return { usedPp: null, resets: null, why: 'it shows no percentage' };
  if (share.kind === 'unclear') return { usedPp: null, resets: null, why: share.why };
  RESETS.lastIndex = share.end;
  const resets = RESETS.exec(body);
  if (resets === null) {
    // Torn apart beyond what a break does: there is a reset, and it can't be read.
    const torn = /^[^(]{0,400}(\(\s?r\s{0,80}e?[^\n]{0,40})/i.exec(body.slice(share.end));
    return { usedPp: share.usedPp, resets: torn?.[1] === undefined ? null : `${torn[1]}…`, why: null };
  }
  // Without its closing parenthesis it was cut off somewhere: kept as it is, which reads as no time.
  const text = inOneLine(resets[1] ?? '');
  return { usedPp: share.usedPp, resets: resets[2] === undefined ? `${text}…` : text, why: null };
}
