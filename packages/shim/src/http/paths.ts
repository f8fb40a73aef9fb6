import type { Op } from '../exchange.ts';

export interface ProxiedPath {
  readonly op: Op;
  /** What goes after the upstream's base: path and query. */
  readonly target: string;
}

const PROXIED = /^((?:\/[^/?]+)*?)(\/v1\/(messages\/count_tokens|messages|models(?:\/[^/?]+)?))\/?$/;

/**
 * The paths that go upstream. Any prefix before `/v1` is tolerated and dropped (clients keep the path of their base
 * URL). An allow-list, and no dot segments: with a key attached, nothing else of a provider may be reachable.
 */
export function proxiedPath(url: string): ProxiedPath | null {
  if (url === '/v1/messages?beta=true') return { op: 'messages', target: url };
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const match = PROXIED.exec(path);
  if (match === null || hasDotSegment(path)) return null;
  const op = match[3] === 'messages' ? 'messages' : match[3] === 'messages/count_tokens' ? 'count_tokens' : 'models';
  return { op, target: (match[2] ?? '') + (mark < 0 ? '' : url.slice(mark)) };
}

export function hasDotSegment(path: string): boolean {
  if (!path.includes('.') && !/%2e|%2f|%5c/i.test(path)) return false;
  return path.includes('\\') || /%2f|%5c/i.test(path) || path.split('/').some((part) => /^(\.|%2e){1,2}$/i.test(part));
}
