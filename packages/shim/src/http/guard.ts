import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { failure, type Failure } from '../failure.ts';

export interface GuardOptions {
  /** Host names (no port) that a request may name besides loopback ones. */
  readonly allowedHosts: readonly string[];
  readonly apiKey: string | null;
}

/**
 * Keeps web pages and other machines from spending the user's quota through a port on loopback: a page can reach it by
 * a plain form post (foreign Origin, Sec-Fetch-Site) or by DNS rebinding (foreign Host). Null when the request may pass.
 */
export function guard(incoming: IncomingMessage, options: GuardOptions): Failure | null {
  const { headers } = incoming;
  if (!isKnownHost(headers.host, options.allowedHosts)) {
    return failure(
      'forbidden_origin',
      `The Host header "${headers.host ?? ''}" is not one of ours. Use 127.0.0.1 or localhost, or list the name in CCP_ALLOWED_HOSTS.`,
    );
  }
  const { origin } = headers;
  if (origin !== undefined && !isKnownOrigin(origin, options.allowedHosts)) {
    return failure('forbidden_origin', `Requests from the web origin "${origin}" are refused.`);
  }
  const site = headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') {
    return failure('forbidden_origin', 'Requests that another web page makes are refused.');
  }
  if (options.apiKey !== null && !presentsKey(incoming, options.apiKey)) {
    return failure(
      'wrong_key',
      'This shim asks for its key: send it as x-ccp-key (ANTHROPIC_CUSTOM_HEADERS="x-ccp-key: …").',
    );
  }
  return null;
}

const KNOWN_HOST = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

function isKnownHost(host: string | undefined, allowed: readonly string[]): boolean {
  if (host === undefined) return false;
  return KNOWN_HOST.test(host) || allowed.includes(host.toLowerCase().replace(/:\d{1,5}$/, ''));
}

function isKnownOrigin(origin: string, allowed: readonly string[]): boolean {
  if (!URL.canParse(origin)) return false;
  return isKnownHost(new URL(origin).host, allowed);
}

/** The client may carry the key in a header of ours, or where its own credential would be. */
function presentsKey({ headers }: IncomingMessage, key: string): boolean {
  const bearer = headers.authorization?.replace(/^bearer /i, '');
  const presented = [headers['x-ccp-key'], headers['x-api-key'], bearer];
  return presented.some((value) => typeof value === 'string' && sameKey(value, key));
}

/** Constant time for any lengths: equal-size digests are compared. */
function sameKey(presented: string, key: string): boolean {
  return timingSafeEqual(digest(presented), digest(key));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
