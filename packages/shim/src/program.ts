import { Command } from 'commander';
import { serveCommand } from './commands/serve.ts';
import { simulateCommand } from './commands/simulate.ts';
import { VERSION } from './version.ts';

export function program(): Command {
  return new Command('shim')
    .description('A local router for coding agents: routes per model, keeps the stream intact, meters and keeps quotas')
    .version(VERSION)
    .addCommand(serveCommand(), { isDefault: true })
    .addCommand(simulateCommand())
    .showHelpAfterError('(shim --help lists the commands)');
}
