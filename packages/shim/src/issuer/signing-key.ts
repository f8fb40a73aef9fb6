import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** Signs licenses, policies and lists. Holds a secret: never print one. */
export interface SigningKey {
  readonly kid: string;
  /** The 32 bytes of the public key, standard base64. */
  readonly publicBase64: string;
  sign(bytes: Uint8Array): Uint8Array;
}

/** What an Ed25519 private key looks like before its 32 bytes (RFC 8410). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface NewKey {
  /** PKCS #8, PEM. */
  readonly pem: string;
  readonly publicBase64: string;
}

export function newSigningKey(): NewKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { pem, publicBase64: publicBase64Of(privateKey) };
}

/** The key in a PEM text, or in 32 bytes of base64; null: it is neither. */
export function signingKeyOf(text: string, kid: string | null): (SigningKey & { readonly kid: string }) | null {
  const key = privateKeyOf(text.trim());
  if (key?.asymmetricKeyType !== 'ed25519') return null;
  const publicBase64 = publicBase64Of(key);
  return { kid: kid ?? '', publicBase64, sign: (bytes) => sign(null, bytes, key) };
}

function privateKeyOf(text: string): KeyObject | null {
  try {
    if (text.startsWith('-----')) return createPrivateKey(text);
    const seed = Buffer.from(text, 'base64');
    if (seed.length !== 32) return null;
    return createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
  } catch {
    return null;
  }
}

function publicBase64Of(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
}
