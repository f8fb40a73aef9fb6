import { problemLine } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { renderLine } from '../views/text/line.ts';
import type { Line } from '../views/text/line.ts';
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

/** Lines drawn for the terminal, or for 100 columns where there is none. Plain: what they say is in the words. */
export function draw(lines: (width: number) => readonly Line[]): void {
  const width = process.stdout.columns ?? 100;
  for (const line of lines(width)) say(renderLine(line, width, false));
}

/** The reason why it could not be done, on stderr; answers the exit code. */
export function refuse(problem: Problem): typeof EXIT.failure {
  process.stderr.write(`error: ${problemLine(problem)}\n`);
  return EXIT.failure;
}

/** What is worth knowing although it was done, on stderr. `all` is the command that names the rest. */
export function note(problems: readonly Problem[], all = 'tracker verify'): void {
  for (const problem of problems.slice(0, MOST_NOTES)) process.stderr.write(`note: ${problemLine(problem)}\n`);
  const more = problems.length - MOST_NOTES;
  if (more > 0) process.stderr.write(`note: and ${more} more like these; ${all} names all of them\n`);
}
