import type { Line } from '../text/line.ts';
import type { Panel } from './panel.ts';

export interface FittedPanel {
  readonly panel: Panel;
  readonly lines: readonly Line[];
  /** Lines that found no room. */
  readonly hidden: number;
  /** A blank line goes before it. */
  readonly gap: boolean;
}

/**
 * Panels below each other in `rows` lines: first the least every block needs, then one more line to each panel in turn as
 * long as there are some, then blank lines between them. Null: not even the least fits.
 */
export function fitted(panels: readonly Panel[], rows: number): readonly FittedPanel[] | null {
  const given = panels.map(({ blocks }) => blocks.map(({ least, lines }) => Math.min(least, lines.length)));
  let left = rows - panels.length - sum(given.map(sum));
  if (left < 0) return null;
  for (let isServed = true; isServed && left > 0;) {
    isServed = false;
    for (const [at, { blocks }] of panels.entries()) {
      const hungry = blocks.findIndex(({ lines }, block) => (given[at]?.[block] ?? 0) < lines.length);
      const counts = given[at];
      if (hungry === -1 || left === 0 || counts === undefined) continue;
      counts[hungry] = (counts[hungry] ?? 0) + 1;
      left -= 1;
      isServed = true;
    }
  }
  const gaps = left >= panels.length - 1;
  return panels.map((panel, at) => {
    const lines = panel.blocks.flatMap((block, nth) => block.lines.slice(0, given[at]?.[nth] ?? 0));
    const all = sum(panel.blocks.map((block) => block.lines.length));
    return { panel, lines, hidden: all - lines.length, gap: gaps && at > 0 };
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
