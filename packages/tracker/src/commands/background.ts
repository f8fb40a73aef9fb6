import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { BackgroundError, backgroundCommands } from '@ccp/background';
import type { BackgroundProgram } from '@ccp/background';
import type { Command } from 'commander';
import { dataDir } from '../events/data-dir.ts';
import { problemLine } from '../problem.ts';
import { parseCcpUrl } from '../sources/shim/ccp-url.ts';
import { DATA_DIR_HELP } from './book-options.ts';
import { watch } from './poll.ts';
import type { WatchOptions } from './poll.ts';
import { intervalSeconds, withTrackerOptions } from './tracker-options.ts';

/** `tracker start`, `stop`, `restart` and `service`: of the poller, which is what has to go on all the time. */
export function addBackground(program: Command, done: (code: number) => void): void {
  const commands = backgroundCommands(PROGRAM, async (options, command) =>
    done(await watch(options as WatchOptions, command)),
  );
  for (const command of commands) program.addCommand(inheriting(command, program));
}

/** A wrong option of these ends as one of any other command does, by an exit code and not in the middle of it. */
function inheriting(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const below of command.commands) inheriting(below, command);
  return command;
}

const PROGRAM: BackgroundProgram = {
  name: 'ccp-tracker',
  command: 'tracker',
  title: 'Keeps what the local router for coding agents measured',
  withOptions: (command) =>
    withTrackerOptions(command)
      .option('--interval <seconds>', 'time between two readings', intervalSeconds, 10)
      .option('--json', 'print the rows instead of one line for people'),
  withPlace: (command) => command.option('--data-dir <dir>', DATA_DIR_HELP),
  stateDirOf: (options) => placeOf(options as WatchOptions),
  plan: (options) => {
    const { ccpUrl, interval } = options as WatchOptions;
    if (ccpUrl !== undefined) {
      const url = parseCcpUrl(ccpUrl);
      if (!url.ok) throw new BackgroundError(problemLine(url.problem));
    }
    const stateDir = placeOf(options as WatchOptions);
    const where = ccpUrl === undefined ? [] : ['--ccp-url', ccpUrl];
    const main = realpathSync(process.argv[1] ?? '');
    const args = ['poll', '--watch', '--interval', String(interval), '--data-dir', stateDir, ...where];
    return { argv: [process.execPath, ...process.execArgv, main, ...args], env: carried(process.env), stateDir };
  },
  ready: /^watching /m,
  stopWithinMs: 10_000,
};

function placeOf({ dataDir: named }: WatchOptions): string {
  return resolve(dataDir(named, process.env, homedir()));
}

const CARRIED = /^(CCP_BASE_URL|CCP_API_KEY_FILE|PRIVACY_TIER|TRACKER_[A-Z_]+|XDG_(CONFIG|STATE|DATA)_HOME|TZ)$/;

function carried(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value !== undefined && CARRIED.test(name) ? [[name, value]] : [])),
  );
}
