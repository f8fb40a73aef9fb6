import { addClaudeWindows, windowMinutes } from './claude-meters.ts';
import type { ClaudeParsed, ClaudeWindow } from './claude-meters.ts';
import { isHeader, usageSections } from './claude-sections.ts';
import type { UsageSection } from './claude-sections.ts';
import { paneLines } from './clean.ts';
import { MAX_PANE_CHARS, unusableText } from './input.ts';
import { noteTrimmed } from './last-pane.ts';
import type { Look, PaneReading } from './pane.ts';
import { Sight } from './pane.ts';
import { resolveReset } from './reset.ts';

/**
 * Reads what Claude Code prints for `/usage`: the last one in the text. Problems: usage-not-loaded,
 * section-missing-session, section-missing-week, percent-unreadable, percent-out-of-range, divergent,
 * multi-pane-trimmed, reset-unreadable, window-expired.
 */
export function parseClaudeUsage(text: string, when: Look): PaneReading<ClaudeParsed> {
  const sight = new Sight(text, when);
  const unusable = unusableText(text, MAX_PANE_CHARS);
  if (unusable !== null) {
    sight.note(unusable);
    sight.error('section-missing-session');
    sight.error('section-missing-week');
    return sight.end(addClaudeWindows(sight, [], ORIGIN));
  }
  const { lines, trimmed } = lastPane(paneLines(text));
  const failure = notLoaded(lines);
  if (failure !== null) {
    sight.note({ code: 'usage-not-loaded', message: failure, remedy: 'Send any message first, then ask for /usage' });
    return sight.end(addClaudeWindows(sight, [], ORIGIN));
  }
  if (trimmed) noteTrimmed(sight);
  const sections = usageSections(lines);
  reportMissing(sections, sight);
  return sight.end(
    addClaudeWindows(
      sight,
      sections.map((section) => toWindow(section, sight)),
      ORIGIN,
    ),
  );
}

const ORIGIN = { source: 'pane', confidence: 'official' } as const;
const COMMAND = /^[^\w/]{0,4}\/usage(?![\w-])/;

/** From the last `/usage` that was typed, and within that from the last session: a screen drawn again repeats itself. */
function lastPane(lines: readonly string[]): { readonly lines: readonly string[]; readonly trimmed: boolean } {
  const commands = lines.flatMap((line, index) => (COMMAND.test(line) ? [index] : []));
  const block = lines.slice(commands.at(-1) ?? 0);
  const isSession = (line: string): boolean => isHeader(line) && /session/i.test(line);
  const sessions = block.flatMap((line, index) => (isSession(line) ? [index] : []));
  if (sessions.length < 2) return { lines: block, trimmed: commands.length > 1 };
  return { lines: block.slice(sessions.at(-1)), trimmed: true };
}

const FAILURES: readonly (readonly [compact: string, message: string])[] = [
  ['failedtoloadusagedata', 'Claude Code failed to load usage data'],
  ['statusdialogdismissed', 'the usage dialog was dismissed before it was copied'],
];
const LOADING = 'loadingusagedata';

/** White space is left out: the sentence may be wrapped anywhere. */
function notLoaded(lines: readonly string[]): string | null {
  const compact = lines.join('').replaceAll(/\s/g, '').toLowerCase();
  const failure = FAILURES.find(([sentence]) => compact.includes(sentence));
  if (failure !== undefined) return failure[1];
  // A screen captured while it was drawn may still hold the sentence above the figures.
  return compact.includes(LOADING) && !lines.some(isHeader) ? 'Claude Code was still loading usage data' : null;
}

function reportMissing(sections: readonly UsageSection[], sight: Sight): void {
  for (const kind of ['session', 'week'] as const) {
    const code = `section-missing-${kind}` as const;
    const remedy = 'Widen the terminal and copy the whole pane';
    const named = sections.filter((section) => section.kind === kind);
    if (named.length === 0) sight.note({ code, message: `the pane shows no meter of the current ${kind}`, remedy });
    for (const section of named) {
      if (section.why !== null) sight.note({ code, message: `${nameOf(section)}: ${section.why}`, remedy });
      if ((section.usedPp ?? 0) <= 100) continue;
      sight.note({ code: 'percent-out-of-range', message: `${nameOf(section)} is above 100%: kept as printed` });
    }
  }
}

function toWindow(section: UsageSection, sight: Sight): ClaudeWindow {
  const scope = scopeOf(section);
  const meter = nameOf(section);
  const place = { meter, windowMin: windowMinutes(scope) };
  const resetsAt = section.usedPp === null ? null : resolveReset(sight, section.resets, place);
  return { scope, meter, usedPp: section.usedPp, resets: section.resets, resetsAt };
}

function scopeOf({ kind, label }: UsageSection): ClaudeWindow['scope'] {
  if (kind === 'session') return 'session';
  const compact = label.toLowerCase().replaceAll(/\s/g, '');
  return compact === '' || compact === 'allmodels' ? 'all' : { model: label };
}

function nameOf({ kind, label }: UsageSection): string {
  return `Current ${kind}${label === '' ? '' : ` (${label})`}`;
}
