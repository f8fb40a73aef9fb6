import type { Outcome } from '../../problem.ts';

/** Where the shim listens when nothing else is said. */
export const DEFAULT_CCP_URL = 'http://127.0.0.1:8082';

/**
 * Checks the address of the shim. Only loopback is accepted: reading the shim must never send a packet off the machine.
 * A user name or password in the address is dropped, because the address is written into journal rows.
 */
export function parseCcpUrl(text: string): Outcome<URL> {
  if (!URL.canParse(text)) return refused('unusable-url', `"${text}" is not a URL`);
  const url = new URL(text);
  if (url.protocol !== 'http:') return refused('unusable-url', `"${text}" does not begin with http://`);
  if (!LOOPBACK.test(url.hostname)) {
    return refused('not-loopback', `${url.hostname} is not on this machine, and the tracker reads a local shim only`);
  }
  url.username = '';
  url.password = '';
  url.search = '';
  url.hash = '';
  return { ok: true, value: url };
}

/** The address without the slash `URL` adds, as people write it. */
export function shownUrl(url: URL): string {
  return url.href.replace(/\/$/, '');
}

/** Address of a surface such as `v1/usage`, also below a path prefix. */
export function surfaceUrl(base: URL, path: string): URL {
  return new URL(path, base.href.endsWith('/') ? base : `${base.href}/`);
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

function refused(code: 'unusable-url' | 'not-loopback', message: string): Outcome<URL> {
  const remedy = `Use an address such as ${DEFAULT_CCP_URL} in --ccp-url or CCP_BASE_URL; forward a port to reach a shim elsewhere`;
  return { ok: false, problem: { code, message, remedy } };
}
