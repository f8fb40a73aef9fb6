import type { Command } from 'commander';
import { withFiles, type FileFlags } from './config/settings-of.ts';
import { examine } from './doctor/examine.ts';
import { findingLines, worstOf } from './doctor/finding.ts';
import { withAddress, type AddressFlags } from './link/address.ts';
import { answering, operatorCommand } from './operator-command.ts';
import { paperOf, print, printJson } from './text/terminal.ts';
import { VERSION } from '../version.ts';

export interface DoctorFlags extends AddressFlags, FileFlags {
  readonly json?: true;
  readonly offline?: true;
}

/** `shim doctor`: the whole way from the client's environment to the provider, and what to do where it is blocked. */
export function doctorCommand(): Command {
  return withFiles(withAddress(operatorCommand('doctor', 'check everything a turn depends on, and say what to do')))
    .option('--offline', 'open no connection but to the shim itself')
    .option('--json', 'print it as JSON')
    .action((flags: DoctorFlags) => answering(() => doctor(flags)));
}

async function doctor(flags: DoctorFlags): Promise<0 | 1> {
  const findings = await examine(flags);
  const worst = worstOf(findings);
  if (flags.json) printJson({ ok: worst !== 'bad', version: VERSION, node: process.version, findings });
  else print(findingLines(findings, paperOf(process.stdout, process.env).width));
  return worst === 'bad' ? 1 : 0;
}
