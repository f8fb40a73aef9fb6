import { readFileSync } from 'node:fs';

/** The file with the key of the shim cannot be read, or holds none. */
export class KeyUnreadable extends Error {
  readonly file: string;

  constructor(file: string, reason: string) {
    super(`the key of the shim in ${file} cannot be used (${reason})`);
    this.file = file;
  }
}

/**
 * The header a shim with a key of its own asks for; nothing where none is configured. Read anew for each request: a key that
 * was changed counts at once, and none is kept in memory. Sent to loopback only, as everything is that goes to a shim.
 *
 * @throws KeyUnreadable
 */
export function keyHeader(env: NodeJS.ProcessEnv = process.env): { readonly 'x-ccp-key'?: string } {
  const file = env['CCP_API_KEY_FILE'];
  if (file === undefined || file === '') return {};
  let key: string;
  try {
    key = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new KeyUnreadable(file, error instanceof Error && 'code' in error ? String(error.code) : String(error));
  }
  if (!/^[!-~]+$/.test(key)) throw new KeyUnreadable(file, key === '' ? 'it is empty' : 'it is not one line of ASCII');
  return { 'x-ccp-key': key };
}
