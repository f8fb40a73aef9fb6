// Requests that a careless or hostile client could send, as bytes. Everything follows from the random numbers handed in.
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'PROPFIND'];
const VALUES = [
  '',
  '0',
  '-1',
  '1e309',
  'NaN',
  'null',
  '-1h',
  '9'.repeat(400),
  '%00',
  '%',
  '%ff%fe',
  '../../etc/passwd',
  '<script>',
  "' OR 1=1 --",
  '[]',
  '2026-99-99',
  'claude-haiku-4-5',
  'x'.repeat(4_000),
];
const NAMES = [
  'since',
  'until',
  'model',
  'limit',
  'cursor',
  'granularity',
  'file',
  'names',
  'last_event_id',
  'beta',
  'org',
];
const HEADERS = [
  ['accept-encoding', 'identity, *;q=0'],
  ['anthropic-beta', 'x,'.repeat(300)],
  ['anthropic-version', '1'],
  ['authorization', 'Basic !!'],
  ['content-encoding', 'gzip'],
  ['content-encoding', 'br, gzip, nothing'],
  ['content-type', 'text/plain; charset=nothing'],
  ['expect', '100-continue'],
  ['if-none-match', '*'],
  ['last-event-id', '\u00ff\u00fe'],
  ['last-event-id', '9'.repeat(60)],
  ['origin', 'http://elsewhere.example'],
  ['range', 'bytes=5-1'],
  ['sec-fetch-site', 'cross-site'],
  ['upgrade', 'websocket'],
  ['x-api-key', 'k'.repeat(5_000)],
  ['idempotency-key', '0123456789abcdef0123456789abcdef'],
  ['x-ccp-retain-days', '-7'],
  ['x-ccp-seq', '9'.repeat(30)],
  ['x-ccp-seq', '2'],
  ['x-ccp-stream', 's\u00e9'],
  ['x-ccp-tier', 'full'],
  ['x-stainless-retry-count', 'many'],
];

/** What an aggregator needs of those who send. */
const SENDER = ['idempotency-key: 00112233445566778899aabbccddeeff', 'x-ccp-stream: stream-1', 'x-ccp-seq: 1'];

/**
 * @param random numbers from 0 to 1
 * @returns {{ bytes: Buffer, isWhole: boolean, how: string }} isWhole: a server has to answer it without waiting for more
 */
export function fuzzedRequest(random, { method, path, body, key }) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const chance = (share) => random() < share;
  if (chance(0.04)) return { bytes: noise(random), isWhole: false, how: 'noise' };
  const verb = chance(0.15) ? pick(METHODS) : method;
  const target = chance(0.12) ? brokenPath(path, pick) : path + query(random, pick);
  const lines = [`host: ${chance(0.04) ? pick(['elsewhere.example', '', 'a b', '[::1']) : '127.0.0.1'}`];
  if (key !== undefined && chance(0.7)) lines.push(`authorization: Bearer ${key}`);
  if (key !== undefined && chance(0.6)) lines.push(...SENDER);
  for (let extra = Math.floor(random() * 3); extra > 0; extra -= 1) lines.push(pick(HEADERS).join(': '));
  if (chance(0.02)) lines.push(`x-long: ${'y'.repeat(20_000)}`);
  if (chance(0.02)) lines.push('no colon in this line');
  const payload = verb === 'GET' || verb === 'HEAD' ? Buffer.alloc(0) : mutated(body, random, pick);
  const framing = framed(payload, { random, chance, verb });
  lines.push(...framing.lines, 'connection: close');
  if (payload.length > 0) lines.push('content-type: application/json');
  const version = chance(0.02) ? pick(['HTTP/1.0', 'HTTP/9.9', 'HTTQ/1.1']) : 'HTTP/1.1';
  const head = `${verb} ${target} ${version}\r\n${lines.join('\r\n')}\r\n\r\n`;
  return {
    bytes: Buffer.concat([Buffer.from(head, 'latin1'), framing.bytes]),
    isWhole: framing.isWhole,
    how: framing.how,
  };
}

