import { originOf } from './provenance.ts';
import type { Source } from './figure.ts';
import { onRoveKey } from './figure.ts';
import type { View } from './address.ts';
import { csvBlob, download, jsonBlob } from './download.ts';
import type { PageState } from './main.ts';
import { allPanels, pictureOf, sceneOf } from './page.ts';
import { openPopover } from './popover.ts';

export interface Reactions {
  readonly draw: () => void;
  /** Another range, provider, window or theme. */
  readonly look: (view: View) => void;
}

/** One listener per kind of event for the whole page: what is drawn again and again needs no listeners of its own. */
export function listen(state: PageState, { draw, look }: Reactions): void {
  document.addEventListener('click', (event) => {
    const target = (event.target as Element).closest<HTMLElement>(
      '.fig, [data-range], [data-theme-next], [data-copy], [data-export], [data-heat]',
    );
    if (target === null) return;
    const { range, themeNext, copy, export: wanted, heat } = target.dataset;
    if (target.classList.contains('fig')) return tell(state, target);
    if (range !== undefined) look({ ...state.view, range, since: null, until: null, window: null });
    if (themeNext !== undefined) look({ ...state.view, theme: themeNext as View['theme'] });
    if (copy !== undefined) void copyText(copy, target);
    if (wanted !== undefined) void exportIt(state, wanted);
    if (heat === 'tokens' || heat === 'elr_out_tps') {
      state.heat = heat;
      draw();
    }
  });
  document.addEventListener('change', (event) => {
    const { dataset, value } = event.target as HTMLSelectElement;
    const chosen = value === '' ? null : value;
    if (dataset['pick'] === 'provider') look({ ...state.view, provider: chosen });
    if (dataset['pick'] === 'window') look({ ...state.view, window: chosen, since: null, until: null });
  });
  document.addEventListener('keydown', (event) => {
    onRoveKey(event);
    if (event.key === 'Escape')
      for (const menu of document.querySelectorAll<HTMLDetailsElement>('.menu')) menu.open = false;
  });
}

function tell({ board, history }: PageState, figure: HTMLElement): void {
  if (board === null) return;
  const { source = 'board', path = '', raw = 'null' } = figure.dataset;
  const cell = figure.closest('td');
  const column = cell?.closest('table')?.querySelectorAll('th')[cell.cellIndex]?.textContent;
  const row = cell?.parentElement?.querySelector('strong')?.textContent;
  const near =
    figure.closest('.key')?.querySelector('dt')?.textContent ??
    figure.closest('.meter')?.querySelector('.meter-name')?.textContent;
  const label = [row, column, near].filter((part) => part !== undefined && part !== '').join(', ');
  openPopover(figure, {
    label: label === '' ? path : label,
    path,
    shown: figure.textContent ?? '',
    raw,
    origin: originOf(source as Source, path, { board, history }),
  });
}

async function copyText(text: string, button: HTMLElement): Promise<void> {
  const said = document.getElementById('said') as HTMLElement;
  const before = button.textContent ?? '';
  try {
    await navigator.clipboard.writeText(text);
    [button.textContent, said.textContent] = ['copied', 'copied'];
  } catch {
    // Without permission the text can still be selected by hand.
    [button.textContent, said.textContent] = ['select it', 'it could not be copied'];
  }
  setTimeout(() => (button.textContent = before), 1500);
}

async function exportIt(state: PageState, wanted: string): Promise<void> {
  const { board, history } = state;
  if (board === null) return;
  const stamp = board.at.slice(0, 19).replaceAll(':', '');
  if (wanted === 'board') return download(`board-${stamp}.json`, jsonBlob(board));
  if (wanted === 'history') return download(`history-${stamp}.json`, jsonBlob(history));
  const [kind, name = ''] = wanted.split(':');
  if (kind === 'png') {
    const picture = await pictureOf(name);
    if (picture !== null) download(`${name}-${stamp}.png`, picture);
    return;
  }
  const scene = sceneOf(state);
  const panel = allPanels.find(({ id }) => id === (name === '' ? 'traffic' : name));
  if (scene !== null && panel?.csv !== undefined) download(`${panel.id}-${stamp}.csv`, csvBlob(panel.csv(scene)));
}
