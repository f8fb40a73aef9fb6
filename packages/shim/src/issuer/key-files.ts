import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseKeyBundle, type LicenseKeys } from '@ccp/contracts';
import { signingKeyOf, type SigningKey } from './signing-key.ts';

/** Something about a file that its owner can mend. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
  readonly what: string;
  readonly remedy: string;
  constructor(what: string, remedy: string) {
    super(`${what}: ${remedy}`);
    this.what = what;
    this.remedy = remedy;
  }
}

export type KeyRow = LicenseKeys['keys'][number];

/**
 * The key in a file, with its id: the one given, else that of the same key in PUBKEYS.json beside it.
 * @throws {KeyFileError}
 */
export function readSigningKey(file: string, kid: string | null): SigningKey {
  const key = signingKeyOf(readText(file), kid);
  if (key === null)
    throw new KeyFileError(`${file} holds no Ed25519 private key`, 'give one that shim license keygen has written');
  if (kid !== null) return key;
  const bundle = join(dirname(file), 'PUBKEYS.json');
  const { keys } = parseKeyBundle(readText(bundle));
  const known = keys.find(({ bytes }) => Buffer.from(bytes).toString('base64') === key.publicBase64);
  if (known === undefined) throw new KeyFileError(`${bundle} does not name the key in ${file}`, 'give --kid ID');
  return { ...key, kid: known.id };
}

/** The rows of a bundle, as they are; none where there is no file. @throws {KeyFileError} */
export function readKeyRows(file: string): KeyRow[] {
  const text = readTextIfAny(file);
  if (text === null) return [];
  try {
    const { keys } = JSON.parse(text) as LicenseKeys;
    if (Array.isArray(keys)) return keys;
  } catch {
    // Said below.
  }
  throw new KeyFileError(`${file} is not a list of keys`, 'mend it, or move it away');
}

/** The bundle with more keys; a key with the same id and other bytes is refused. @throws {KeyFileError} */
export function withKeys(file: string, rows: readonly KeyRow[], more: readonly KeyRow[], day: string): string {
  const all = [...rows];
  for (const row of more) {
    const same = all.find(({ id }) => id === row.id);
    if (same === undefined) all.push(row);
    else if (same.base64 !== row.base64)
      throw new KeyFileError(
        `${file} has another key called ${row.id}`,
        'remove that one first, if it is the wrong one',
      );
  }
  return `${JSON.stringify({ version: day, keys: all }, null, 2)}\n`;
}

function readText(file: string): string {
  const text = readTextIfAny(file);
  if (text === null) throw new KeyFileError(`${file} does not exist`, 'check the path');
  return text;
}

function readTextIfAny(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new KeyFileError(`${file} can't be read (${code ?? 'error'})`, 'check the path and its permissions');
  }
}
