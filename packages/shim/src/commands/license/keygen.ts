import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { readKeyRows, withKeys, type KeyRow } from '../../issuer/key-files.ts';
import { newSigningKey } from '../../issuer/signing-key.ts';
import { answering, OperatorError, operatorCommand } from '../operator-command.ts';
import { printJson } from '../text/terminal.ts';
import { writeOutput } from './files.ts';
import { mended } from './signer.ts';

interface Flags {
  readonly out: string;
  readonly kid?: string;
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly json?: true;
}

/** `shim license keygen`: a key to sign with, and its public half in PUBKEYS.json. */
export function keygenCommand(): Command {
  return operatorCommand('keygen', 'make a key to sign licenses with; its public half is added to PUBKEYS.json')
    .requiredOption('--out <dir>', 'folder to write <kid>.key.pem (0600) and PUBKEYS.json to')
    .option('--kid <id>', 'id of the key (default: the day and the first free letter)')
    .option('--not-before <time>', 'from when on it counts, ISO 8601')
    .option('--not-after <time>', 'until when it counts, ISO 8601')
    .option('--json', 'print what was written as JSON')
    .action((flags: Flags) => answering(() => keygen(flags)));
}

function keygen(flags: Flags): 0 {
  const folder = resolve(flags.out);
  const bundle = join(folder, 'PUBKEYS.json');
  const day = new Date().toISOString().slice(0, 10);
  const rows = mended(() => readKeyRows(bundle));
  const kid = flags.kid ?? freeId(day, rows);
  if (!/^[\w.-]{1,64}$/.test(kid))
    throw new OperatorError('--kid is no id', 'use up to 64 letters, digits, dots, dashes and underscores', 2);
  if (rows.some(({ id }) => id === kid)) throw new OperatorError(`${bundle} has a key ${kid}`, 'give another --kid', 2);
  const file = join(folder, `${kid}.key.pem`);
  if (existsSync(file)) throw new OperatorError(`${file} exists`, 'a key is never overwritten: give another --kid');
  const { pem, publicBase64 } = newSigningKey();
  const row: KeyRow = {
    id: kid,
    type: 'ed25519',
    base64: publicBase64,
    ...(flags.notBefore !== undefined && { not_before: moment('--not-before', flags.notBefore) }),
    ...(flags.notAfter !== undefined && { not_after: moment('--not-after', flags.notAfter) }),
  };
  const text = mended(() => withKeys(bundle, rows, [row], day));
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(file, pem, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OperatorError(`${file} can't be written (${code ?? 'error'})`, 'check the folder and its permissions');
  }
  writeOutput(bundle, text);
  if (flags.json) printJson({ kid, key_file: file, keys_file: bundle, public_base64: publicBase64 });
  else
    process.stdout.write(
      `key ${kid}\n  private ${file} (keep it to yourself)\n  public  ${bundle} (give it to whoever is to believe this key)\n`,
    );
  return 0;
}

function freeId(day: string, rows: readonly KeyRow[]): string {
  const letters = Array.from('abcdefghijklmnopqrstuvwxyz', (letter) => `${day}-${letter}`);
  const free = letters.find((id) => !rows.some((row) => row.id === id));
  if (free === undefined) throw new OperatorError('26 keys were made today', 'give --kid ID', 2);
  return free;
}

function moment(flag: string, text: string): string {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new OperatorError(`${flag} is no time`, 'write one such as 2030-01-31T12:00:00Z', 2);
  return new Date(ms).toISOString();
}
