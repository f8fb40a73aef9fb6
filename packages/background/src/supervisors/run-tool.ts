import { BackgroundError } from '../background-error.ts';
import type { Host, Ran } from '../host.ts';

/** Runs a tool of the system that has to succeed. */
export function runTool(host: Host, file: string, args: readonly string[], remedy: string): Ran {
  const ran = host.run(file, args);
  if (ran.code === 0) return ran;
  const said = (ran.err || ran.out).trim().split('\n')[0] || `exit ${ran.code ?? 'by a signal'}`;
  throw new BackgroundError(`${[file, ...args].join(' ')} failed (${said})`, remedy);
}

/** The values of `NAME=value` lines. */
export function fieldsOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const at = line.indexOf('=');
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1).trim()] as const];
    }),
  );
}
