import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { BackgroundError, backgroundCommands } from '@ccp/background';
import type { BackgroundProgram } from '@ccp/background';
import { readSettings, SettingsError, type ServeFlags, type Settings } from '../config/settings.ts';
import { DRAIN_MS, serve, withServeFlags, type RunFlags } from './serve.ts';
import type { Command } from 'commander';

/** `shim start`, `stop`, `restart` and `service`. */
export function shimBackgroundCommands(): Command[] {
  return backgroundCommands(PROGRAM, (flags) => serve(flags as RunFlags));
}

const PROGRAM: BackgroundProgram = {
  name: 'ccp-shim',
  command: 'shim',
  title: 'Local router for coding agents',
  withOptions: withServeFlags,
  withPlace: (command) => command.option('--state-dir <dir>', 'where the log is kept (CCP_STATE_DIR)'),
  stateDirOf: (options) => settingsOf(options as Pick<ServeFlags, 'stateDir'>).stateDir,
  plan: (options) => {
    const flags = options as RunFlags;
    // Refused here, in front of whoever types, and not later in a log.
    const { stateDir } = settingsOf(flags);
    const main = realpathSync(process.argv[1] ?? '');
    return {
      argv: [process.execPath, ...process.execArgv, main, 'serve', '--json', ...words(flags)],
      env: carried(process.env),
      stateDir,
    };
  },
  ready: /"event":"listening"/,
  stopWithinMs: DRAIN_MS,
};

function settingsOf(flags: ServeFlags): Settings {
  try {
    return readSettings(flags, process.env);
  } catch (error) {
    if (error instanceof SettingsError) throw new BackgroundError(error.message);
    throw error;
  }
}

const PATHS: ReadonlySet<string> = new Set(['providers', 'quotas', 'stateDir', 'apiKeyFile']);
const FLAGS: Readonly<Record<keyof ServeFlags, string>> = {
  port: '--port',
  host: '--host',
  providers: '--providers',
  quotas: '--quotas',
  stateDir: '--state-dir',
  rerouteMode: '--reroute-mode',
  logLevel: '--log-level',
  apiKeyFile: '--api-key-file',
};

/** The options as words again; paths absolute, because a supervisor starts elsewhere. */
function words(flags: ServeFlags): readonly string[] {
  return (Object.keys(FLAGS) as (keyof ServeFlags)[]).flatMap((name) => {
    const value = flags[name];
    return value === undefined ? [] : [FLAGS[name], PATHS.has(name) ? resolve(value) : value];
  });
}

const CARRIED = /^(CCP_|XDG_(CONFIG|STATE|DATA)_HOME$|TZ$|OFFLOAD_PAUSED$|FORCE_HAIKU_TO_ZAI$|ANTH_VERSION$)/;
const SECRET = /KEY|TOKEN|SECRET|PASSWORD/;

/** Settings of this shell that the service has to have. Keys are not written into units: they come from the env file. */
function carried(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && CARRIED.test(name) && (name.endsWith('_FILE') || !SECRET.test(name))
        ? [[name, value] as const]
        : [],
    ),
  );
}
