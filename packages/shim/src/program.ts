import { Command } from 'commander';
import { VERSION } from './version.ts';

/**
 * Every word a command line may begin with, in the order of the help. A command loads only what it needs itself: all of
 * them together are hundreds of modules, which takes longer than most commands do.
 */
const COMMANDS: readonly (readonly [words: readonly string[], load: () => Promise<readonly Command[]>])[] = [
  [['serve'], async () => [(await import('./commands/serve.ts')).serveCommand()]],
  [['aggregate'], async () => [(await import('./commands/aggregate.ts')).aggregateCommand()]],
  [['simulate'], async () => [(await import('./commands/simulate.ts')).simulateCommand()]],
  [['status'], async () => [(await import('./commands/status.ts')).statusCommand()]],
  [['quotas'], async () => [(await import('./commands/quotas.ts')).quotasCommand()]],
  [['providers'], async () => [(await import('./commands/providers.ts')).providersCommand()]],
  [['model'], async () => [(await import('./commands/model.ts')).modelCommand()]],
  [['config'], async () => [(await import('./commands/config.ts')).configCommand()]],
  [['db'], async () => [(await import('./commands/db.ts')).dbCommand()]],
  [['rollups'], async () => [(await import('./commands/rollups.ts')).rollupsCommand()]],
  [['explain'], async () => [(await import('./commands/explain.ts')).explainCommand()]],
  [['license'], async () => [(await import('./commands/license.ts')).licenseCommand()]],
  [['issuer'], async () => [(await import('./commands/issuer.ts')).issuerCommand()]],
  [['policy'], async () => [(await import('./commands/policy.ts')).policyCommand()]],
  [['probe'], async () => [(await import('./commands/probe.ts')).probeCommand()]],
  [['env'], async () => [(await import('./commands/env.ts')).envCommand()]],
  [['doctor'], async () => [(await import('./commands/doctor.ts')).doctorCommand()]],
  [
    ['start', 'stop', 'restart', 'service'],
    async () => (await import('./commands/background.ts')).shimBackgroundCommands(),
  ],
];

const IS_VERSION = /^(-V|--version)$/;

/**
 * `shim`, with the command that `word` names; with every command where there is no such one, so that help and errors name
 * them.
 */
export async function program(word = 'serve'): Promise<Command> {
  const shim = new Command('shim')
    .description('A local router for coding agents: routes per model, keeps the stream intact, meters and keeps quotas')
    .version(VERSION)
    // An option belongs to the word before it: aggregate and aggregate key both know --json.
    .enablePositionalOptions()
    .showHelpAfterError('(shim --help lists the commands)');
  const own = COMMANDS.filter(([words]) => words.includes(word));
  const meant = own.length > 0 || IS_VERSION.test(word) ? own : COMMANDS;
  const loaded = await Promise.all(meant.map(([, load]) => load()));
  for (const command of loaded.flat()) shim.addCommand(command, { isDefault: command.name() === 'serve' });
  return shim;
}
