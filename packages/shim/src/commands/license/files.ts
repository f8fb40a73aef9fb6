import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { replaceFile } from '../../replace-file.ts';
import { OperatorError } from '../operator-command.ts';

/** Bytes of a file; `-` is the standard input. @throws {OperatorError} */
export function readInput(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OperatorError(`${file} can't be read (${code ?? 'error'})`, 'check the path and its permissions');
  }
}

/** Whole or not at all, for its owner only. @throws {OperatorError} */
export function writeOutput(file: string, text: string | Buffer): string {
  const path = resolve(file);
  try {
    replaceFile(path, typeof text === 'string' ? text : text.toString('utf8'));
    return path;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OperatorError(`${path} can't be written (${code ?? 'error'})`, 'check the folder and its permissions');
  }
}
