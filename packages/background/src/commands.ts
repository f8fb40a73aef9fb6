import { Command } from 'commander';
import { BackgroundError } from './background-error.ts';
import type { BackgroundProgram } from './background-program.ts';
import { detachedOf, startDetached, stopDetached } from './detached.ts';
import { thisHost } from './host.ts';
import type { Host } from './host.ts';
import { serviceCommand } from './service-commands.ts';
import { supervisorOf } from './supervisors/choose.ts';
import type { Supervisor } from './supervisors/supervisor.ts';
import { answering, printJson, say } from './told.ts';

type Options = Readonly<Record<string, unknown>>;

/**
 * `start --detach`, `stop`, `restart` and `service …` of a program. `run` is what `start` does without `--detach`. Where
 * the service is installed, start, stop and restart speak to its supervisor, so that there is never a second process.
 */
export function backgroundCommands(
  program: BackgroundProgram,
  run: (options: object, command: Command) => Promise<void> | void,
  host: Host = thisHost(),
): Command[] {
  return [start(program, run, host), stop(program, host), restart(program, host), serviceCommand(program, host)];
}

function start(
  program: BackgroundProgram,
  run: (options: object, command: Command) => Promise<void> | void,
  host: Host,
): Command {
  return program
    .withOptions(new Command('start').description(`run ${program.command}; --detach leaves it in the background`))
    .option('--detach', 'go on in the background and come back when it is ready')
    .action((options: Options, command: Command) =>
      options['detach'] === true ? answering(program, () => detach(program, options, host)) : run(options, command),
    );
}

async function detach(program: BackgroundProgram, options: Options, host: Host): Promise<0> {
  const installed = installedService(program, host);
  if (installed !== null) {
    if (!installed.state().active) installed.start();
    say(`${program.command} runs as a service (${installed.kind}); its options are those it was installed with`);
    return 0;
  }
  const plan = program.plan(options);
  const running = detachedOf(program, plan.stateDir);
  if (running !== null) {
    tell(program, options, running, 'runs already');
    return 0;
  }
  tell(program, options, await startDetached(program, plan), 'runs in the background');
  return 0;
}

function tell(
  { command }: BackgroundProgram,
  options: Options,
  record: { readonly pid: number; readonly log: string },
  how: string,
): void {
  if (options['json'] === true) return printJson(record);
  say(`${command} ${how}, pid ${record.pid}`);
  say(`  log   ${record.log}`);
  say(`  stop  ${command} stop`);
}

function stop(program: BackgroundProgram, host: Host): Command {
  return program
    .withPlace(new Command('stop').description(`end ${program.command} in the background; running work may finish`))
    .option('--force', 'end it at once when it does not end in time')
    .action((options: Options) =>
      answering(program, async () => {
        const installed = installedService(program, host);
        if (installed?.state().active === true) {
          installed.stop();
          say(
            `${program.command} is stopped; it starts again at login (${program.command} service uninstall ends that)`,
          );
          return 0;
        }
        const stopped = await end(program, options);
        say(
          stopped === null ? `${program.command} does not run` : `${program.command} is stopped (pid ${stopped.pid})`,
        );
        return 0;
      }),
    );
}

function restart(program: BackgroundProgram, host: Host): Command {
  return program
    .withPlace(new Command('restart').description(`end ${program.command} in the background and start it as it was`))
    .option('--force', 'end it at once when it does not end in time')
    .action((options: Options) =>
      answering(program, async () => {
        const installed = installedService(program, host);
        if (installed !== null) {
          installed.restart();
          say(`${program.command} is started again (${installed.kind})`);
          return 0;
        }
        const stateDir = program.stateDirOf(options);
        const stopped = await end(program, options);
        if (stopped === null)
          throw new BackgroundError(`${program.command} does not run`, `start it: ${program.command} start --detach`);
        tell(program, options, await startDetached(program, { argv: stopped.argv, env: {}, stateDir }), 'runs again');
        return 0;
      }),
    );
}

function end(program: BackgroundProgram, options: Options): ReturnType<typeof stopDetached> {
  const force = options['force'] === true;
  const withinMs = force ? 2_000 : program.stopWithinMs;
  return stopDetached(program, program.stateDirOf(options), { force, withinMs });
}

/** Null: no service of this name is installed. */
function installedService(program: BackgroundProgram, host: Host): Supervisor | null {
  const supervisor = supervisorOf(program.name, host);
  return supervisor !== null && supervisor.state().installed ? supervisor : null;
}
