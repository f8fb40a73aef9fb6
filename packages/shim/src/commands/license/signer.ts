import { KeyFileError, readSigningKey } from '../../issuer/key-files.ts';
import type { SigningKey } from '../../issuer/signing-key.ts';
import { OperatorError } from '../operator-command.ts';

/** The key to sign with, or a line that says what to mend. @throws {OperatorError} */
export function signer(file: string, kid: string | undefined): SigningKey {
  return mended(() => readSigningKey(file, kid ?? null));
}

/** What key files throw, as the operator is told it. */
export function mended<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof KeyFileError) throw new OperatorError(error.what, error.remedy);
    throw error;
  }
}
