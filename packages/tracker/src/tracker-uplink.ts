import { isPrivacyTier } from '@ccp/contracts';
import type { PrivacyTier } from '@ccp/contracts';
import type { Book } from './events/book.ts';
import type { Outcome } from './problem.ts';
import type { AskLicense } from './uplink/gate.ts';
import type { Destination } from './uplink/post.ts';
import { readKey } from './uplink/privacy-settings.ts';
import type { PrivacySettings } from './uplink/privacy-settings.ts';
import { openUplink } from './uplink/uplink.ts';
import type { Uplink } from './uplink/uplink.ts';

/** The side branch of the flow on the journals of a book. Opens nothing and sends nothing by itself. */
export function uplinkOf(book: Book, privacy: PrivacySettings, ask: AskLicense): Uplink {
  return openUplink({
    dir: book.dir,
    privacy,
    ask,
    follow: (cursor) => book.follow('windows.jsonl', cursor),
    tierOfSession: tiersOf(book),
  });
}

/** Looks the tier of a session up in the journal; reads it once, and again for a session it has not seen. */
function tiersOf(book: Book): (id: string) => PrivacyTier | undefined {
  const known = new Map<string, PrivacyTier | undefined>();
  return (id) => {
    if (id === '' || known.has(id)) return known.get(id);
    for (const found of book.rows('windows.jsonl', ['session'])) {
      const session = found.ok ? found.value.row.session : undefined;
      if (session !== undefined && isPrivacyTier(session.privacy_tier))
        known.set(session.session_id, session.privacy_tier);
    }
    if (!known.has(id)) known.set(id, undefined);
    return known.get(id);
  };
}

/** Where to send and with which key, or what of it is missing. */
export function destinationOf(privacy: PrivacySettings, env: NodeJS.ProcessEnv): Outcome<Destination> {
  const { endpoint, keyFile, retention } = privacy;
  if (endpoint === null) {
    const remedy = 'Name it: tracker privacy set TIER --endpoint URL (CCP_AGGREGATOR_URL)';
    return { ok: false, problem: { code: 'no-endpoint', message: 'no aggregator was named to send to', remedy } };
  }
  const key = readKey(keyFile, env);
  return key.ok ? { ok: true, value: { url: endpoint, key: key.value, retainDays: retention.serverDays } } : key;
}
