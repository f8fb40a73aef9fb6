import { readFileSync } from 'node:fs';
import { KeyFileError } from './key-files.ts';

/** What an invite code is good for. */
export interface Invite {
  readonly code: string;
  readonly plan: string;
  readonly features: readonly string[];
  readonly ttlDays: number;
  /** Null: as often as anybody likes. */
  readonly maxRedemptions: number | null;
  /** Epoch seconds; null: never. */
  readonly expiresTs: number | null;
}

const DEFAULTS = { plan: 'trial', features: ['zai_offload'], ttl_days: 7 };

/** `{CODE: {plan?, features?, ttl_days?, max_redemptions?, expires_at?}}`. @throws {KeyFileError} */
export function parseInvites(file: string, text: string): Invite[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new KeyFileError(`${file} is not valid JSON`, 'check commas, quotes and brackets');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new KeyFileError(
      `${file} is not an object`,
      'write {"CODE": {"plan": "trial", "features": ["zai_offload"]}}',
    );
  return Object.entries(value).map(([code, entry]) => inviteOf(file, code, entry));
}

/** The invites of a file, read again at every question: a new one counts at once. None where there is no file. */
export function readInvites(file: string): Invite[] {
  try {
    return parseInvites(file, readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function inviteOf(file: string, code: string, entry: unknown): Invite {
  const wrong = (what: string, remedy: string): KeyFileError =>
    new KeyFileError(`${file}: invite ${code}: ${what}`, remedy);
  if (typeof entry !== 'object' || entry === null) throw wrong('is not an object', 'write {} for the defaults');
  const { plan, features, ttl_days, max_redemptions, expires_at } = { ...DEFAULTS, ...entry } as Record<
    string,
    unknown
  >;
  if (typeof plan !== 'string') throw wrong('plan is not a text', 'write a name such as trial');
  if (!Array.isArray(features) || !features.every((name) => typeof name === 'string'))
    throw wrong('features is not a list of names', 'write ["zai_offload"]');
  if (typeof ttl_days !== 'number' || !(ttl_days > 0))
    throw wrong('ttl_days is not above zero', 'write days, such as 7');
  const max = max_redemptions ?? null;
  if (max !== null && !(Number.isInteger(max) && (max as number) >= 0))
    throw wrong('max_redemptions is no whole number', 'write how often it may be used, or leave it out');
  const expiresTs =
    expires_at === undefined || expires_at === null ? null : Date.parse(JSON.stringify(expires_at).slice(1, -1)) / 1000;
  if (Number.isNaN(expiresTs)) throw wrong('expires_at is no time', 'write one such as 2030-01-31T12:00:00Z');
  return { code, plan, features, ttlDays: ttl_days, maxRedemptions: max as number | null, expiresTs };
}
