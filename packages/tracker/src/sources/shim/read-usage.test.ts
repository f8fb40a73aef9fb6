import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { tempDir } from '../../testing/temp-dir.ts';
import { serveUsage } from '../../testing/usage-server.ts';
import type { Reply } from '../../testing/usage-server.ts';
import { usageFixtures, usageWith } from '../../testing/fixtures.ts';
import { parseCcpUrl, surfaceUrl } from './ccp-url.ts';
import { readUsage } from './read-usage.ts';

const clock = (): number => 1_893_456_000.25;

async function readFrom(reply: Reply | null, timeoutMs = 5000) {
  const server = await serveUsage(() => reply);
  return await readUsage(server.url, { clock, timeoutMs });
}

test.each([...usageFixtures])('%s is a reading', async (_name, usage) => {
  const read = await readFrom({ body: JSON.stringify(usage) });
  expect(read).toMatchObject({ ok: true, value: { receivedTs: 1_893_456_000.25, usage } });
});

test('an answer without usage_schema is a reading with a note', async () => {
  const { usage_schema: _schema, ...older } = usageWith(1);
  const read = await readFrom({ body: JSON.stringify(older) });
  expect(read).toMatchObject({ ok: true, value: { notes: [{ code: 'older-shim' }] } });
});

test.each([
  ['not-json', { body: '<html>' }],
  ['not-json', { body: '' }],
  ['not-usage-v1', { body: '[]' }],
  ['shim-answered-404', { status: 404, body: '{}' }],
  ['shim-answered-401', { status: 401, body: '{}' }],
  ['shim-answered-503', { status: 503, body: JSON.stringify(usageWith(1)) }],
  // Followed, it could lead off the machine.
  ['shim-answered-302', { status: 302, body: '', headers: { location: 'http://192.0.2.1/' } }],
  ['answer-too-large', { body: ' '.repeat(17 * 2 ** 20) }],
])('%s is a problem with a remedy', async (code, reply: Reply) => {
  const read = await readFrom(reply);
  expect(read).toMatchObject({
    ok: false,
    problem: { code, message: expect.stringMatching(/./), remedy: expect.stringMatching(/./) },
  });
});

test('a document that breaks the contract is named by pointer and reason, never by value', async () => {
  const usage = { ...usageWith(1), ts: 'sk-secret' };
  const read = await readFrom({ body: JSON.stringify(usage) });
  expect(read).toMatchObject({ ok: false, problem: { code: 'not-usage-v1', pointer: '/ts' } });
  expect(JSON.stringify(read)).toContain('/ts must be number');
  expect(JSON.stringify(read)).not.toContain('sk-secret');
});

test('a key file that can not be used is a problem, and no request is sent without it', async () => {
  using dir = tempDir();
  const file = join(dir.path, 'key');
  vi.stubEnv('CCP_API_KEY_FILE', file);
  const server = await serveUsage(() => ({ body: JSON.stringify(usageWith(1)) }));
  const problem = { code: 'shim-key-unreadable', file, remedy: expect.stringContaining('CCP_API_KEY_FILE') };
  for (const text of [null, '', '\n', 'two\nlines', 'schlüssel']) {
    if (text !== null) writeFileSync(file, text);
    expect(await readUsage(server.url, { clock })).toMatchObject({ ok: false, problem });
  }
  expect(server.requests()).toBe(0);
  writeFileSync(file, 'a-key-that-can-be-sent\n');
  expect(await readUsage(server.url, { clock })).toMatchObject({ ok: true });
  vi.unstubAllEnvs();
});

test('silence is a problem after the time limit', async () => {
  const read = await readFrom(null, 50);
  expect(read).toMatchObject({
    ok: false,
    problem: { code: 'shim-unreachable', message: expect.stringContaining('nothing within 0.05 s') },
  });
});

test('a port nobody listens on is a problem that says how to start the shim there', async () => {
  const server = await serveUsage(() => null);
  await server.close();
  const read = await readUsage(server.url, { clock });
  const remedy = `Start it with: shim serve --port ${server.url.port}`;
  expect(read).toMatchObject({
    ok: false,
    problem: { code: 'shim-unreachable', message: expect.stringContaining('ECONNREFUSED'), remedy },
  });
});

test.each(['SSH-2.0-x\r\n', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{'])(
  'another protocol or a cut answer is a problem: %j',
  async (bytes) => {
    const server = createServer((socket) => socket.on('error', () => undefined).end(bytes));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    try {
      expect(await readUsage(url, { clock })).toMatchObject({ ok: false, problem: { code: 'shim-unreachable' } });
    } finally {
      server.close();
    }
  },
);

test('a stop ends the read', async () => {
  const server = await serveUsage(() => null);
  const stop = new AbortController();
  const read = readUsage(server.url, { clock, signal: stop.signal });
  stop.abort();
  expect(await read).toMatchObject({ ok: false });
});

test.each([
  'http://127.0.0.1:8082',
  'http://localhost:1/',
  'http://[::1]:8082',
  'http://127.9.9.9',
  'http://2130706433',
])('%s is on this machine', (text) => {
  expect(parseCcpUrl(text).ok).toBe(true);
});

test.each([
  ['http://example.com', 'not-loopback'],
  ['http://127.0.0.1.example.com', 'not-loopback'],
  ['http://localhost@192.0.2.1', 'not-loopback'],
  ['http://0.0.0.0:8082', 'not-loopback'],
  ['https://127.0.0.1', 'unusable-url'],
  ['127.0.0.1:8082', 'unusable-url'],
  ['', 'unusable-url'],
])('%s is refused as %s', (text, code) => {
  expect(parseCcpUrl(text)).toMatchObject({ ok: false, problem: { code } });
});

test('a credential in the address is dropped, a path prefix is kept', () => {
  const parsed = parseCcpUrl('http://user:secret@127.0.0.1:8082/shim?key=secret');
  expect(parsed.ok && surfaceUrl(parsed.value, 'v1/usage').href).toBe('http://127.0.0.1:8082/shim/v1/usage');
});
