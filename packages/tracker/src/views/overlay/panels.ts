import type { Board } from '../../rollups/board/board.ts';
import { outcomePanel } from './outcome-panel.ts';
import type { Drawing, Panel, PanelName } from './panel.ts';
import { quotasPanel } from './quotas-panel.ts';
import { routingPanel } from './routing-panel.ts';
import { speedsPanel } from './speeds-panel.ts';
import { windowsPanel } from './windows-panel.ts';

const DRAWN = {
  quotas: quotasPanel,
  speeds: speedsPanel,
  routing: routingPanel,
  windows: windowsPanel,
  outcome: outcomePanel,
} as const satisfies Record<PanelName, (board: Board, drawing: Drawing) => Panel>;

/** One part of the picture. */
export function drawPanel(name: PanelName, board: Board, drawing: Drawing): Panel {
  return DRAWN[name](board, drawing);
}
