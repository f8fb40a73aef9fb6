import { Command } from 'commander';
import { aggregateCommand } from './commands/aggregate.ts';
import { shimBackgroundCommands } from './commands/background.ts';
import { configCommand } from './commands/config.ts';
import { dbCommand } from './commands/db.ts';
import { doctorCommand } from './commands/doctor.ts';
import { envCommand } from './commands/env.ts';
import { explainCommand } from './commands/explain.ts';
import { issuerCommand } from './commands/issuer.ts';
import { licenseCommand } from './commands/license.ts';
import { modelCommand } from './commands/model.ts';
import { policyCommand } from './commands/policy.ts';
import { probeCommand } from './commands/probe.ts';
import { providersCommand } from './commands/providers.ts';
import { quotasCommand } from './commands/quotas.ts';
import { rollupsCommand } from './commands/rollups.ts';
import { serveCommand } from './commands/serve.ts';
import { simulateCommand } from './commands/simulate.ts';
import { statusCommand } from './commands/status.ts';
import { VERSION } from './version.ts';

export function program(): Command {
  const shim = new Command('shim')
    .description('A local router for coding agents: routes per model, keeps the stream intact, meters and keeps quotas')
    .version(VERSION)
    // An option belongs to the word before it: aggregate and aggregate key both know --json.
    .enablePositionalOptions()
    .addCommand(serveCommand(), { isDefault: true })
    .addCommand(aggregateCommand())
    .addCommand(simulateCommand())
    .addCommand(statusCommand())
    .addCommand(quotasCommand())
    .addCommand(providersCommand())
    .addCommand(modelCommand())
    .addCommand(configCommand())
    .addCommand(dbCommand())
    .addCommand(rollupsCommand())
    .addCommand(explainCommand())
    .addCommand(licenseCommand())
    .addCommand(issuerCommand())
    .addCommand(policyCommand())
    .addCommand(probeCommand())
    .addCommand(envCommand())
    .addCommand(doctorCommand())
    .showHelpAfterError('(shim --help lists the commands)');
  for (const command of shimBackgroundCommands()) shim.addCommand(command);
  return shim;
}
