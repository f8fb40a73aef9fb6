import { printable } from '../../printable.ts';
import type { Advice } from '../../rollups/advice/advise.ts';
import type { ConfigDiff } from '../../rollups/advice/config-diff.ts';
import type { Withheld } from '../../rollups/advice/suggestion.ts';
import { wrapWords } from './line.ts';
import type { Line, Tone } from './line.ts';

// A word beside the symbol: neither needs colour.
const STANCES = {
  go: { mark: '● GO', tone: 'ok' },
  hold: { mark: '■ HOLD', tone: 'block' },
  unknown: { mark: '? UNKNOWN', tone: 'warn' },
} as const satisfies Record<Advice['stance'], { mark: string; tone: Tone }>;

/** One sentence per provider, wrapped to `width` cells. */
export function adviceLines(advice: readonly Advice[], width: number): Line[] {
  if (advice.length === 0) return wrapWords('No provider has a meter or a finished window yet.', width);
  return advice.flatMap(({ stance, sentence }) => {
    const { mark, tone } = STANCES[stance];
    return wrapWords(`${mark} ${sentence}`, width, { tone });
  });
}

/** Suggested changes of the user's files: text to read; nothing writes it. Not wrapped, so that it stays a diff. */
export function suggestionLines(diffs: readonly ConfigDiff[], withheld: readonly Withheld[]): string[] {
  const shown = diffs.filter(({ text }) => text !== '');
  const head = shown.length === 0 ? ['Nothing to change.'] : ['Suggested, not written:'];
  const lines = [
    ...head,
    ...shown.flatMap(({ text }) => ['', ...text.trimEnd().split('\n')]),
    ...(withheld.length === 0 ? [] : ['', 'Too little evidence:']),
    ...withheld.map(({ about, reason }) => `  - ${about}: ${reason}`),
  ];
  return lines.map(printable);
}
