import type { IncomingMessage } from 'node:http';

/** Why a request is not answered. */
export interface Refusal {
  readonly status: 403 | 405;
  readonly message: string;
}

/**
 * Only the page itself and programs on this machine may read. A web page elsewhere can reach loopback through DNS
 * rebinding (a foreign Host) or across origins (Origin, Sec-Fetch-Site). Nothing can be written, so only GET and HEAD are
 * known. Null: it may pass.
 */
export function guard({ method, headers }: IncomingMessage): Refusal | null {
  const { host, origin } = headers;
  if (host === undefined || !LOOPBACK.test(host))
    return { status: 403, message: `The Host header "${host ?? ''}" is not loopback. Use 127.0.0.1 or localhost.` };
  if (origin !== undefined && origin !== `http://${host}`)
    return { status: 403, message: `Requests from the web origin "${origin}" are refused.` };
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return { status: 403, message: 'Requests that another web page makes are refused.' };
  if (method !== 'GET' && method !== 'HEAD')
    return { status: 405, message: 'There is nothing to write here: GET and HEAD only.' };
  return null;
}

const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;
