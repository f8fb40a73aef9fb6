import type { Command } from 'commander';
import { installCommand } from './license/install.ts';
import { issueCommand } from './license/issue.ts';
import { keygenCommand } from './license/keygen.ts';
import { loginCommand } from './license/login.ts';
import { revokeCommand } from './license/revoke.ts';
import { statusCommand } from './license/status.ts';
import { verifyCommand } from './license/verify.ts';
import { operatorCommand } from './operator-command.ts';

/** `shim license`: what this computer may use, and for issuers what others may. */
export function licenseCommand(): Command {
  return operatorCommand('license', 'show, get or install a license; make keys, issue and revoke licenses')
    .addCommand(statusCommand(), { isDefault: true })
    .addCommand(loginCommand())
    .addCommand(installCommand())
    .addCommand(verifyCommand())
    .addCommand(keygenCommand())
    .addCommand(issueCommand())
    .addCommand(revokeCommand());
}
