#!/usr/bin/env node
import { run } from './program.ts';

// `tracker … | head` closes the pipe early; that is no failure and needs no stack.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await run(process.argv);
