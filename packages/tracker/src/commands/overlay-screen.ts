import type { ReadStream, WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';

export interface OverlayScreen {
  /** Writes the lines that differ from the frame before, in one piece. */
  paint(frame: readonly string[]): void;
  /** The next frame is written whole: somebody else wrote on the screen, or its size changed. */
  forget(): void;
  enter(): void;
  /** Leaves the terminal as it was found; may be called at any time and more than once. */
  leave(): void;
}

const ENTER = '\u001B[?1049h\u001B[?25l\u001B[2J';
const LEAVE = '\u001B[?25h\u001B[?1049l';

/** The alternate screen of a terminal, left again whatever ends the process. */
export function overlayScreen(
  stdin: ReadStream,
  stdout: WriteStream,
  cellsOf: (text: string) => number,
): OverlayScreen {
  let shown: readonly string[] = [];
  let isIn = false;
  const leave = (): void => {
    if (!isIn) return;
    isIn = false;
    stdout.write(LEAVE);
    if (stdin.isTTY) stdin.setRawMode(false);
    process.removeListener('exit', leave);
    process.removeListener('uncaughtExceptionMonitor', leave);
  };
  return {
    paint(frame) {
      if (!isIn) return;
      const lines = frame.slice(0, stdout.rows);
      const changed = lines.flatMap((line, row) => (line === shown[row] ? [] : [lineAt(row, line)]));
      if (lines.length < shown.length) changed.push(`\u001B[${lines.length + 1};1H\u001B[J`);
      shown = lines;
      if (changed.length > 0) stdout.write(changed.join(''));
    },
    forget() {
      shown = [];
      if (isIn) stdout.write('\u001B[2J');
    },
    enter() {
      shown = [];
      isIn = true;
      stdout.write(ENTER);
      process.on('exit', leave);
      // An error of ours is to be read on the screen that stays.
      process.on('uncaughtExceptionMonitor', leave);
    },
    leave,
  };
  function lineAt(row: number, line: string): string {
    // Behind a full line the cursor still stands in its last cell, which erasing would take away.
    const isFull = cellsOf(stripVTControlCharacters(line)) >= stdout.columns;
    return `\u001B[${row + 1};1H${line}${isFull ? '' : '\u001B[K'}`;
  }
}
