import 'uplot/dist/uPlot.min.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/page.css';
import './styles/parts.css';
import './styles/charts.css';
import './styles/time-and-spread.css';
import { searchOf, viewIn, historyQuery } from './address.ts';
import type { View } from './address.ts';
import { followLive, getJson } from './api.ts';
import { listen } from './controls.ts';
import { rove } from './figure.ts';
import { drawPage } from './page.ts';
import type { Board } from '../../rollups/board/board.ts';
import type { History } from '../../rollups/history/history.ts';
import type { Suggestions } from './panels/panel.ts';

/** The charts are asked for again at most this often while turns come in. */
const HISTORY_MS = 1000;
const SUGGESTIONS_MS = 30_000;

const state: PageState = {
  view: viewIn(location.search),
  board: null,
  history: null,
  suggestions: null,
  isConnected: false,
  heat: 'tokens',
};

export interface PageState {
  view: View;
  board: Board | null;
  history: History | null;
  suggestions: Suggestions | null;
  isConnected: boolean;
  heat: 'tokens' | 'elr_out_tps';
}

let isDrawing = false;

/** At most one drawing per frame; a hidden page, which has no frames, draws when it is seen again. */
function draw(): void {
  if (isDrawing) return;
  isDrawing = true;
  const now = (): void => {
    isDrawing = false;
    document.documentElement.dataset['theme'] = state.view.theme;
    drawPage(state);
    rove(document.body);
  };
  if (document.hidden) setTimeout(now, 1000);
  else requestAnimationFrame(now);
}

let asked = 0;
let askedMs = -Infinity;
let later: ReturnType<typeof setTimeout> | null = null;

/** The newest question wins: an answer to an earlier one, which comes late, is dropped. */
async function askHistory(): Promise<void> {
  asked += 1;
  const mine = asked;
  askedMs = performance.now();
  const found = await getJson<History>(`/api/history?${historyQuery(state.view)}`);
  if (found === null || mine !== asked) return;
  state.history = found;
  draw();
}

function askHistorySoon(): void {
  if (later !== null) return;
  later = setTimeout(
    () => {
      later = null;
      void askHistory();
    },
    Math.max(0, askedMs + HISTORY_MS - performance.now()),
  );
}

async function askSuggestions(): Promise<void> {
  state.suggestions = (await getJson<Suggestions>('/api/suggestions')) ?? state.suggestions;
  draw();
}

listen(state, {
  draw,
  look: (view) => {
    state.view = view;
    history.replaceState(null, '', `${location.pathname}${searchOf(view)}${location.hash}`);
    draw();
    void askHistory();
  },
});
addEventListener('popstate', () => {
  state.view = viewIn(location.search);
  void askHistory();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);

followLive({
  onBoard: (board) => {
    state.board = board;
    state.isConnected = true;
    draw();
  },
  onTurn: () => {
    document.documentElement.dataset['turns'] = String(Number(document.documentElement.dataset['turns'] ?? 0) + 1);
  },
  onHistory: askHistorySoon,
  onState: (isOpen) => {
    const isBack = isOpen && !state.isConnected;
    state.isConnected = isOpen;
    draw();
    if (isBack) void askHistory().then(askSuggestions);
  },
});
setInterval(() => void askSuggestions(), SUGGESTIONS_MS);
// A range that ends now moves on also while nothing happens.
setInterval(askHistorySoon, 15_000);
void askHistory();
draw();
