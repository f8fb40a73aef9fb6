import type { Lane } from '../config/catalog.ts';
import type { ResponseHead } from './answer.ts';

export interface HeaderOptions {
  readonly lane: Lane;
  readonly defaultAnthropicVersion: string;
  /** The shim's own key, never to be forwarded wherever the client put it. */
  readonly localKey: string | null;
  readonly hasBody: boolean;
  /** The body is sent without the encoding it came with. */
  readonly dropContentEncoding: boolean;
}

/**
 * The client's headers as this lane may see them: hop-by-hop ones dropped (RFC 9110 §7.6.1), everything else verbatim
 * and in order, credentials only where they belong. A pass-through lane gets the client's own; any other lane gets its
 * own key and never a client's.
 */
export function upstreamHeaders(raw: readonly string[], options: HeaderOptions): string[] {
  const { lane } = options;
  const named = connectionNames(raw);
  const headers: string[] = [];
  let hasVersion = false;
  let hasType = false;
  let hasCredential = false;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const value = raw[index + 1] ?? '';
    const lower = name.toLowerCase();
    switch (lower) {
      case 'authorization':
      case 'x-api-key':
        if (!lane.passThrough || carriesKey(value, options.localKey)) continue;
        hasCredential = true;
        break;
      case 'cookie':
        if (!lane.passThrough) continue;
        break;
      case 'content-encoding':
        if (options.dropContentEncoding) continue;
        break;
      case 'anthropic-version':
        hasVersion = true;
        break;
      case 'content-type':
        hasType = true;
        break;
      default:
        if (NOT_FORWARDED.has(lower) || named?.has(lower)) continue;
    }
    headers.push(name, value);
  }
  // The meter reads the body as it passes; a compressed one would have to be inflated on the side.
  headers.push('accept-encoding', 'identity');
  if (!hasVersion) headers.push('anthropic-version', options.defaultAnthropicVersion);
  if (options.hasBody && !hasType) headers.push('content-type', 'application/json');
  if (lane.credential !== null && !hasCredential) {
    if (lane.passThrough || lane.headerMode === 'authorization')
      headers.push('authorization', `Bearer ${lane.credential}`);
    else headers.push('x-api-key', lane.credential);
  }
  return headers;
}

/** Which credential header an attempt carried, for the log; never its value. */
export function headerModeOf(lane: Lane): string {
  return lane.passThrough ? '' : lane.headerMode;
}

const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** Hop-by-hop, or set anew for the next hop. */
const NOT_FORWARDED = new Set([...HOP_BY_HOP, 'host', 'content-length', 'expect', 'accept-encoding', 'x-ccp-key']);
const NOT_RETURNED = new Set(HOP_BY_HOP);

/** Reads a head as it came (name, value, …); hop-by-hop headers end here. */
export function readResponseHeaders(raw: readonly (Buffer | string)[]): ResponseHead {
  const headers: string[] = [];
  let named: Set<string> | null = null;
  let contentType = '';
  let contentEncoding = '';
  let requestId: string | null = null;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = latin1(raw[index]);
    const value = latin1(raw[index + 1]);
    const lower = name.toLowerCase();
    if (lower === 'connection' && value.toLowerCase() !== 'keep-alive' && value.toLowerCase() !== 'close') {
      named = new Set(
        value
          .toLowerCase()
          .split(',')
          .map((item) => item.trim()),
      );
    }
    if (NOT_RETURNED.has(lower)) continue;
    if (lower === 'content-type') contentType = value.toLowerCase();
    else if (lower === 'content-encoding') contentEncoding = value.toLowerCase();
    else if (lower === 'request-id') requestId = value;
    headers.push(name, value);
  }
  return { headers: named === null ? headers : without(headers, named), contentType, contentEncoding, requestId };
}

/** First value of a header in a flat list; `name` in lower case. */
export function headerValue(headers: readonly string[], name: string): string | null {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === name) return headers[index + 1] ?? null;
  }
  return null;
}

function without(headers: readonly string[], names: ReadonlySet<string>): string[] {
  return headers.filter((_, index) => !names.has((headers[index - (index % 2)] ?? '').toLowerCase()));
}

function latin1(part: Buffer | string | undefined): string {
  return typeof part === 'string' ? part : (part?.toString('latin1') ?? '');
}

/** Headers the sender declared hop-by-hop; null in the usual case of `keep-alive` or nothing. */
function connectionNames(raw: readonly string[]): Set<string> | null {
  let names: Set<string> | null = null;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index];
    if (name === undefined || name.length !== 10 || name.toLowerCase() !== 'connection') continue;
    for (const item of (raw[index + 1] ?? '').toLowerCase().split(',')) {
      const trimmed = item.trim();
      if (trimmed === '' || trimmed === 'keep-alive' || trimmed === 'close') continue;
      (names ??= new Set()).add(trimmed);
    }
  }
  return names;
}

function carriesKey(value: string, localKey: string | null): boolean {
  return localKey !== null && value.replace(/^bearer /i, '') === localKey;
}
