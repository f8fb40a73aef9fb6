import { BackgroundError } from './background-error.ts';
import type { BackgroundProgram } from './background-program.ts';

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  say(JSON.stringify(value, null, 2));
}

/** Runs the action, which answers its exit code; what the operator can mend is said on stderr, with exit 1. */
export async function answering({ command }: BackgroundProgram, act: () => Promise<number> | number): Promise<void> {
  try {
    process.exitCode = await act();
  } catch (error) {
    if (!(error instanceof BackgroundError)) throw error;
    process.stderr.write(`${command}: ${error.message}\n`);
    process.exitCode = 1;
  }
}
