import { Command } from 'commander';
import { ConfigError } from '../config/config-store.ts';
import { SettingsError } from '../config/settings.ts';
import { printable } from './text/printable.ts';

/** Something the operator can mend: printed as one line, what was tried and then the remedy. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly what: string;
  readonly remedy: string;
  readonly exitCode: 1 | 2;
  /** 1: it could not be done. 2: it was asked for in a way that can't be understood. */
  constructor(what: string, remedy: string, exitCode: 1 | 2 = 1) {
    super(`${what}: ${remedy}`);
    this.what = what;
    this.remedy = remedy;
    this.exitCode = exitCode;
  }
}

/** A command that leaves with 2 when its command line is wrong. */
export function operatorCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
}

/** Runs the action, which answers its exit code; what the operator can mend becomes one line on stderr. */
export async function answering(act: () => Promise<0 | 1> | (0 | 1)): Promise<void> {
  // `shim status | head` closes the pipe early; that is no failure and needs no stack.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  try {
    process.exitCode = await act();
  } catch (error) {
    const known = error instanceof OperatorError || error instanceof SettingsError || error instanceof ConfigError;
    if (!known) throw error;
    process.stderr.write(`shim: ${printable(error.message.replaceAll('\n', ' '))}\n`);
    process.exitCode = error instanceof OperatorError ? error.exitCode : 1;
  }
}
