import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { parseAggregateKeysConfig, type AggregateKey, type AggregateKeysConfig } from '@ccp/contracts';

export type KeyFeature = AggregateKey['features'][number];

/** A file of keys that can't be used; the message says what to do. */
export class UnusableKeys extends Error {
  override readonly name = 'UnusableKeys';
}

export interface Keyring {
  /** The key a request shows, if it is one of ours that counts now; else why not, in words. */
  find(authorization: string | undefined, nowMs: number): AggregateKey | string;
  /** Keys in the file. */
  count(): number;
  /** Why the file as it is now is not used; null: it is. The last good one is used instead. */
  problem(): string | null;
}

/** Reads the file now, and again when it changes. Throws {@link UnusableKeys} when there is no good one to begin with. */
export function openKeyring(file: string): Keyring {
  let keys = readKeys(file).keys;
  let stamp = stampOf(file);
  let problem: string | null = null;
  const refresh = (): void => {
    const now = stampOf(file);
    if (now === stamp) return;
    stamp = now;
    try {
      keys = readKeys(file).keys;
      problem = null;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
  };
  return {
    count: () => keys.length,
    problem: () => problem,
    find: (authorization, nowMs) => {
      refresh();
      const shown = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
      if (shown === undefined) return 'no key was sent: send it as "authorization: Bearer KEY"';
      const digest = createHash('sha256').update(shown).digest();
      // Every key is looked at, so that the time tells nothing.
      const key = keys.filter(({ sha256 }) => timingSafeEqual(Buffer.from(sha256, 'hex'), digest)).at(0);
      if (key === undefined) return 'this key is not known here';
      if (key.revoked === true) return 'this key was taken back';
      if (key.expires_at !== undefined && Date.parse(key.expires_at) <= nowMs)
        return `this key ended ${key.expires_at}`;
      return key;
    },
  };
}

/** Throws {@link UnusableKeys}. */
export function readKeys(file: string): AggregateKeysConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new UnusableKeys(`${file} cannot be read (${code}). Make a key: shim aggregate key add --org NAME`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UnusableKeys(`${file} is not JSON. Correct it, or name another file: --keys FILE`);
  }
  const parsed = parseAggregateKeysConfig(value);
  if (parsed.ok) return parsed.value;
  const [first] = parsed.problems;
  throw new UnusableKeys(
    `${file}: ${first?.path ?? ''} ${first?.reason ?? ''}. Correct it, or name another file: --keys FILE`,
  );
}

/** A new key and what is kept of it. */
export function makeKey(rest: Omit<AggregateKey, 'id' | 'sha256'>): {
  readonly key: string;
  readonly entry: AggregateKey;
} {
  const key = `ccpa_${randomBytes(32).toString('base64url')}`;
  const sha256 = createHash('sha256').update(key).digest('hex');
  return { key, entry: { id: `k-${sha256.slice(0, 8)}`, sha256, ...rest } };
}

function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? 'gone' : `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
}
