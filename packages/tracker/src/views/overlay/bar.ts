import type { Line, Span, Tone } from '../text/line.ts';

/** The last tenth of every bar is the reserve. */
const RESERVE_FROM = 0.9;

export interface Bar {
  /** Cells. */
  readonly width: number;
  /** Fraction that is used; above 1: more than full. */
  readonly used: number;
  /** Fraction where an even use would stand now; null: not known. */
  readonly expected: number | null;
  /** Fraction from which the verdict warns; null: there is none. */
  readonly warnAt: number | null;
  readonly tone: Tone;
}

/** Used cells full, the reserve hatched, a tick where an even use would stand, a thinner one where a warning begins. */
export function barSpans({ width, used, expected, warnAt, tone }: Bar): Line {
  const full = filledCells(used, width);
  const reserveFrom = Math.round(width * RESERVE_FROM);
  const [tick, warn] = [cellAt(expected, width), cellAt(warnAt, width)];
  const cells = Array.from({ length: width }, (_, at): Span => {
    if (at === tick) return { text: '│', tone: 'bold' };
    if (at === warn && at >= full) return { text: '┆', tone: 'dim' };
    if (at < full) return { text: at < reserveFrom ? '█' : '▓', tone };
    return { text: at < reserveFrom ? '·' : '╱', tone: 'dim' };
  });
  return joined(cells);
}

/** Levels of a sparkline from the lowest hour to the fastest; an hour without enough samples is a dot. */
export function sparkline(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return values
    .map((value) => {
      if (value === null) return '·';
      const level = high === low ? 3 : Math.round(((value - low) / (high - low)) * (LEVELS.length - 1));
      return LEVELS[level] ?? '·';
    })
    .join('');
}

const LEVELS = '▁▂▃▄▅▆▇█';

function cellAt(fraction: number | null, width: number): number {
  return fraction === null ? -1 : Math.min(width - 1, Math.max(0, Math.floor(fraction * width)));
}

/** Something used shows, and only what is full looks full. */
function filledCells(used: number, width: number): number {
  if (used <= 0) return 0;
  if (used >= 1) return width;
  return Math.min(width - 1, Math.max(1, Math.round(used * width)));
}

function joined(cells: readonly Span[]): Span[] {
  const spans: Span[] = [];
  for (const cell of cells) {
    const last = spans.at(-1);
    if (last !== undefined && last.tone === cell.tone)
      spans[spans.length - 1] = { ...last, text: last.text + cell.text };
    else spans.push(cell);
  }
  return spans;
}
