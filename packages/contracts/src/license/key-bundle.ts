import { parse } from '../parse.ts';
import { bytesOfBase64, whyKeyUnusable } from './ed25519.ts';

/** A public key that signatures are believed of. */
export interface TrustedKey {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** Epoch seconds; null: always. */
  readonly notBeforeTs: number | null;
  readonly notAfterTs: number | null;
}

/** The usable keys of a bundle, and why the others are not. */
export interface KeyBundle {
  readonly keys: readonly TrustedKey[];
  /** One sentence per key that can't be used, or one for the whole file. */
  readonly problems: readonly string[];
}

/**
 * Reads `PUBKEYS.json`: `{version, keys: [{id, type: "ed25519", base64, not_before?, not_after?}]}`.
 * A key that can't be used is a problem and leaves the others in force. Never throws.
 */
export function parseKeyBundle(text: string): KeyBundle {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return { keys: [], problems: ['not valid JSON: no key of it can be used'] };
  }
  const rows: unknown = (value as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(rows)) return { keys: [], problems: ['has no list "keys": no key of it can be used'] };
  const keys: TrustedKey[] = [];
  const problems: string[] = [];
  for (const [index, row] of rows.entries()) {
    const key = keyOf(row);
    if (typeof key === 'string') problems.push(`key ${index + 1} ${key}`);
    else if (keys.some(({ id, bytes }) => id === key.id && !Buffer.from(bytes).equals(key.bytes)))
      problems.push(`key ${index + 1} has an id that an earlier key has already`);
    else keys.push(key);
  }
  return { keys, problems };
}

/** The key, or why it can't be used. */
function keyOf(row: unknown): TrustedKey | string {
  const parsed = parse('license-keys', { keys: [row] });
  const [key] = parsed.ok ? parsed.value.keys : [];
  if (!parsed.ok || key === undefined) {
    const [problem] = parsed.ok ? [] : parsed.problems;
    return `can't be used: ${problem?.path.replace('/keys/0', '') ?? ''} ${problem?.reason ?? 'is empty'}`;
  }
  if (key.type !== 'ed25519') return 'is not of type ed25519';
  const bytes = bytesOfBase64(key.base64);
  if (bytes === null) return 'is not standard base64';
  const unusable = whyKeyUnusable(bytes);
  if (unusable !== null) return unusable;
  const [notBeforeTs, notAfterTs] = [momentOf(key.not_before), momentOf(key.not_after)];
  if (notBeforeTs === undefined) return 'has a not_before that is no time';
  if (notAfterTs === undefined) return 'has a not_after that is no time';
  return { id: key.id, bytes, notBeforeTs, notAfterTs };
}

/** Epoch seconds; null: none given; undefined: not a time. */
function momentOf(value: number | string | null | undefined): number | null | undefined {
  if (value === undefined || value === null) return null;
  const ts = typeof value === 'number' ? value : Date.parse(value) / 1000;
  return Number.isFinite(ts) ? ts : undefined;
}
