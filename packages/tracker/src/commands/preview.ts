import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { Tracker } from '../observation.ts';
import { shownUrl } from '../sources/shim/ccp-url.ts';
import { boardJson } from '../views/json.ts';
import { estimateOf } from '../rollups/bought.ts';
import { windowPreview } from '../rollups/windows/window-preview.ts';
import { pageLines } from '../views/overlay/page.ts';
import { charsetOf } from '../views/text/ascii.ts';
import { renderLine } from '../views/text/line.ts';
import { windowPreviewLines } from '../views/text/window-preview.ts';
import { boardReader } from './board-reader.ts';
import { bookOf } from './book-options.ts';
import { EXIT } from './exit-codes.ts';
import { previewLive } from './preview-live.ts';
import { intervalSeconds, trackerOf, untilStopped, withTrackerOptions } from './tracker-options.ts';
import type { TrackerOptions } from './tracker-options.ts';
import { localZone } from './option-values.ts';
import { note, say, sayJson } from './told.ts';
import { windowRows } from './window-rows.ts';

interface Options extends TrackerOptions {
  readonly once?: true;
  readonly interval: number;
  readonly json?: true;
  readonly format?: 'text';
  readonly window?: string;
  readonly width?: number;
  readonly color: boolean;
}

/** `tracker preview`: draws quotas, models, speeds and routing as text. */
export function addPreview(program: Command, done: (code: number) => void): void {
  const command = program
    .command('preview')
    .description('draw quotas, models, speeds and routing; the newest reading kept while the shim is down')
    .option('--once', 'draw once and exit, also on a terminal; exit 1 when there is nothing to draw')
    .option('--interval <seconds>', 'time between two drawings on a terminal', intervalSeconds, 2)
    .option('--json', 'print exact numbers as one JSON object')
    .addOption(
      new Option('--format <format>', 'text: finished windows as lines, and nothing of the shim').choices(['text']),
    )
    .option('--window <id>', 'this window only')
    .option('--width <cells>', 'width to draw for, 40 or more (default: the terminal, else 80)', widthCells)
    .option('--no-color', 'no colours (NO_COLOR)');
  withTrackerOptions(command).action(async (options: Options) => {
    if (options.format === 'text') return done(printWindows(options));
    const stop = untilStopped();
    const tracker = trackerOf(options, command, stop.signal);
    done(isLive(options) ? await drawLive(tracker, options, stop) : await drawOnce(tracker, options));
  });
}

/** Finished windows, as the first trackers printed them. */
function printWindows(options: Options): number {
  const { rows, problems } = windowRows(bookOf(options));
  note(problems);
  const preview = windowPreview(rows, estimateOf, options.window);
  if (options.json) sayJson(preview);
  else for (const line of windowPreviewLines(preview)) say(line);
  return preview.windows.length === 0 ? EXIT.noData : EXIT.ok;
}

async function drawOnce(tracker: Tracker, options: Options): Promise<number> {
  const board = await boardReader(tracker, boardOptions(options)).read();
  const width = options.width ?? process.stdout.columns ?? 80;
  const lines = options.json
    ? [boardJson(board)]
    : pageLines(board, width, shownUrl(tracker.ccpUrl)).map((line) =>
        renderLine(line, width, hasColour(options), charsetOf(process.env)),
      );
  process.stdout.write(`${lines.join('\n')}\n`);
  return board.overview === null ? EXIT.failure : EXIT.ok;
}

async function drawLive(tracker: Tracker, options: Options, stop: AbortController): Promise<number> {
  await previewLive(tracker, boardReader(tracker, boardOptions(options)), {
    everyMs: options.interval * 1000,
    colour: hasColour(options),
    charset: charsetOf(process.env),
    stop,
  });
  return EXIT.ok;
}

function hasColour({ color }: Options): boolean {
  return process.stdout.isTTY && color && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}

function boardOptions({ window }: Options): { tz: string; window?: string } {
  return { tz: localZone(), ...(window !== undefined && { window }) };
}

function isLive({ once, json }: Options): boolean {
  return process.stdout.isTTY && !once && !json && process.env['TERM'] !== 'dumb';
}

function widthCells(text: string): number {
  const width = Number(text);
  if (!Number.isInteger(width) || width < 40 || width > 1000) {
    throw new InvalidArgumentError('Give a whole number of cells between 40 and 1000.');
  }
  return width;
}
