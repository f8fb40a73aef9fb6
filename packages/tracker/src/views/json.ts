import type { Board } from '../rollups/board/board.ts';

/** The board with exact numbers as one JSON object on one line. */
export function boardJson(board: Board): string {
  return JSON.stringify(board);
}
