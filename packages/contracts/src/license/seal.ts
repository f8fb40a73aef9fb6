import { canonicalJson } from '../canonical-json.ts';

/** A signed document, as one file and as two. */
export interface SealedDocument {
  readonly ok: true;
  /** The text that was signed. */
  readonly body: string;
  /** Standard base64. */
  readonly signature: string;
  /** `{"<member>":<body>,"signature":"…"}` */
  readonly pack: string;
}

/**
 * Signs the one text that every reader verifies, whichever form it looks at. A document for which the forms differ
 * (characters beyond ASCII, or `<`, `>`, `&`) is refused: some reader would take its signature for a wrong one.
 *
 * @throws {TypeError} when the value is not JSON
 */
export function sealDocument(
  member: string,
  value: object,
  sign: (bytes: Uint8Array) => Uint8Array,
): SealedDocument | { readonly ok: false; readonly reason: string } {
  const body = canonicalJson(value, 'html');
  if (canonicalJson(value, 'ascii') !== body)
    return { ok: false, reason: 'holds characters beyond ASCII, or one of < > &' };
  const signature = Buffer.from(sign(Buffer.from(body))).toString('base64');
  return { ok: true, body, signature, pack: `{${JSON.stringify(member)}:${body},"signature":"${signature}"}` };
}
