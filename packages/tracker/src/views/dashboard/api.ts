import type { UsageEvent } from '@ccp/contracts';
import type { Board } from '../../rollups/board/board.ts';

/** A document of the page's server; null: it did not answer. */
export async function getJson<T>(path: string): Promise<T | null> {
  try {
    const response = await fetch(path, { cache: 'no-store' });
    return response.ok ? ((await response.json()) as T) : null;
  } catch {
    return null;
  }
}

export interface LiveListeners {
  readonly onBoard: (board: Board) => void;
  /** A turn was decided or has ended. */
  readonly onTurn: (event: UsageEvent) => void;
  /** Rows were added behind the charts. */
  readonly onHistory: () => void;
  readonly onState: (isOpen: boolean) => void;
}

/** Follows the server. The browser comes back by itself; where it gives up, we do not. */
export function followLive(listeners: LiveListeners): void {
  const source = new EventSource('/api/live');
  const on = (name: string, use: (data: string) => void): void =>
    source.addEventListener(name, (event) => use((event as MessageEvent<string>).data));
  on('board', (data) => listeners.onBoard(JSON.parse(data) as Board));
  on('turn', (data) => listeners.onTurn(JSON.parse(data) as UsageEvent));
  on('history', () => listeners.onHistory());
  source.addEventListener('open', () => listeners.onState(true));
  source.addEventListener('error', () => {
    listeners.onState(false);
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => followLive(listeners), 1000);
  });
}
