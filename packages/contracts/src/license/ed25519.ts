import { createHash, createPublicKey, verify as opensslVerify } from 'node:crypto';
import * as ed from '@noble/ed25519';

// The library leaves the hash to its user, so that nothing is loaded twice.
ed.hashes.sha512 = (message) => new Uint8Array(createHash('sha512').update(message).digest());

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** What an Ed25519 public key looks like before its 32 bytes (RFC 8410). */
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * Strict Ed25519 (RFC 8032, section 5.1.7, and stricter): one signature per key and message. Refused besides wrong
 * signatures: S at or above the group order, encodings of R or of the key that are not the shortest, keys and R of
 * small order, keys with a part of small order. Two implementations with different equations must agree.
 */
export function verifyEd25519(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES || publicKey.length !== PUBLIC_KEY_BYTES) return false;
  // OpenSSL first: a wrong signature costs a tenth there. It recomputes R, so it takes no part of small order away.
  if (!verifiedByOpenssl(signature, message, publicKey)) return false;
  if (whyKeyUnusable(publicKey) !== null || pointOf(signature.subarray(0, 32))?.isSmallOrder() !== false) return false;
  return ed.verify(signature, message, publicKey, { zip215: false });
}

/** Why these bytes are no key to trust, following "the key"; null: they are one. */
export function whyKeyUnusable(publicKey: Uint8Array): string | null {
  if (publicKey.length !== PUBLIC_KEY_BYTES) return `has ${publicKey.length} bytes, not ${PUBLIC_KEY_BYTES}`;
  const point = pointOf(publicKey);
  if (point === null) return 'is no point of the curve in its shortest form';
  if (point.isSmallOrder()) return 'is of small order: anybody could sign for it';
  return point.isTorsionFree() ? null : 'has a part of small order';
}

function pointOf(bytes: Uint8Array): ed.Point | null {
  try {
    return ed.Point.fromBytes(bytes, false);
  } catch {
    return null;
  }
}

function verifiedByOpenssl(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    const key = createPublicKey({ key: Buffer.concat([SPKI_HEAD, publicKey]), format: 'der', type: 'spki' });
    return opensslVerify(null, message, key, signature);
  } catch {
    return false;
  }
}

/** The bytes of standard base64 with padding, in its only form; null for any other text. White space around it is fine. */
export function bytesOfBase64(text: string): Uint8Array | null {
  const trimmed = text.trim();
  const bytes = Buffer.from(trimmed, 'base64');
  return bytes.toString('base64') === trimmed ? new Uint8Array(bytes) : null;
}
