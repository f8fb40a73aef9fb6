import { Command, CommanderError } from 'commander';
import { addAdvice } from './commands/advice.ts';
import { addAlias } from './commands/alias.ts';
import { addBackground } from './commands/background.ts';
import { addBackfill } from './commands/backfill.ts';
import { addChurn } from './commands/churn.ts';
import { addDashboard } from './commands/dashboard.ts';
import { addDoctor } from './commands/doctor.ts';
import { addExplain } from './commands/explain.ts';
import { addGuard } from './commands/guard.ts';
import { addIngest } from './commands/ingest.ts';
import { addOverride } from './commands/override.ts';
import { addPoll } from './commands/poll.ts';
import { addPreview } from './commands/preview.ts';
import { addPrivacy } from './commands/privacy.ts';
import { addReport } from './commands/report.ts';
import { addRollup } from './commands/rollup.ts';
import { addSession } from './commands/session.ts';
import { addStatusline } from './commands/statusline.ts';
import { addUpload } from './commands/upload.ts';
import { addVerify } from './commands/verify.ts';
import { addWindow } from './commands/window.ts';
import { EXIT } from './commands/exit-codes.ts';
import { VERSION } from './version.ts';

/** Runs one command line and answers its exit code (see exit-codes.ts). */
export async function run(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command('tracker')
    .description(
      'Measures what a unit of coding-agent capacity bought. Reads the shim on this machine and keeps journals.',
    )
    .version(VERSION)
    .exitOverride()
    // An option belongs to the word before it: upload and upload status both know --json.
    .enablePositionalOptions()
    .showHelpAfterError('(add --help to see what there is)');
  const done = (result: number): void => void (code = result);
  addPoll(program, done);
  addBackground(program, done);
  addPreview(program, done);
  addDashboard(program, done);
  addStatusline(program, done);
  addIngest(program, done);
  addOverride(program, done);
  addAlias(program, done);
  addWindow(program, done);
  addSession(program, done);
  addReport(program, done);
  addGuard(program, done);
  addAdvice(program, done);
  addBackfill(program, done);
  addChurn(program, done);
  addExplain(program, done);
  addRollup(program, done);
  addPrivacy(program, done);
  addUpload(program, done);
  addVerify(program, done);
  addDoctor(program, done);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : EXIT.usage;
  }
  return code;
}
