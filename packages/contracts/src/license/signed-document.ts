import { canonicalJson } from '../canonical-json.ts';
import { bytesOfBase64, SIGNATURE_BYTES } from './ed25519.ts';
import { memberSpans } from './member-spans.ts';

/** A document and its signature, before anything of it is believed. */
export interface SignedDocument {
  /** The bytes as they lie in the file. */
  readonly raw: Uint8Array;
  readonly value: unknown;
  readonly signature: Uint8Array;
}

/** Two files, or one text `{"<member>": …, "signature": "<base64>"}`. */
export type SignedFiles =
  | { readonly pack: string | Uint8Array }
  | { readonly body: string | Uint8Array; readonly signature: string | Uint8Array };

/** No license, policy or list of ours comes near it. */
export const LARGEST_DOCUMENT_BYTES = 256 * 1024;

/** The document, or why it can't be read, following its name. Verifies nothing. */
export function readSigned(files: SignedFiles, member: string): SignedDocument | string {
  const parts = 'pack' in files ? splitPack(files.pack, member) : files;
  if (typeof parts === 'string') return parts;
  const raw = bytesOf(parts.body);
  if (raw.length > LARGEST_DOCUMENT_BYTES) return `is larger than ${LARGEST_DOCUMENT_BYTES / 1024} KiB`;
  const value = jsonOf(raw);
  if (value === undefined) return 'is not valid JSON in UTF-8';
  const signature = bytesOfBase64(Buffer.from(bytesOf(parts.signature)).toString('latin1'));
  if (signature?.length !== SIGNATURE_BYTES)
    return `has a signature that is not the base64 of ${SIGNATURE_BYTES} bytes`;
  return { raw, value, signature };
}

/** The parts of a pack; null: it is none. Verifies nothing. */
export function packParts(
  pack: string | Uint8Array,
  member: string,
): { readonly body: Uint8Array; readonly signature: string } | null {
  const parts = splitPack(pack, member);
  return typeof parts === 'string' ? null : parts;
}

function splitPack(pack: string | Uint8Array, member: string): { body: Uint8Array; signature: string } | string {
  const bytes = bytesOf(pack);
  if (bytes.length > LARGEST_DOCUMENT_BYTES) return `is larger than ${LARGEST_DOCUMENT_BYTES / 1024} KiB`;
  const text = textOf(bytes);
  const value = jsonOf(bytes);
  if (text === null || value === undefined) return 'is not valid JSON in UTF-8';
  const spans = memberSpans(text);
  if (spans === null) return 'is not an object, or names a member twice';
  const span = spans.get(member);
  if (span === undefined) return `has no member "${member}"`;
  const { signature } = value as { signature?: unknown };
  if (typeof signature !== 'string') return 'has no signature';
  return { body: Buffer.from(text.slice(span.start, span.end)), signature };
}

/**
 * What may have been signed: the bytes of the file, then the canonical form of either earlier issuer. They agree for
 * ASCII text without `<>&`, which is all that our own issuer signs.
 */
export function* signedForms({ raw, value }: SignedDocument): Generator<Uint8Array> {
  yield raw;
  const seen: Uint8Array[] = [raw];
  for (const form of ['html', 'ascii'] as const) {
    let bytes: Uint8Array;
    try {
      bytes = Buffer.from(canonicalJson(value, form));
    } catch {
      return;
    }
    if (seen.some((other) => Buffer.from(other).equals(bytes))) continue;
    seen.push(bytes);
    yield bytes;
  }
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text) : text;
}

/** Without a byte order mark; null: not UTF-8. */
function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(bytes) ?? '');
  } catch {
    return undefined;
  }
}
