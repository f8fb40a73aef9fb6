import { h } from './dom/node.ts';
import type { Node } from './dom/node.ts';
import { ABSENT } from './format.ts';

/** Which of the two documents a figure is taken from. */
export type Source = 'board' | 'history';

/**
 * A number on the page: a button that opens to where it comes from. Its value is looked up in the document by path, so
 * what is drawn and what the JSON says can't differ.
 */
export type Figure = (path: string, format: (value: never) => string, props?: { readonly class?: string }) => Node;

export function figures(source: Source, document: object): Figure {
  return (path, format, props = {}) => {
    const value = valueAt(document, path);
    const text = value === null || value === undefined ? ABSENT : format(value as never);
    return h(
      'button',
      {
        type: 'button',
        class: `fig ${props.class ?? ''}`.trim(),
        tabindex: -1,
        'data-source': source,
        'data-path': path,
        'data-raw': JSON.stringify(value ?? null),
        'aria-haspopup': 'dialog',
      },
      text,
    );
  };
}

/** What stands at `meters.0.used_pp`; undefined: nothing. */
export function valueAt(document: object, path: string): unknown {
  let value: unknown = document;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/**
 * One stop of the Tab key per group of figures; arrow keys go from one to the next. A table of a hundred numbers would
 * otherwise be a hundred stops.
 */
export function rove(root: Element): void {
  for (const group of root.querySelectorAll('[data-rove]')) {
    const all = [...group.querySelectorAll<HTMLElement>('.fig')];
    const current = all.find((one) => one.tabIndex === 0 && one.offsetParent !== null) ?? all[0];
    for (const one of all) one.tabIndex = one === current ? 0 : -1;
  }
}

const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export function onRoveKey(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  const group = target.closest('[data-rove]');
  if (group === null || !target.classList.contains('fig')) return;
  const all = [...group.querySelectorAll<HTMLElement>('.fig')].filter((one) => one.offsetParent !== null);
  const step = STEPS[event.key];
  const columns = Number(group.getAttribute('data-columns') ?? 1);
  const isVertical = event.key === 'ArrowUp' || event.key === 'ArrowDown';
  const next =
    event.key === 'Home'
      ? all[0]
      : event.key === 'End'
        ? all.at(-1)
        : step === undefined
          ? undefined
          : all[all.indexOf(target) + step * (isVertical ? columns : 1)];
  if (next === undefined) return;
  event.preventDefault();
  target.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}
