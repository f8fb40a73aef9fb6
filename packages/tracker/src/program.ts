import { Command, CommanderError } from 'commander';
import { EXIT } from './commands/exit-codes.ts';
import { VERSION } from './version.ts';

type Add = (program: Command, done: (code: number) => void) => void;

/**
 * Every word a command line may begin with, in the order of the help. A command loads only what it needs itself: all of
 * them together are hundreds of modules, which takes longer than most commands do.
 */
const COMMANDS: readonly (readonly [words: readonly string[], load: () => Promise<Add>])[] = [
  [['poll'], async () => (await import('./commands/poll.ts')).addPoll],
  [['start', 'stop', 'restart', 'service'], async () => (await import('./commands/background.ts')).addBackground],
  [['preview'], async () => (await import('./commands/preview.ts')).addPreview],
  [['dashboard'], async () => (await import('./commands/dashboard.ts')).addDashboard],
  [['statusline'], async () => (await import('./commands/statusline.ts')).addStatusline],
  [['ingest'], async () => (await import('./commands/ingest.ts')).addIngest],
  [['override'], async () => (await import('./commands/override.ts')).addOverride],
  [['alias'], async () => (await import('./commands/alias.ts')).addAlias],
  [
    ['window', 'complete', 'window-finalize', 'window-audit'],
    async () => (await import('./commands/window.ts')).addWindow,
  ],
  [['session'], async () => (await import('./commands/session.ts')).addSession],
  [['report'], async () => (await import('./commands/report.ts')).addReport],
  [['guard'], async () => (await import('./commands/guard.ts')).addGuard],
  [['advice'], async () => (await import('./commands/advice.ts')).addAdvice],
  [['backfill'], async () => (await import('./commands/backfill.ts')).addBackfill],
  [['churn'], async () => (await import('./commands/churn.ts')).addChurn],
  [['explain'], async () => (await import('./commands/explain.ts')).addExplain],
  [['rollup'], async () => (await import('./commands/rollup.ts')).addRollup],
  [['privacy'], async () => (await import('./commands/privacy.ts')).addPrivacy],
  [['upload'], async () => (await import('./commands/upload.ts')).addUpload],
  [['verify'], async () => (await import('./commands/verify.ts')).addVerify],
  [['doctor'], async () => (await import('./commands/doctor.ts')).addDoctor],
];

const IS_VERSION = /^(-V|--version)$/;

/** The commands a line that begins with `word` can mean: one, or all of them where help or an error is to name them. */
async function commandsFor(word = ''): Promise<readonly Add[]> {
  const own = COMMANDS.filter(([words]) => words.includes(word));
  const meant = own.length > 0 || IS_VERSION.test(word) ? own : COMMANDS;
  return Promise.all(meant.map(([, load]) => load()));
}

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
  for (const add of await commandsFor(argv[2])) add(program, done);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : EXIT.usage;
  }
  return code;
}
