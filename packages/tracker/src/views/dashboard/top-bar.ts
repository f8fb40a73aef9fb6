import type { Board } from '../../rollups/board/board.ts';
import type { History } from '../../rollups/history/history.ts';
import type { View } from './address.ts';
import { stateMark } from './charts/state-mark.ts';
import type { Tone } from './charts/state-mark.ts';
import { h } from './dom/node.ts';
import type { Node } from './dom/node.ts';
import { age } from './format.ts';

const RANGES = ['1h', '5h', '24h', '7d', '30d'];
const THEMES = { auto: 'light', light: 'dark', dark: 'auto' } as const;
const SECTIONS: readonly (readonly [string, string])[] = [
  ['quotas', 'Quotas'],
  ['traffic', 'Tokens'],
  ['speed', 'Speed'],
  ['routing', 'Routing'],
  ['windows', 'Windows'],
  ['models', 'Models'],
  ['outcome', 'Outcome'],
  ['suggestions', 'Suggestions'],
];

export interface Bar {
  readonly board: Board | null;
  readonly history: History | null;
  readonly view: View;
  /** Whether the page's own server answers. */
  readonly isConnected: boolean;
}

/** State, ways to look, and the way to each panel. */
export function topBar({ board, history, view, isConnected }: Bar): Node[] {
  const providers = history?.choices.providers ?? [];
  const windows = history?.choices.windows ?? [];
  return [
    h(
      'div',
      { class: 'top-row', key: 'row' },
      h('span', { class: 'brand' }, 'ccp'),
      h('span', { class: 'live', key: 'live' }, liveMark(board, isConnected)),
      h(
        'div',
        { class: 'controls' },
        h(
          'div',
          { class: 'choice', role: 'group', 'aria-label': 'time range' },
          RANGES.map((range) =>
            h(
              'button',
              {
                type: 'button',
                key: range,
                'data-range': range,
                'aria-pressed': String(view.since === null && view.window === null && view.range === range),
              },
              range,
            ),
          ),
        ),
        picker('provider', 'all providers', providers, view.provider),
        picker(
          'window',
          'no window',
          windows.map(({ window }) => window),
          view.window,
        ),
        h(
          'details',
          { class: 'menu' },
          h('summary', null, 'Export'),
          h(
            'div',
            { class: 'menu-list' },
            h('button', { type: 'button', 'data-export': 'board' }, 'Board as JSON'),
            h('button', { type: 'button', 'data-export': 'history' }, 'Range as JSON'),
            h('button', { type: 'button', 'data-export': 'csv' }, 'Range as CSV'),
          ),
        ),
        h(
          'button',
          {
            type: 'button',
            class: 'quiet',
            'data-theme-next': THEMES[view.theme],
            'aria-label': `theme: ${view.theme}`,
          },
          view.theme,
        ),
      ),
    ),
    h(
      'nav',
      { class: 'sections', 'aria-label': 'panels', key: 'nav' },
      SECTIONS.map(([id, name]) => h('a', { href: `#${id}`, key: id }, name)),
    ),
  ];
}

function liveMark(board: Board | null, isConnected: boolean): Node {
  if (!isConnected)
    return stateMark('stop', board === null ? 'connecting' : 'the dashboard stopped: tracker dashboard');
  if (board === null) return stateMark('none', 'reading');
  const [tone, word]: readonly [Tone, string] =
    board.state === 'live'
      ? ['ok', 'live']
      : board.state === 'stale'
        ? ['near', `shim down, last read ${age(board.shim?.age_s)} ago`]
        : ['stop', 'no shim'];
  return stateMark(tone, word);
}

function picker(name: 'provider' | 'window', none: string, choices: readonly string[], chosen: string | null): Node {
  const all = chosen === null || choices.includes(chosen) ? choices : [chosen, ...choices];
  return h(
    'select',
    { 'data-pick': name, 'aria-label': name, value: chosen ?? '', key: `${name} ${all.join()}` },
    h('option', { value: '', selected: chosen === null }, none),
    all.map((choice) => h('option', { value: choice, key: choice, selected: choice === chosen }, choice)),
  );
}
