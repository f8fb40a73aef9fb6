import { readFileSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import type { Outcome, Problem } from '../problem.ts';
import { systemErrorCode } from '../problem.ts';

export interface InputOptions {
  readonly stdin?: true;
  readonly file?: string;
}

/** A paste of a terminal is a few kilobytes; a log of a proxy may be large. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Adds the options that say where the text comes from. */
export function withInput(command: Command): Command {
  return command
    .option('--stdin', 'read the text from standard input: paste it, then Ctrl-D')
    .option('--file <file>', 'read the text from a file');
}

/** The text, from the one place that was named. */
export function inputText({ stdin, file }: InputOptions): Outcome<string> {
  if (stdin === undefined && file === undefined) return failed('provide --stdin or --file', 'Give one of them');
  if (stdin !== undefined && file !== undefined) return failed('choose one input source', 'Give --stdin or --file');
  const from = file ?? 'standard input';
  let bytes: Buffer;
  try {
    bytes = readFileSync(file ?? 0);
    // Node's realpath looks at the newest stat of the process: that of a pipe makes it stop half-way through the path of
    // a linked package that is loaded later. https://github.com/nodejs/node/blob/v20.x/lib/fs.js (realpathSync)
    statSync(process.execPath);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return failed(`${from} cannot be read (${code})`, 'Check the path and its mode', file);
  }
  if (bytes.length > MOST_BYTES) return failed(`${from} is larger than 64 MiB`, 'Give the part that is meant', file);
  const text = bytes.toString('utf8');
  if (text.trim() === '') return failed('no content received', `Check what ${from} holds`, file);
  return { ok: true, value: text };
}

function failed(message: string, remedy: string, file?: string): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem: { code: 'unusable-input', message, remedy, ...(file !== undefined && { file }) } };
}
