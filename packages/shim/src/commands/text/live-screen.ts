import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadStream, WriteStream } from 'node:tty';

export interface Terminal {
  /** Raw mode and keys only if it is a terminal too. */
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly everyMs: number;
  /** Ends it; also aborted by q and Ctrl-C. */
  readonly stop: AbortController;
  /** False: one frame after the other, also on a terminal. */
  readonly inPlace: boolean;
}

/**
 * Draws again and again until stopped. On a terminal: on the alternate screen, at once after resizing, and the terminal
 * is left as it was found, whatever happens. Elsewhere: one frame after the other.
 */
export async function drawUntilStopped(terminal: Terminal, draw: () => Promise<readonly string[]>): Promise<void> {
  const { stdout, everyMs, stop, inPlace } = terminal;
  if (inPlace && stdout.isTTY && process.env['TERM'] !== 'dumb') return liveScreen(terminal, draw);
  while (!stop.signal.aborted) {
    const lines = await draw();
    if (stop.signal.aborted) break;
    stdout.write(lines.map((line) => `${line}\n`).join(''));
    await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => undefined);
  }
}

async function liveScreen(
  { stdin, stdout, everyMs, stop }: Terminal,
  draw: () => Promise<readonly string[]>,
): Promise<void> {
  let redraw = new AbortController();
  const wake = (): void => redraw.abort();
  const onKey = (keys: Buffer): void => {
    if (keys.includes('q') || keys.includes(CTRL_C)) stop.abort();
  };
  const restore = once(() => {
    stdout.write(LEAVE);
    if (stdin.isTTY) stdin.setRawMode(false);
  });
  process.once('exit', restore);
  stop.signal.addEventListener('abort', wake);
  stdout.on('resize', wake);
  if (stdin.isTTY) stdin.setRawMode(true).on('data', onKey);
  stdout.write(ENTER);
  try {
    while (!stop.signal.aborted) {
      redraw = new AbortController();
      const lines = await draw();
      if (stop.signal.aborted) break;
      stdout.write(toFrame(lines, stdout.rows));
      await sleep(everyMs, undefined, { signal: redraw.signal }).catch(() => undefined);
    }
  } finally {
    restore();
    process.removeListener('exit', restore);
    stdout.removeListener('resize', wake);
    // A paused stdin no longer keeps the process alive.
    stdin.removeListener('data', onKey).pause();
  }
}

const CTRL_C = 0x03;
const ENTER = '\u001B[?1049h\u001B[?25l';
const LEAVE = '\u001B[?25h\u001B[?1049l';
/** Of a terminal that does not say how high it is. */
const UNKNOWN_ROWS = 24;

/** One write per frame, over the old one: clearing first would flicker. The last row stays free, or the screen scrolls. */
function toFrame(lines: readonly string[], rows: number): string {
  const room = Math.max(1, (rows > 0 ? rows : UNKNOWN_ROWS) - 1);
  const fits = lines.length <= room;
  const shown = fits ? lines : [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more lines; q quits`];
  return `\u001B[H${shown.map((line) => `${line}\u001B[K\r\n`).join('')}\u001B[J`;
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    act();
  };
}
