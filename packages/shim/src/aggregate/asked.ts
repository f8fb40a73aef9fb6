import type { IncomingMessage } from 'node:http';
import type { AggregateKey } from '@ccp/contracts';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { KeyFeature, Keyring } from './keys.ts';

export type AggregateEnv = { Bindings: { incoming: IncomingMessage } };

/** A refusal that is an answer. */
export class Refusal extends Error {
  readonly status: ContentfulStatusCode;
  readonly retryAfterS: number | null;

  constructor(status: ContentfulStatusCode, message: string, retryAfterS: number | null = null) {
    super(message);
    this.status = status;
    this.retryAfterS = retryAfterS;
  }
}

/** The key of a request that has the entitlement. Throws {@link Refusal}. */
export function keyFor(keyring: Keyring, c: Context<AggregateEnv>, ...oneOf: readonly KeyFeature[]): AggregateKey {
  const key = keyring.find(c.req.header('authorization'), Date.now());
  if (typeof key === 'string') throw new Refusal(401, key);
  if (!oneOf.some((feature) => key.features.includes(feature)))
    throw new Refusal(403, `the key ${key.id} is not entitled to ${oneOf.join(' or ')}`);
  return key;
}

/** A whole number from 1; null: none. */
export function wholeIn(text: string | undefined): number | null {
  const value = text === undefined || !/^\d{1,15}$/.test(text) ? 0 : Number(text);
  return value >= 1 ? value : null;
}
