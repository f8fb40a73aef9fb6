import type { Board } from '../../../rollups/board/board.ts';
import type { History } from '../../../rollups/history/history.ts';
import type { View } from '../address.ts';
import type { PlotData } from '../charts/plot.ts';
import { h } from '../dom/node.ts';
import type { Children, Node } from '../dom/node.ts';
import type { Figure } from '../figure.ts';

/** What panels draw: the two documents, looked up by path, and how they are looked at. */
export interface Scene {
  readonly board: Board;
  /** Null: not there yet. */
  readonly history: History | null;
  readonly view: View;
  readonly suggestions: Suggestions | null;
  readonly b: Figure;
  readonly past: Figure;
  readonly nowTs: number;
  readonly heat: 'tokens' | 'elr_out_tps';
}

/** Changes of the configuration that the numbers suggest. */
export interface Suggestions {
  readonly files: { readonly quotas: string | null; readonly providers: string | null };
  readonly diffs: readonly { readonly file: string; readonly text: string }[];
  readonly withheld: readonly { readonly about: string; readonly reason: string }[];
  readonly problems: readonly { readonly message: string; readonly remedy?: string }[];
}

export interface Panel {
  readonly id: string;
  readonly title: string;
  /** It shows the past alone: while no history comes in, it is not drawn again. */
  readonly isPast?: true;
  /** Width on a wide page, in twelfths. */
  readonly columns: number;
  readonly body: (scene: Scene) => Children;
  /** In the head, beside the title. */
  readonly note?: (scene: Scene) => string;
  /** Charts by the name of their place. */
  readonly plots?: (scene: Scene) => Readonly<Record<string, PlotData | null>>;
  /** Rows of its table, the header first. */
  readonly csv?: (scene: Scene) => readonly (readonly (string | number | null)[])[];
}

/** Where a chart goes. */
export function plotPlace(name: string, label: string): Node {
  return h('div', {
    class: 'plot',
    key: `plot-${name}`,
    'data-plot': name,
    opaque: true,
    role: 'img',
    'aria-label': label,
  });
}

/** What stands where there is nothing to show: why, and what to type. */
export function empty(sentence: string, next: string | null): Node {
  return h(
    'div',
    { class: 'empty' },
    h('p', null, sentence),
    next === null ? null : h('p', { class: 'type' }, h('code', null, next), copyButton(next)),
  );
}

export function copyButton(text: string, label = 'copy'): Node {
  return h(
    'button',
    { type: 'button', class: 'quiet', 'data-copy': text, 'aria-label': `${label}: ${text.split('\n')[0] ?? ''}` },
    label,
  );
}

export interface Column {
  readonly title: string;
  readonly class?: string;
}

/** A table that scrolls sideways by itself where the page is narrow. */
export function table(
  label: string,
  columns: readonly Column[],
  rows: readonly { key: string; cells: Children }[],
): Node {
  return h(
    'div',
    { class: 'table', tabindex: 0, role: 'region', 'aria-label': label },
    h(
      'table',
      { 'data-rove': true },
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          columns.map(({ title, class: name }) => h('th', { scope: 'col', class: name }, title)),
        ),
      ),
      h(
        'tbody',
        null,
        rows.map(({ key, cells }) =>
          h(
            'tr',
            { key, 'data-key': key },
            cells.map((cell, at) => h('td', { class: columns[at]?.class }, ...(Array.isArray(cell) ? cell : [cell]))),
          ),
        ),
      ),
    ),
  );
}
