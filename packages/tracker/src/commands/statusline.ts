import { readFileSync, rmSync } from 'node:fs';
import type { Command } from 'commander';
import { Option } from 'commander';
import { replaceFile } from '../events/replace-file.ts';
import type { Tracker } from '../observation.ts';
import type { Outcome } from '../problem.ts';
import { statuslineState } from '../rollups/board/statusline-state.ts';
import { parseStatusline } from '../sources/panes/statusline.ts';
import { boardReader } from './board-reader.ts';
import { EXIT } from './exit-codes.ts';
import { localZone } from './option-values.ts';
import { statuslineFiles, statuslineNow } from './statusline-now.ts';
import { refuse } from './told.ts';
import { trackerOf, withTrackerOptions } from './tracker-options.ts';
import type { TrackerOptions } from './tracker-options.ts';

interface Options extends TrackerOptions {
  readonly refresh?: true;
}

/** A refresh that hangs is ended; the next line starts another one. */
const REFRESH_MS = 15_000;

/** `tracker statusline`: one line for Claude Code, from what is kept; it never waits for the network. */
export function addStatusline(program: Command, done: (code: number) => void): void {
  const command = program
    .command('statusline')
    .description(
      'print one line for the statusline of Claude Code, whose JSON it reads on stdin, and record its limits',
    )
    .addOption(new Option('--refresh', 'record the newest limits and bring what is shown up to date').hideHelp())
    .addHelpText(
      'after',
      '\nIn ~/.claude/settings.json:\n  {"statusLine": {"type": "command", "command": "tracker statusline"}}',
    );
  withTrackerOptions(command).action(async (options: Options) => {
    if (!options.refresh) {
      await statuslineNow(options);
      return done(EXIT.ok);
    }
    const timeout = AbortSignal.timeout(REFRESH_MS);
    const tracker = trackerOf(options, command, timeout);
    const files = statuslineFiles(tracker.book.dir);
    try {
      const refreshed = await refresh(tracker, files);
      done(refreshed.ok ? EXIT.ok : refuse(refreshed.problem));
    } finally {
      rmSync(files.lock, { force: true });
    }
  });
}

async function refresh(tracker: Tracker, files: ReturnType<typeof statuslineFiles>): Promise<Outcome<null>> {
  const reader = boardReader(tracker, { tz: localZone() });
  let recorded = await record(tracker, files.input);
  if (!recorded.ok) return recorded;
  const board = await reader.read();
  // Told while the shim was asked: it would wait for the next call of the line otherwise.
  recorded = await record(tracker, files.input);
  if (!recorded.ok) return recorded;
  return replaceFile(files.state, `${JSON.stringify(statuslineState(board, recorded.value))}\n`);
}

/** Keeps the newest limits as readings, where they say something new; answers their text. */
async function record({ readings }: Tracker, file: string): Promise<Outcome<string | null>> {
  let kept: { readonly at: string; readonly rate_limits: string };
  try {
    kept = JSON.parse(readFileSync(file, 'utf8')) as typeof kept;
  } catch {
    return { ok: true, value: null };
  }
  const { at, rate_limits: limits } = kept;
  const read = parseStatusline(`{"rate_limits":${limits}}`, { observedAt: at, timeZone: localZone() });
  const added = await readings.keep(read.readings);
  return added.ok ? { ok: true, value: limits } : added;
}
