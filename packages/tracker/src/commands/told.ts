import { problemLine } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { EXIT } from './exit-codes.ts';

/** Problems of one look at many rows are told up to this number, and then counted. */
const MOST_NOTES = 20;

/** One line on stdout. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function sayJson(value: unknown): void {
  say(JSON.stringify(value, null, 2));
}

/** The reason why it could not be done, on stderr; answers the exit code. */
export function refuse(problem: Problem): typeof EXIT.failure {
  process.stderr.write(`error: ${problemLine(problem)}\n`);
  return EXIT.failure;
}

/** What is worth knowing although it was done, on stderr. */
export function note(problems: readonly Problem[]): void {
  for (const problem of problems.slice(0, MOST_NOTES)) process.stderr.write(`note: ${problemLine(problem)}\n`);
  const more = problems.length - MOST_NOTES;
  if (more > 0) process.stderr.write(`note: and ${more} more like these; tracker verify names all of them\n`);
}
