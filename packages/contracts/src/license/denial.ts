/** Why something signed does not count, for programs. */
export type DenialCode =
  | 'no_license'
  | 'unreadable'
  | 'not_valid'
  | 'no_key'
  | 'unknown_key'
  | 'key_not_valid_now'
  | 'key_revoked'
  | 'bad_signature'
  | 'not_yet_valid'
  | 'expired'
  | 'clock_set_back'
  | 'older_than_seen'
  | 'revoked'
  | 'wrong_device'
  | 'not_validated'
  | 'not_entitled';

/** Why something signed does not count, in words, and what a person can do. Never quotes the document. */
export interface Denial {
  readonly code: DenialCode;
  /** Follows a name: "the license has ended (2030-01-31T12:00:00Z)". */
  readonly reason: string;
  readonly remedy: string;
}

export interface Denied {
  readonly ok: false;
  readonly denial: Denial;
}

export function denied(code: DenialCode, reason: string, remedy: string): Denied {
  return { ok: false, denial: { code, reason, remedy } };
}

/** Epoch seconds as ISO 8601 without milliseconds; a number no calendar knows stays a number. */
export function atText(ts: number): string {
  const ms = ts * 1000;
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z') : String(ts);
}
