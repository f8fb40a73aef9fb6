import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Tracker } from '../observation.ts';
import type { Board } from '../rollups/board/board.ts';
import { shownUrl } from '../sources/shim/ccp-url.ts';
import { followEvents } from '../sources/shim/follow-events.ts';
import type { Key } from '../views/overlay/look.ts';
import { afterKey } from '../views/overlay/look.ts';
import { FIRST_LOOK, lastScroll, screenLines } from '../views/overlay/screen.ts';
import { cellsOf } from '../views/text/cells.ts';
import { renderLine } from '../views/text/line.ts';
import type { Charset } from '../views/text/line.ts';
import type { BoardReader } from './board-reader.ts';
import { overlayScreen } from './overlay-screen.ts';
import { stayFrugal } from './stay-frugal.ts';

export interface LiveOptions {
  readonly everyMs: number;
  readonly colour: boolean;
  readonly charset: Charset;
  /** Ends the picture; aborted by q too. */
  readonly stop: AbortController;
}

/** Events come in bursts; one picture for each of them would be more than an eye can take. */
const BURST_MS = 100;
/** Sums follow the event that changes them once the shim has written it down. */
const READ_AFTER_MS = 250;

/** The overlay: draws until stopped, reads every so often and after every finished turn, and obeys the keys. */
export async function previewLive(tracker: Tracker, reader: BoardReader, options: LiveOptions): Promise<void> {
  const { stdin, stdout } = process as { stdin: ReadStream; stdout: WriteStream };
  const { stop, colour, charset, everyMs } = options;
  stayFrugal();
  // React's development build is larger and slower.
  process.env['NODE_ENV'] ??= 'production';
  const { mountOverlay } = await import('../views/overlay/app.ts');
  const screen = overlayScreen(stdin, stdout, cellsOf);
  const shimUrl = shownUrl(tracker.ccpUrl);
  let look = FIRST_LOOK;
  let board: Board | null = null;
  let wake = new AbortController();
  const size = () => ({ width: stdout.columns || 80, rows: stdout.rows || 24 });
  const draw = (): void => {
    const drawn = board === null ? [[{ text: `reading ${shimUrl} …` }]] : screenLines(board, look, size(), shimUrl);
    screen.paint(drawn.map((line) => renderLine(line, size().width, colour, charset)));
  };
  const show = (next: Board | null): void => {
    if (next === null || look.paused) return;
    board = next;
    draw();
  };
  const pressed = (key: Key): void => {
    const furthest = board === null ? 0 : lastScroll(board, look, size());
    const { look: next, wish } = afterKey(look, key, furthest);
    const goesOn = look.paused && !next.paused;
    look = next;
    if (wish === 'quit') stop.abort();
    if (wish === 'suspend') suspend();
    if (wish === 'read' || goesOn) wake.abort();
    draw();
  };
  let unmount: (() => void) | null = null;
  const enter = (): void => {
    screen.enter();
    draw();
    unmount = mountOverlay({ stdin, pressed });
  };
  const leave = (): void => {
    unmount?.();
    unmount = null;
    screen.leave();
  };
  const resized = (): void => {
    screen.forget();
    draw();
  };
  /** Stops the process as if it had not taken the terminal over; with its group, as Ctrl-Z would have. */
  const suspend = (): void => {
    leave();
    process.removeListener('SIGTSTP', stopped);
    process.kill(0, 'SIGTSTP');
    process.on('SIGTSTP', stopped);
  };
  /** Asked to stop by another process: this one only. */
  const stopped = (): void => {
    leave();
    process.kill(process.pid, 'SIGSTOP');
  };
  const continued = (): void => {
    if (stop.signal.aborted) return;
    leave();
    enter();
  };
  const hungUp = (): void => stop.abort();
  process.on('SIGTSTP', stopped).on('SIGCONT', continued).on('SIGHUP', hungUp);
  stdout.on('resize', resized);
  const woken = (): void => wake.abort();
  stop.signal.addEventListener('abort', woken);
  let burst: NodeJS.Timeout | null = null;
  let after: NodeJS.Timeout | null = null;
  const events = followEvents(tracker.ccpUrl, {
    signal: stop.signal,
    heard: (event) => {
      reader.heard(event);
      burst ??= setTimeout(() => {
        burst = null;
        show(reader.again());
      }, BURST_MS);
      if (event.event !== 'decision') after ??= setTimeout(() => ((after = null), wake.abort()), READ_AFTER_MS);
    },
  });
  enter();
  try {
    while (!stop.signal.aborted) {
      wake = new AbortController();
      show(await reader.read());
      if (stop.signal.aborted) break;
      await sleep(everyMs, undefined, { signal: wake.signal }).catch(() => undefined);
    }
  } finally {
    leave();
    for (const timer of [burst, after]) if (timer !== null) clearTimeout(timer);
    stdout.removeListener('resize', resized);
    stop.signal.removeEventListener('abort', woken);
    process.removeListener('SIGTSTP', stopped).removeListener('SIGCONT', continued).removeListener('SIGHUP', hungUp);
    stop.abort();
    await events;
    // A paused stdin no longer keeps the process alive.
    stdin.pause();
  }
}
