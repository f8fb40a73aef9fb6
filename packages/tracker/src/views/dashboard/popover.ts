import { getJson } from './api.ts';
import { h } from './dom/node.ts';
import type { Node } from './dom/node.ts';
import { patch } from './dom/patch.ts';
import { age, ABSENT } from './format.ts';
import type { Origin } from './provenance.ts';

/** What is told about one figure. */
export interface Told {
  readonly label: string;
  readonly path: string;
  readonly shown: string;
  readonly raw: string;
  readonly origin: Origin;
}

/** The one popover of the page. Esc or a click elsewhere closes it, and the browser gives focus back to the figure. */
export function openPopover(anchor: HTMLElement, told: Told): void {
  const popover = document.getElementById('provenance') as HTMLElement;
  patch(popover, content(told, null));
  popover.showPopover();
  place(popover, anchor);
  popover.focus();
  const rows = popover.querySelector<HTMLElement>('[data-rows]');
  rows?.addEventListener('click', () => {
    void getJson<readonly object[]>(`/api/rows?${told.origin.rowsQuery ?? ''}`).then((found) => {
      patch(popover, content(told, found ?? []));
      place(popover, anchor);
    });
  });
}

function content({ label, path, shown, raw, origin }: Told, rows: readonly object[] | null): Node[] {
  const facts: readonly (readonly [string, string | null])[] = [
    ['exact', raw],
    ['source', origin.source],
    ['observed', origin.observed_at],
    ['age', origin.age_s === null ? null : age(origin.age_s)],
    ['confidence', origin.confidence],
    ['rows', origin.rows === null ? null : String(origin.rows)],
    ['field', path],
  ];
  return [
    h('p', { class: 'pop-label', id: 'provenance-title' }, label),
    h('p', { class: 'pop-value' }, shown),
    origin.how === '' ? h('p', { hidden: true }) : h('p', { class: 'pop-how' }, origin.how),
    h('dl', null, facts.map(([name, value]) => [h('dt', null, name), h('dd', null, value ?? ABSENT)]).flat()),
    h(
      'div',
      { class: 'pop-foot' },
      origin.command === null ? null : h('code', null, origin.command),
      origin.rowsQuery === null || rows !== null
        ? null
        : h('button', { type: 'button', class: 'quiet', 'data-rows': true }, 'show rows'),
    ),
    rows === null
      ? h('div', { hidden: true })
      : h(
          'pre',
          { class: 'pop-rows', tabindex: 0, 'aria-label': 'rows' },
          rows.length === 0 ? 'No row of a journal is behind it.' : rows.map((row) => JSON.stringify(row)).join('\n'),
        ),
  ];
}

/** Below the figure where there is room, else above; never outside the window. */
function place(popover: HTMLElement, anchor: HTMLElement): void {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const gap = 8;
  const left = Math.max(gap, Math.min(at.left, innerWidth - width - gap));
  const below = at.bottom + gap + height <= innerHeight;
  popover.style.left = `${left}px`;
  popover.style.top = `${below ? at.bottom + gap : Math.max(gap, at.top - gap - height)}px`;
}
