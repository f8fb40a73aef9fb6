import { h } from '../dom/node.ts';
import type { Node } from '../dom/node.ts';
import { ratio } from '../format.ts';

export interface Whisker {
  readonly value: number | null;
  readonly ci: { readonly lo: number; readonly hi: number } | 'unbounded' | null;
  readonly companion: { readonly lo: number; readonly hi: number } | null;
}

/** The scale all whiskers of a table share: from 0 to a little beyond the widest bounded one. */
export function scaleOf(all: readonly Whisker[]): number {
  const ends = all.flatMap(({ value, ci, companion }) => [
    value ?? 0,
    ci === null || ci === 'unbounded' ? 0 : ci.hi,
    companion?.hi ?? 0,
  ]);
  const most = Math.max(...ends, 0);
  return most > 0 ? most * 1.06 : 1;
}

/** An estimate as a point on a line, with its interval; an unbounded one runs out of the picture and says so. */
export function whisker({ value, ci, companion }: Whisker, scale: number): Node {
  const place = (x: number): string => `${Math.min(100, Math.max(0, (x / scale) * 100))}%`;
  const [lo, hi] = ci === 'unbounded' ? ['0%', '100%'] : ci === null ? ['', ''] : [place(ci.lo), place(ci.hi)];
  const words =
    value === null
      ? 'no estimate'
      : `${ratio(value)}, ${ci === 'unbounded' ? 'unbounded' : ci === null ? 'no interval' : `${ratio(ci.lo)} to ${ratio(ci.hi)}`}`;
  return h(
    'div',
    { class: 'whisker', role: 'img', 'aria-label': words },
    companion === null
      ? null
      : h('span', {
          class: 'whisker-companion',
          key: 'companion',
          vars: { '--from': place(companion.lo), '--to': place(companion.hi) },
        }),
    ci === null
      ? null
      : h('span', {
          class: ci === 'unbounded' ? 'whisker-line unbounded' : 'whisker-line',
          key: 'line',
          vars: { '--from': lo, '--to': hi },
        }),
    value === null ? null : h('span', { class: 'whisker-point', key: 'point', vars: { '--at': place(value) } }),
  );
}
