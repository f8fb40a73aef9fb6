#!/usr/bin/env node
import { statuslineArguments, statuslineNow } from './commands/statusline-now.ts';

const [command, ...args] = process.argv.slice(2);
const statusline = command === 'statusline' ? statuslineArguments(args) : null;
if (statusline === null) {
  // `tracker … | head` closes the pipe early; that is no failure and needs no stack.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const { run } = await import('./program.ts');
  process.exitCode = await run(process.argv);
} else {
  // The rest of the program takes longer to load than a statusline may take.
  await statuslineNow(statusline);
}
