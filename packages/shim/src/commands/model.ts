import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { readManualModel } from '../config/config-store.ts';
import { settingsOf } from './config/settings-of.ts';
import { answering, OperatorError, operatorCommand } from './operator-command.ts';
import { printable } from './text/printable.ts';
import { printJson } from './text/terminal.ts';

interface Flags {
  readonly clear?: true;
  readonly json?: true;
}

/** `shim model`: the model every request is routed by, whatever it asks for. */
export function modelCommand(): Command {
  return operatorCommand('model', 'print, write or remove the model that every request is routed by')
    .argument('[name]', 'route every request as if it had asked for this model')
    .option('--clear', 'route requests by the model they ask for again')
    .option('--json', 'print it as JSON')
    .action((name: string | undefined, flags: Flags) => answering(() => model(name, flags)));
}

function model(name: string | undefined, { clear, json }: Flags): 0 {
  if (name !== undefined && clear) throw new OperatorError('a name and --clear', 'give one of the two', 2);
  const wanted = name === undefined ? null : checked(name);
  const { modelFile: file, manualModel: fromEnv } = settingsOf({});
  if (wanted !== null) attempt(file, () => replaceFile(file, `${wanted}\n`));
  if (clear) attempt(file, () => rmSync(file, { force: true }));
  const written = readManualModel(file);
  if (json) printJson({ model: fromEnv ?? written, source: sourceOf(fromEnv, written), file, file_model: written });
  else process.stdout.write(modelText(fromEnv, written, file));
  return 0;
}

function sourceOf(fromEnv: string | null, written: string | null): 'CCP_MODEL' | 'file' | null {
  if (fromEnv !== null) return 'CCP_MODEL';
  return written === null ? null : 'file';
}

/** Sentences, not a table: printed whole at any width. */
function modelText(fromEnv: string | null, written: string | null, file: string): string {
  const own =
    written === null
      ? `none: requests are routed by the model they ask for (no name in ${file})`
      : `${written}: every request is routed as if it asked for this model (${file})`;
  const over = `▲ CCP_MODEL=${fromEnv ?? ''} is set: a shim started with it does not look at the file`;
  return [own, ...(fromEnv === null ? [] : [over])].map((line) => `${printable(line)}\n`).join('');
}

const LONGEST_NAME = 128;

function checked(name: string): string {
  const trimmed = name.trim();
  if (trimmed === '')
    throw new OperatorError('the name is empty', 'give a model such as claude-sonnet-4-5, or --clear', 2);
  if (/\p{C}/u.test(trimmed))
    throw new OperatorError('the name holds control characters', 'give a model such as claude-sonnet-4-5', 2);
  if (trimmed.length > LONGEST_NAME)
    throw new OperatorError(`the name has ${trimmed.length} characters`, `give one of at most ${LONGEST_NAME}`, 2);
  return trimmed;
}

/** A running shim looks at the file twice a second: it must never find half a name. */
function replaceFile(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const next = `${file}.${randomUUID()}`;
  try {
    writeFileSync(next, text, { mode: 0o600, flag: 'wx' });
    renameSync(next, file);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
}

function attempt(file: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OperatorError(
      `${file} can't be written (${code ?? 'error'})`,
      'check the folder and its mode, or choose another one with XDG_CONFIG_HOME',
    );
  }
}
