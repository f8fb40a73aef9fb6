import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BackgroundProgram } from '../background-program.ts';

/** A program that says `ready` and goes on, or does what `--how` says, to be started in the background. */
export function sleeper(folder: string): BackgroundProgram {
  const main = join(folder, 'sleeper.mjs');
  writeFileSync(
    main,
    `const how = process.argv[2];
if (how === 'fails') { console.error('no port is free'); process.exit(7); }
if (how === 'deaf') process.on('SIGTERM', () => console.log('not now'));
console.log('ready ' + process.argv.slice(2).join(' '));
setInterval(() => {}, 1000);
`,
  );
  return {
    name: 'ccp-sleeper',
    command: 'sleeper',
    title: 'Sleeps',
    withOptions: (command) => command.option('--how <how>', 'how it behaves', 'well').option('--json', 'as JSON'),
    withPlace: (command) => command,
    stateDirOf: () => folder,
    plan: (options) => ({
      argv: [process.execPath, main, (options as { how: string }).how],
      env: { CCP_ODD: 'a "b" %n $HOME' },
      stateDir: folder,
    }),
    ready: /^ready/m,
    stopWithinMs: 2_000,
  };
}
