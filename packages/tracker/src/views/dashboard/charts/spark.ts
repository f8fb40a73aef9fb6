import { h } from '../dom/node.ts';
import type { Node } from '../dom/node.ts';

const WIDTH = 120;
const HEIGHT = 22;

/** A course of values in the height of a line; what was not measured is a gap. */
export function spark(values: readonly (number | null)[], label: string): Node {
  const top = values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
  const step = WIDTH / Math.max(1, values.length - 1);
  let path = '';
  let isDrawing = false;
  values.forEach((value, at) => {
    if (value !== null) {
      const y = top > 0 ? HEIGHT - 1 - (value / top) * (HEIGHT - 2) : HEIGHT - 1;
      path += `${isDrawing ? 'L' : 'M'}${(at * step).toFixed(1)} ${y.toFixed(1)}`;
      // A value between two gaps is a dot.
      if (!isDrawing && (values[at + 1] ?? null) === null) path += 'h0.01';
    }
    isDrawing = value !== null;
  });
  return h(
    'svg',
    {
      class: 'spark',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': label,
    },
    h('path', { d: path || 'M0 0', 'vector-effect': 'non-scaling-stroke' }),
  );
}
