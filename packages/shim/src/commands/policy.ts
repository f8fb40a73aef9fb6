import type { Command } from 'commander';
import { fetchCommand } from './policy/fetch.ts';
import { signCommand } from './policy/sign.ts';
import { policyStatusCommand } from './policy/status.ts';
import { operatorCommand } from './operator-command.ts';

/** `shim policy`: routes that somebody else keeps, signed. */
export function policyCommand(): Command {
  return operatorCommand('policy', 'show, fetch or sign a routing policy')
    .addCommand(policyStatusCommand(), { isDefault: true })
    .addCommand(fetchCommand())
    .addCommand(signCommand());
}
