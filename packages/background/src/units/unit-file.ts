import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { BackgroundError } from '../background-error.ts';

/** How a file of ours is known again. */
export interface UnitText {
  readonly text: string;
  readonly encoding: 'utf8' | 'utf16le';
}

/** Stands beside a file of ours that took the place of somebody else's. */
const BEFORE = '.before-ccp';

/**
 * Puts the file in place, whole or not at all. A file that was there and is not `isOurs` is kept beside it, and comes
 * back with {@link removeUnitFile}.
 */
export function placeUnitFile(file: string, { text, encoding }: UnitText, isOurs: (text: string) => boolean): void {
  const part = `${file}.${process.pid}.part`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    if (existsSync(file) && !isOurs(readFileSync(file, encoding))) renameSync(file, file + BEFORE);
    // Task Scheduler reads UTF-16 only with its mark.
    writeFileSync(part, encoding === 'utf16le' ? `\uFEFF${text}` : text, { encoding, mode: 0o600 });
    renameSync(part, file);
  } catch (error) {
    if (existsSync(part)) rmSync(part);
    const { code = 'error' } = error as NodeJS.ErrnoException;
    throw new BackgroundError(`${file} can't be written (${code})`, 'check the folder, its owner and its mode');
  }
}

/** Takes the file away and puts back what it had replaced; false: there was none of ours. */
export function removeUnitFile(file: string, isOurs: (text: string) => boolean, encoding: BufferEncoding): boolean {
  if (!existsSync(file) || !isOurs(readFileSync(file, encoding))) return false;
  rmSync(file);
  if (existsSync(file + BEFORE)) renameSync(file + BEFORE, file);
  return true;
}
