import { Plot } from './charts/plot.ts';
import { h } from './dom/node.ts';
import type { Node } from './dom/node.ts';
import { patch } from './dom/patch.ts';
import { figures } from './figure.ts';
import { foot } from './foot.ts';
import type { PageState } from './main.ts';
import { advice } from './panels/advice.ts';
import { heat } from './panels/heat.ts';
import { models, now } from './panels/models.ts';
import { anomalies, suggested, trend } from './panels/outcome.ts';
import type { Panel, Scene } from './panels/panel.ts';
import { quotas } from './panels/quotas.ts';
import { decisions, lanes, timeline } from './panels/routing.ts';
import { firstToken, speed, traffic } from './panels/traffic.ts';
import { bought, windowList } from './panels/windows.ts';
import { topBar } from './top-bar.ts';

export const allPanels: readonly Panel[] = [
  quotas,
  traffic,
  heat,
  speed,
  firstToken,
  now,
  lanes,
  timeline,
  decisions,
  bought,
  windowList,
  models,
  trend,
  anomalies,
  suggested,
];

/** What the panels draw from; null: nothing is known yet. */
export function sceneOf({ board, history, view, suggestions, heat: metric }: PageState): Scene | null {
  if (board === null) return null;
  return {
    board,
    history,
    view,
    suggestions,
    b: figures('board', board),
    past: figures('history', history ?? {}),
    nowTs: Date.parse(board.at) / 1000,
    heat: metric,
  };
}

/** Makes the page look like the state. */
export function drawPage(state: PageState): void {
  const { board, history, view, isConnected } = state;
  patch(at('bar'), topBar({ board, history, view, isConnected }));
  const scene = sceneOf(state);
  if (scene === null) return;
  patch(at('advice-body'), advice(scene));
  patch(
    at('panels'),
    allPanels.map((panel) => sectionOf(panel, scene)),
  );
  patch(at('foot'), foot(scene.board, history));
  drawPlots(scene);
  const { dataset } = document.documentElement;
  dataset['at'] = scene.board.at;
  dataset['historyAt'] = history?.at ?? '';
  if (history !== null && dataset['ready'] === undefined) {
    dataset['ready'] = String(Math.round(performance.now()));
    performance.mark('ready');
  }
}

let plotted: readonly unknown[] = [];

/** Charts show the past: a new board alone changes none of them, and a chart costs more than the rest of the page. */
function drawPlots(scene: Scene): void {
  const { history, view, heat: metric } = scene;
  const rests = [history, view, metric, theme()];
  if (rests.every((one, nth) => one === plotted[nth])) return;
  plotted = rests;
  for (const { plots } of allPanels)
    for (const [name, data] of Object.entries(plots?.(scene) ?? {}))
      if (data !== null) plotIn(name)?.show(data, theme());
}

/** The chart of that name as a picture; null: it is not drawn. */
export async function pictureOf(name: string): Promise<Blob | null> {
  return (await plotIn(name)?.picture()) ?? null;
}

const past = new Map<string, { readonly rests: readonly unknown[]; readonly node: Node }>();

/** Panels of the past are kept as they are until the past changes. */
function sectionOf(panel: Panel, scene: Scene): Node {
  const { history, view, heat: metric } = scene;
  const rests = [history, view, metric];
  const known = past.get(panel.id);
  if (panel.isPast && known?.rests.every((one, nth) => one === rests[nth])) return known.node;
  const node = section(panel, scene);
  if (panel.isPast) past.set(panel.id, { rests, node });
  return node;
}

function section(panel: Panel, scene: Scene): Node {
  const { id, title, columns, note, body, plots, csv } = panel;
  const drawn = Object.entries(plots?.(scene) ?? {}).filter(([, data]) => data !== null);
  return h(
    'section',
    { id, class: `panel span-${columns}`, key: id, 'aria-labelledby': `${id}-title`, tabindex: -1 },
    h(
      'header',
      { class: 'panel-head', key: 'head' },
      h('h2', { id: `${id}-title` }, title),
      h('span', { class: 'note' }, note?.(scene) ?? ''),
      h(
        'span',
        { class: 'exports' },
        csv === undefined
          ? null
          : h(
              'button',
              { type: 'button', class: 'quiet', 'data-export': `csv:${id}`, 'aria-label': `${title} as CSV` },
              'csv',
            ),
        drawn.map(([name]) =>
          h(
            'button',
            {
              type: 'button',
              class: 'quiet',
              key: name,
              'data-export': `png:${name}`,
              'aria-label': `chart of ${name} as PNG`,
            },
            'png',
          ),
        ),
      ),
    ),
    h('div', { class: 'panel-body', key: 'body' }, ...body(scene)),
  );
}

const plotsByElement = new WeakMap<HTMLElement, Plot>();

function plotIn(name: string): Plot | null {
  const element = document.querySelector<HTMLElement>(`[data-plot="${name}"]`);
  if (element === null) return null;
  const plot = plotsByElement.get(element) ?? new Plot(element);
  plotsByElement.set(element, plot);
  return plot;
}

/** What colours depend on. */
function theme(): string {
  const chosen = document.documentElement.dataset['theme'] ?? 'auto';
  return chosen === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : chosen;
}

function at(id: string): HTMLElement {
  return document.getElementById(id) as HTMLElement;
}
