import type { Command } from 'commander';
import { decideCommand, pendingCommand } from './issuer/decide.ts';
import { inviteCommand } from './issuer/invite.ts';
import { serveIssuerCommand } from './issuer/serve.ts';
import { operatorCommand } from './operator-command.ts';

/** `shim issuer`: for whoever gives licenses to others. */
export function issuerCommand(): Command {
  return operatorCommand('issuer', 'give licenses to others: serve invites and devices, approve, deny')
    .addCommand(serveIssuerCommand())
    .addCommand(inviteCommand())
    .addCommand(pendingCommand())
    .addCommand(decideCommand('approve', 'let a device that waits have its license'))
    .addCommand(decideCommand('deny', 'refuse a device that waits'));
}
