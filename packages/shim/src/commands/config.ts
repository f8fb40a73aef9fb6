import type { Command } from 'commander';
import { check } from './config/check.ts';
import { diff } from './config/diff.ts';
import { withFiles, type FileFlags } from './config/settings-of.ts';
import { withAddress, type AddressFlags } from './link/address.ts';
import { answering, operatorCommand } from './operator-command.ts';

export interface ConfigFlags extends AddressFlags, FileFlags {
  readonly json?: true;
}

/** `shim config check` and `shim config diff`: the configuration files, before a shim uses them. */
export function configCommand(): Command {
  const checkCommand = withFiles(operatorCommand('check', 'say what a shim would make of the configuration files'))
    .option('--json', 'print it as JSON')
    .action((flags: ConfigFlags) => answering(() => check(flags)));
  const diffCommand = withFiles(
    withAddress(operatorCommand('diff', 'say what would change if the files replaced what a running shim uses')),
  )
    .option('--json', 'print it as JSON')
    .action((flags: ConfigFlags) => answering(() => diff(flags)));
  return operatorCommand('config', 'check the configuration files, or compare them with a running shim')
    .addCommand(checkCommand)
    .addCommand(diffCommand);
}