function framed(payload, { random, chance, verb }) {
  if (payload.length === 0 && verb !== 'POST') return { lines: [], bytes: payload, isWhole: true, how: 'no body' };
  if (chance(0.03)) {
    const lines = [`content-length: ${payload.length + 1 + Math.floor(random() * 100)}`];
    return { lines, bytes: payload, isWhole: false, how: 'short body' };
  }
  if (chance(0.03)) {
    const lines = [`content-length: ${pickBad(random)}`];
    return { lines, bytes: payload, isWhole: false, how: 'bad length' };
  }
  if (chance(0.1)) {
    const chunk = Buffer.concat([
      Buffer.from(`${payload.length.toString(16)}\r\n`),
      payload,
      Buffer.from('\r\n0\r\n\r\n'),
    ]);
    const bytes = payload.length === 0 ? Buffer.from('0\r\n\r\n') : chunk;
    return { lines: ['transfer-encoding: chunked'], bytes, isWhole: true, how: 'chunked' };
  }
  if (chance(0.02)) {
    const bytes = Buffer.from('zz\r\nnot a chunk\r\n');
    return { lines: ['transfer-encoding: chunked'], bytes, isWhole: false, how: 'bad chunks' };
  }
  return { lines: [`content-length: ${payload.length}`], bytes: payload, isWhole: true, how: 'body' };
}

function pickBad(random) {
  return ['-1', '1e3', 'many', '99999999999999999999'][Math.floor(random() * 4)];
}

function query(random, pick) {
  const count = Math.floor(random() * 4);
  const parts = Array.from({ length: count }, () => `${pick(NAMES)}=${pick(VALUES).replace(/[\s<>']/gu, '+')}`);
  return count === 0 ? '' : `?${parts.join(random() < 0.1 ? '&&=&' : '&')}`;
}

function brokenPath(path, pick) {
  return pick([
    `${path}/`,
    `/${path}`,
    `${path}/../..${path}`,
    `${path}%00`,
    `${path}%2e%2e%2f`,
    `${path}/${'a'.repeat(9_000)}`,
    path.toUpperCase(),
    `${path}?${'a=b&'.repeat(2_000)}`,
    `http://elsewhere.example${path}`,
    '*',
    `${path}#part`,
    `${path}\u00e9`,
    `${path};v=1`,
  ]);
}

/** JSON with one thing wrong, or no JSON at all. */
function mutated(body, random, pick) {
  const text = JSON.stringify(body ?? {});
  const at = Math.floor(random() * text.length);
  const kinds = [
    () => text,
    () => text,
    () => text,
    () => text.slice(0, at),
    () => `${text.slice(0, at)}${pick(['"', '{', ']', '\\', '\u0000', ',', '\ud800'])}${text.slice(at + 1)}`,
    () => JSON.stringify(replaced(body ?? {}, random, pick)),
    () => JSON.stringify(replaced(replaced(body ?? {}, random, pick), random, pick)),
    () => '['.repeat(20_000),
    () => `${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}`,
    () => `${text}${text}`,
    () => '',
    () => pick(['null', '0', '"text"', '[]', '1e999', '{"__proto__":{"a":1}}', '{"model":"a","model":["b"]}']),
  ];
  const drawn = random();
  if (drawn < 0.05) return noise(random);
  return Buffer.from(pick(kinds)());
}

/** Somewhere inside, another type. */
function replaced(value, random, pick) {
  const odd = [null, -1, 1e308, true, '', [], {}, [[[]]], 'x'.repeat(3_000), '\u202e\u0000', { constructor: 1 }];
  if (value === null || typeof value !== 'object' || random() < 0.2) return pick(odd);
  const keys = Object.keys(value);
  if (keys.length === 0) return pick(odd);
  const key = pick(keys);
  const copy = Array.isArray(value) ? [...value] : { ...value };
  copy[key] = replaced(value[key], random, pick);
  return copy;
}

function noise(random) {
  return Buffer.from(Array.from({ length: 1 + Math.floor(random() * 300) }, () => Math.floor(random() * 256)));
}
