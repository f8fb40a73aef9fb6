import { Command, CommanderError } from 'commander';
import { addPoll } from './commands/poll.ts';
import { addPreview } from './commands/preview.ts';
import { VERSION } from './version.ts';

const USAGE_ERROR = 2;

/** Runs one command line. Exit codes: 0 fine, 1 it could not be done, 2 the command line is wrong. */
export async function run(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command('tracker')
    .description(
      'Measures what a unit of coding-agent capacity bought. Reads the shim on this machine and keeps journals.',
    )
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError('(add --help to see what there is)');
  const done = (result: number): void => void (code = result);
  addPoll(program, done);
  addPreview(program, done);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : USAGE_ERROR;
  }
  return code;
}
