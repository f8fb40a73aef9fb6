import { nameShown } from '../../printable.ts';
import type { MeterStanding } from '../../rollups/standing.ts';
import { countdown } from './numbers.ts';

const MARKS = {
  ok: '●',
  'inside-buffer': '▲',
  'at-limit': '■',
  indeterminate: '▲',
  'no-data': '▲',
} as const;

/** One line per meter: what it is, the verdict with its numbers, how old the reading is and when it resets. */
export function standingLines(all: readonly MeterStanding[]): string[] {
  return all.map(({ provider, scope, window_min: minutes, verdict, age_s: age, pace, reading }) => {
    const name = [nameShown(provider), lengthOf(minutes), scope === 'all' ? '' : nameShown(scope)]
      .filter(Boolean)
      .join(' ');
    const source = reading === null ? [] : [`${reading.source}, ${countdown(age ?? 0)} old`];
    const resets = pace?.resets_in_s === null || pace === null ? [] : [`resets in ${countdown(pace.resets_in_s)}`];
    const aside = [...source, ...resets];
    return `${MARKS[verdict.status]} ${name}: ${verdict.sentence}${aside.length === 0 ? '' : ` (${aside.join(', ')})`}`;
  });
}

/** `5h`, `week`, `30m`; empty: not known. */
export function lengthOf(minutes: number | null): string {
  if (minutes === null) return '';
  if (minutes === 10_080) return 'week';
  if (minutes % 1440 === 0) return `${minutes / 1440}d`;
  return minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`;
}
