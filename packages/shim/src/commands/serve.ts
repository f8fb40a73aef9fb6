import { Option } from 'commander';
import type { Command } from 'commander';
import { startShim, type Logger, type Shim } from '../app.ts';
import { ConfigError } from '../config/config-store.ts';
import {
  LOG_LEVELS,
  readSettings,
  REROUTE_MODES,
  SettingsError,
  type LogLevel,
  type ServeFlags,
} from '../config/settings.ts';
import { ListenError } from '../http/listen.ts';
import { operatorCommand } from './operator-command.ts';

/** How long running streams may take to finish after SIGTERM. A second signal ends them at once. */
export const DRAIN_MS = 60_000;

export interface RunFlags extends ServeFlags {
  readonly json?: boolean;
}

export function serveCommand(): Command {
  return withServeFlags(
    operatorCommand('serve', 'route, meter and keep quotas until stopped (the default command)'),
  ).action(serve);
}

/** The options of a shim that runs. */
export function withServeFlags(command: Command): Command {
  return command
    .option('--port <n>', 'port on loopback; 0 picks a free one (CCP_PORT, default 8082)')
    .option('--host <address>', 'address to bind (CCP_HOST, default 127.0.0.1 and ::1)')
    .option('--providers <file>', 'providers.yaml (CCP_PROVIDERS_FILE)')
    .option('--quotas <file>', 'quotas.json (CCP_QUOTAS_FILE)')
    .option('--state-dir <dir>', 'where the log is kept (CCP_STATE_DIR)')
    .addOption(
      new Option('--reroute-mode <mode>', 'when a quota changes the lane (CCP_REROUTE_MODE, default hybrid)').choices([
        ...REROUTE_MODES,
      ]),
    )
    .addOption(
      new Option('--log-level <level>', 'what is printed (CCP_LOG_LEVEL, default info)').choices([...LOG_LEVELS]),
    )
    .option('--api-key-file <file>', 'clients must send the key in this file as x-ccp-key (CCP_API_KEY_FILE)')
    .option('--json', 'print one JSON line when listening, and messages as JSON');
}

export async function serve(flags: RunFlags): Promise<void> {
  let shim: Shim;
  let level: LogLevel = 'info';
  try {
    const settings = readSettings(flags, process.env);
    level = settings.logLevel;
    shim = await startShim(settings, printer(level, flags.json === true));
    announce(shim, { json: flags.json === true, quiet: level === 'silent' || level === 'error' || level === 'warn' });
  } catch (error) {
    process.stderr.write(`shim: ${startProblem(error)}\n`);
    process.exitCode = 1;
    return;
  }
  const stop = (): void => {
    process.removeListener('SIGTERM', stop).removeListener('SIGINT', stop);
    // A second signal does not wait for running streams.
    process.once('SIGTERM', () => process.exit(0)).once('SIGINT', () => process.exit(0));
    printer(level, flags.json === true)('info', 'stopping: running streams may finish');
    shim.stop(DRAIN_MS).then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`shim: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
}

/** One line that says what to do; a stack only for what we did not expect. */
function startProblem(error: unknown): string {
  if (error instanceof SettingsError || error instanceof ConfigError || error instanceof ListenError)
    return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function printer(level: LogLevel, json: boolean): Logger {
  const limit = LOG_LEVELS.indexOf(level);
  return (severity, message) => {
    if (LOG_LEVELS.indexOf(severity) > limit) return;
    const line = json ? JSON.stringify({ ts: Date.now() / 1000, level: severity, message }) : `shim: ${message}`;
    process.stderr.write(`${line}\n`);
  };
}

function announce(shim: Shim, { json, quiet }: { json: boolean; quiet: boolean }): void {
  const url = shim.addresses[0] ?? '';
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ event: 'listening', url, addresses: shim.addresses, port: shim.port, pid: process.pid, log: shim.logPath })}\n`,
    );
    return;
  }
  if (quiet) return;
  const lanes = shim
    .lanes()
    .map(
      ({ id, url: base, problem }) =>
        `    ${id.padEnd(12)} ${problem === null ? 'ready ' : 'unused'} ${problem ?? base}`,
    );
  const lines = [
    `shim is listening on ${shim.addresses.join(' and ')}`,
    '  lanes',
    ...lanes,
    `  quotas     ${shim.quotasPath === '' ? 'none (everything is counted, nothing is capped)' : shim.quotasPath}`,
    `  log        ${shim.logPath}`,
    '  use it     ' + `ANTHROPIC_BASE_URL=${url} claude`,
    `  look       curl ${url}/v1/usage`,
    '  stop       Ctrl-C',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
