import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command, Option } from 'commander';
import { BackgroundError } from './background-error.ts';
import { logFileOf, specOf } from './background-program.ts';
import type { BackgroundProgram } from './background-program.ts';
import { detachedOf } from './detached.ts';
import type { Host } from './host.ts';
import { followLog, lastLines } from './log-tail.ts';
import { kindOf, SUPERVISORS, supervisorOf, usableSupervisor } from './supervisors/choose.ts';
import type { ServiceState, SupervisorKind } from './supervisors/supervisor.ts';
import { answering, printJson, say } from './told.ts';
import { placeUnitFile, removeUnitFile } from './units/unit-file.ts';

type Options = Readonly<Record<string, unknown>>;

/** `service install|uninstall|status|logs|print`. */
export function serviceCommand(program: BackgroundProgram, host: Host): Command {
  const { command } = program;
  const service = new Command('service').description(
    `keep ${command} running: at login, and again after a failure (systemd, launchd, Task Scheduler)`,
  );
  program
    .withOptions(service.command('install').description('write the unit, start it, and start it at every login'))
    .option('--no-start', 'only write the unit')
    .action((options: Options) => answering(program, () => install(program, options, host)));
  service
    .command('uninstall')
    .description('stop it, take the unit away and put back what it had replaced')
    .action(() => answering(program, () => uninstall(program, host)));
  program
    .withPlace(service.command('status').description('say whether it runs, since when, and where its log is'))
    .option('--json', 'print it as JSON')
    .action((options: Options) => answering(program, () => status(program, options, host)));
  program
    .withPlace(service.command('logs').description('print the end of its log'))
    .option('-n, --lines <n>', 'so many lines', '50')
    .option('-f, --follow', 'go on until stopped')
    .action((options: Options) => answering(program, () => logs(program, options)));
  program
    .withOptions(service.command('print').description('print the unit that install would write'))
    .addOption(new Option('--for <supervisor>', 'another system than this one').choices(Object.keys(SUPERVISORS)))
    .action((options: Options) => answering(program, () => print(program, options, host)));
  return service;
}

function install(program: BackgroundProgram, options: Options, host: Host): 0 {
  const plan = program.plan(options);
  refusePassing(plan.argv);
  const isStarted = options['start'] !== false;
  const supervisor = isStarted
    ? usableSupervisor(program.name, program.command, host)
    : (supervisorOf(program.name, host) ?? usableSupervisor(program.name, program.command, host));
  const detached = detachedOf(program, plan.stateDir);
  if (detached !== null)
    throw new BackgroundError(`${program.command} runs already, pid ${detached.pid}`, `${program.command} stop first`);
  const spec = specOf(program, plan);
  mkdirSync(dirname(spec.logFile), { recursive: true });
  placeUnitFile(supervisor.file, supervisor.text(spec), supervisor.isOurs);
  say(`wrote ${supervisor.file}`);
  if (!isStarted) return 0;
  const notes = supervisor.enable();
  say(`${program.command} is started, and starts at every login`);
  say(`  log     ${spec.logFile}`);
  say(`  look    ${program.command} service status`);
  say(`  remove  ${program.command} service uninstall`);
  for (const note of notes) say(`  note    ${note}`);
  return 0;
}

/** npx keeps its packages in a cache that is cleaned: a unit must not point there. */
function refusePassing(argv: readonly string[]): void {
  const passing = argv.find((word) => /[\\/]_npx[\\/]|[\\/]dlx-/.test(word));
  if (passing !== undefined)
    throw new BackgroundError(`${passing} is in a cache that is cleaned`, 'install the package first: npm install -g');
}

function uninstall(program: BackgroundProgram, host: Host): 0 {
  const supervisor = supervisorOf(program.name, host);
  if (supervisor === null || !supervisor.state().installed) {
    say(`no service of ${program.command} is installed`);
    return 0;
  }
  // Without the manager there is nothing that runs it; the file goes all the same.
  const isUsable = supervisor.unusable() === null;
  if (isUsable) supervisor.disable();
  removeUnitFile(supervisor.file, supervisor.isOurs, supervisor.kind === 'windows' ? 'utf16le' : 'utf8');
  if (isUsable) supervisor.forget();
  say(`removed ${supervisor.file}${existsSync(supervisor.file) ? '; the file it had replaced is back' : ''}`);
  return 0;
}

function status(program: BackgroundProgram, options: Options, host: Host): number {
  const stateDir = program.stateDirOf(options);
  const service = supervisorOf(program.name, host)?.state() ?? null;
  const detached = detachedOf(program, stateDir);
  const log = logFileOf(program, stateDir);
  const isRunning = service?.active === true || detached !== null;
  if (options['json'] === true) printJson({ running: isRunning, service, detached, log });
  else for (const line of statusLines(program, service, detached, log)) say(line);
  // As systemctl is-active: 3 is "does not run".
  return isRunning ? 0 : 3;
}

function statusLines(
  { command }: BackgroundProgram,
  service: ServiceState | null,
  detached: ReturnType<typeof detachedOf>,
  log: string,
): readonly string[] {
  const lines: string[] = [];
  if (service?.installed === true) {
    lines.push(`${command} ${service.active ? 'runs' : 'does not run'} as a service: ${service.detail}`);
    if (service.pid !== null) lines.push(`  pid       ${service.pid}`);
    if (service.restarts !== null) lines.push(`  restarts  ${service.restarts}`);
    lines.push(`  unit      ${service.file}`);
    if (service.survives_logout === false) lines.push('  note      it ends at logout');
  } else if (detached !== null) {
    lines.push(`${command} runs in the background, pid ${detached.pid}, since ${detached.started_at}`);
  } else {
    lines.push(`${command} does not run in the background. ${command} service install, or ${command} start --detach`);
  }
  return [...lines, `  log       ${log}`];
}

async function logs(program: BackgroundProgram, options: Options): Promise<0> {
  const lines = Number(options['lines']);
  if (!Number.isInteger(lines) || lines < 0)
    throw new BackgroundError(`--lines ${String(options['lines'])} is no number of lines`, 'give a whole number');
  const file = logFileOf(program, program.stateDirOf(options));
  if (!existsSync(file)) throw new BackgroundError(`there is no log yet (${file})`, 'start it in the background first');
  process.stdout.write(lastLines(file, lines));
  if (options['follow'] === true) await followLog(file);
  return 0;
}

function print(program: BackgroundProgram, options: Options, host: Host): 0 {
  const kind = (options['for'] as SupervisorKind | undefined) ?? kindOf(host);
  if (kind === null)
    throw new BackgroundError(`no service manager of ${host.platform} is known`, `name one with --for`);
  const supervisor = SUPERVISORS[kind](program.name, host);
  process.stdout.write(supervisor.text(specOf(program, program.plan(options))).text);
  return 0;
}
