import { runShim } from './child.ts';

export interface Run {
  readonly code: number | string;
  readonly out: string;
  readonly err: string;
}

/** The real command, until it ends. */
export async function runToEnd(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  await using child = runShim(args, env);
  const code = await child.exit();
  return { code, out: child.stdout(), err: child.stderr() };
}
