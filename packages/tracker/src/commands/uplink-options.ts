import { homedir } from 'node:os';
import type { Book } from '../events/book.ts';
import { askLicenseInForce } from '../license/license-in-force.ts';
import type { Outcome } from '../problem.ts';
import { destinationOf, uplinkOf } from '../tracker-uplink.ts';
import type { Destination } from '../uplink/post.ts';
import { privacyFile, readPrivacy } from '../uplink/privacy-settings.ts';
import type { PrivacySettings } from '../uplink/privacy-settings.ts';
import type { Uplink } from '../uplink/uplink.ts';
import { bookOf } from './book-options.ts';
import type { BookOptions } from './book-options.ts';

export interface OpenedUplink {
  readonly book: Book;
  readonly privacy: PrivacySettings;
  readonly uplink: Uplink;
  readonly destination: () => Outcome<Destination>;
}

/** What the settings, the environment and the license of this machine come to. */
export function uplinkFor(options: BookOptions): Outcome<OpenedUplink> {
  const home = homedir();
  const privacy = readPrivacy(privacyFile(process.env, home), process.env);
  if (!privacy.ok) return privacy;
  const book = bookOf(options);
  const uplink = uplinkOf(book, privacy.value, askLicenseInForce(process.env, home));
  return {
    ok: true,
    value: { book, privacy: privacy.value, uplink, destination: () => destinationOf(privacy.value, process.env) },
  };
}
