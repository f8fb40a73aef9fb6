import { connect } from 'node:net';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startRig, until, type Rig } from '../testing/rig.ts';
import { hasDotSegment, proxiedPath } from './paths.ts';

describe('bad input is answered in the shape clients understand', () => {
  it.each([
    ['not JSON', '{"model":', 400, 'invalid_request_error'],
    ['not an object', '[1,2]', 400, 'invalid_request_error'],
    ['nothing', '', 400, 'invalid_request_error'],
    ['trailing comma', '{"model":"m",}', 400, 'invalid_request_error'],
  ])('%s', async (_name, body, status, type) => {
    await using rig = await startRig();
    const reply = await rig.ask({ body });
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.text)).toMatchObject({ type: 'error', error: { type } });
    expect(rig.sims['anthropic']!.books.entries()).toHaveLength(0);
  });

  it.each([true, false])('a body over 32 MiB is 413, announced or not (content-length: %s)', async (announced) => {
    await using rig = await startRig();
    const size = 32 * 1024 * 1024 + 1;
    const head = announced ? `content-length: ${size}` : 'transfer-encoding: chunked';
    const socket = connect(rig.shim.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('error', () => undefined);
    socket.write(`POST /v1/messages HTTP/1.1\r\nhost: localhost\r\n${head}\r\n\r\n`);
    const piece = Buffer.alloc(1024 * 1024, 0x20);
    for (let sent = 0; sent < size && !answer.includes('\r\n\r\n'); sent += piece.length) {
      const bytes = announced
        ? piece
        : Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
      await new Promise((resolve) => socket.write(bytes, resolve));
    }
    await until(() => answer.includes('request_too_large'), 'the answer');
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it('a client that writes all of a body that is too large before it reads, still reads why', async () => {
    await using rig = await startRig();
    const size = 33 * 1024 * 1024;
    const socket = connect(rig.shim.port, '127.0.0.1');
    const broken: Error[] = [];
    socket.on('error', (error) => broken.push(error));
    socket.pause();
    socket.write(`POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${size}\r\n\r\n`);
    const piece = Buffer.alloc(1024 * 1024, 0x20);
    for (let sent = 0; sent < size; sent += piece.length) {
      await new Promise((resolve) => socket.write(piece, resolve));
    }
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(broken).toEqual([]);
    expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*request_too_large/);
  });

  it('exactly 32 MiB passes', async () => {
    await using rig = await startRig();
    const start = '{"model":"m","stream":false,"messages":[{"content":"';
    const end = '"}]}';
    const body = Buffer.concat([
      Buffer.from(start),
      Buffer.alloc(32 * 1024 * 1024 - start.length - end.length, 0x61),
      Buffer.from(end),
    ]);
    const reply = await rig.ask({ body });
    expect(reply.status).toBe(200);
    expect((await rig.sims['anthropic']!.books.settled(1))[0]?.request_bytes).toBe(32 * 1024 * 1024);
  });

  it.each([
    ['GET', '/v1/nothing', 404, 'not_found_error'],
    ['POST', '/v1/complete', 404, 'not_found_error'],
    ['POST', '/v1/messages/../admin', 404, 'not_found_error'],
    ['POST', '/x/%2e%2e/v1/messages', 404, 'not_found_error'],
    ['GET', '/v1/messages', 405, 'invalid_request_error'],
    ['DELETE', '/v1/models', 405, 'invalid_request_error'],
    ['POST', '/v1/usage', 405, 'invalid_request_error'],
    ['GET', '/v1/quotas/reload', 405, 'invalid_request_error'],
  ])('%s %s → %i', async (method, path, status, type) => {
    await using rig = await startRig();
    const reply = await sendRaw(rig, method, path);
    expect(reply).toContain(`HTTP/1.1 ${status} `);
    expect(reply).toContain(`"type":"${type}"`);
    expect(rig.sims['anthropic']!.books.entries()).toHaveLength(0);
  });
});

/** node:http would tidy the path up. */
async function sendRaw(rig: Rig, method: string, path: string): Promise<string> {
  const socket = connect(rig.shim.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.write(`${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  await new Promise((resolve) => socket.once('close', resolve));
  return answer;
}

describe('who may come in', () => {
  it.each([
    ['a foreign Host (DNS rebinding)', { host: 'evil.example' }, 403],
    ['a foreign Host with our port', { host: 'evil.example:8082' }, 403],
    ['a foreign Origin', { origin: 'https://evil.example' }, 403],
    ['an opaque Origin', { origin: 'null' }, 403],
    ['a cross-site fetch', { 'sec-fetch-site': 'cross-site' }, 403],
    ['localhost', { host: 'localhost:8082' }, 200],
    ['IPv6 loopback', { host: '[::1]:8082' }, 200],
    ['our own page', { origin: 'http://127.0.0.1:8083' }, 200],
    ['a listed name', { host: 'box.lan:8082' }, 200],
  ] as const)('%s → %i', async (_name, headers, status) => {
    await using rig = await startRig({ env: { CCP_ALLOWED_HOSTS: 'box.lan' } });
    expect((await rig.ask({ headers })).status).toBe(status);
    expect((await rig.ask({ method: 'GET', path: '/v1/usage', headers })).status).toBe(status);
  });

  it('answers on 127.0.0.1 and on ::1', async () => {
    await using rig = await startRig();
    expect(rig.shim.addresses).toEqual([`http://127.0.0.1:${rig.shim.port}`, `http://[::1]:${rig.shim.port}`]);
    const answer = await fetch(`http://[::1]:${rig.shim.port}/healthz`);
    expect(await answer.text()).toBe('ok');
  });

  it('asks for the key where one is set, and never forwards it', async () => {
    const key = 'local-key-0123456789';
    const keyFile = join((await import('node:fs')).mkdtempSync('/tmp/shim-key-'), 'key');
    writeFileSync(keyFile, `${key}\n`);
    await using rig = await startRig({ env: { CCP_API_KEY_FILE: keyFile } });
    expect((await rig.ask()).status).toBe(401);
    expect((await rig.ask({ headers: { 'x-ccp-key': 'local-key-012345678x' } })).status).toBe(401);
    for (const headers of [
      { 'x-ccp-key': key, 'x-api-key': 'sk-own' },
      { authorization: `Bearer ${key}` },
      { 'x-api-key': key },
    ]) {
      expect((await rig.ask({ headers })).status).toBe(200);
      expect(JSON.stringify(rig.sims['anthropic']!.books.lastHeaders())).not.toContain(key);
    }
    (await import('node:fs')).rmSync(join(keyFile, '..'), { recursive: true });
  });
});

describe('configuration while running', () => {
  it('swaps whole files, keeps the last good one and says so in readyz', async () => {
    await using rig = await startRig({ providers: { anthropic: {}, zai: {} } });
    const file = join(rig.folder, 'providers.yaml');
    const good = readFileSync(file, 'utf8');
    const put = (text: string): void => {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    };
    const readyz = async (): Promise<{
      ready: boolean;
      config: { providers: { ok: boolean; error: string | null } };
    }> => JSON.parse((await rig.get('/v1/readyz')).text);
    expect((await rig.get('/readyz')).status).toBe(200);
    put('providers:\n  anthropic:\n    base_url: [oops\n');
    await until(async () => !(await readyz()).ready, 'readyz to degrade');
    expect((await rig.get('/v1/readyz')).status).toBe(503);
    expect((await readyz()).config.providers.error).toMatch(/providers\.yaml:\d+: not valid YAML/);
    expect((await rig.ask()).headers['x-ccp-lane']).toBe('anthropic');
    put(good.replace('"routes":[{"pattern":"*","provider":"anthropic"', '"routes":[{"pattern":"*","provider":"zai"'));
    await until(async () => (await readyz()).ready, 'readyz to recover');
    expect((await rig.ask()).headers['x-ccp-lane']).toBe('zai');
    expect((await rig.usage()).last_reload_ts).not.toBeNull();
  });

  it('reloads quotas on request and refuses a bad file with its line', async () => {
    const limit = (tokens: number): string =>
      JSON.stringify({ models: { m: { provider: 'anthropic', rolling_tokens: tokens } } }, null, 1);
    await using rig = await startRig({ quotas: JSON.parse(limit(10)) });
    writeFileSync(join(rig.folder, 'other.json'), limit(77));
    expect((await rig.ask({ path: '/v1/quotas/reload?file=other.json', body: '' })).status).toBe(204);
    expect(JSON.parse((await rig.get('/v1/quotas')).text)).toMatchObject({
      config: { models: { m: { rolling_tokens: 77 } } },
    });
    writeFileSync(join(rig.folder, 'bad.json'), limit(77).replace('77', '"many"'));
    const refused = await rig.ask({ path: '/v1/quotas/reload?file=bad.json', body: '' });
    expect(refused.status).toBe(400);
    expect(refused.text).toMatch(/bad\.json:\d+/);
    expect((await rig.ask({ path: '/v1/quotas/reload?file=/etc/passwd', body: '' })).status).toBe(400);
    expect(JSON.parse((await rig.get('/v1/quotas')).text)).toMatchObject({
      config: { models: { m: { rolling_tokens: 77 } } },
    });
  });

  it('says which lanes are usable, and is not ready when none is', async () => {
    await using rig = await startRig({ lanes: { anthropic: { pass_through: false, key_env: 'NOT_SET_ANYWHERE' } } });
    const reply = await rig.get('/v1/readyz');
    expect(reply.status).toBe(503);
    expect(JSON.parse(reply.text)).toMatchObject({
      ready: false,
      lanes: { anthropic: { ok: false, reason: 'missing_key: set NOT_SET_ANYWHERE' } },
    });
    const turn = await rig.ask();
    expect(turn.status).toBe(503);
    expect(turn.text).toContain('NOT_SET_ANYWHERE');
  });

  it('does not send requests to itself', async () => {
    await using rig = await startRig();
    const file = join(rig.folder, 'providers.yaml');
    writeFileSync(
      file,
      JSON.stringify({
        providers: { me: { base_url: `http://localhost:${rig.shim.port}`, pass_through: true } },
        routes: [{ pattern: '*', provider: 'me' }],
      }),
    );
    await until(async () => (await rig.usage()).lanes?.['me'] !== undefined, 'the reload');
    expect((await rig.usage()).lanes?.['me']?.reason).toContain('self_loop');
    expect((await rig.ask()).status).toBe(503);
  });
});

describe('proxiedPath', () => {
  it.each([
    ['/v1/messages', 'messages', '/v1/messages'],
    ['/v1/messages?beta=true', 'messages', '/v1/messages?beta=true'],
    ['/v1/messages/?a=b?c', 'messages', '/v1/messages?a=b?c'],
    ['/t/alpha/v1/messages/count_tokens', 'count_tokens', '/v1/messages/count_tokens'],
    ['/v1/models?limit=1000', 'models', '/v1/models?limit=1000'],
    ['/v1/models/claude-x', 'models', '/v1/models/claude-x'],
  ])('%s', (url, op, target) => {
    expect(proxiedPath(url)).toEqual({ op, target });
  });

  it.each([
    '/',
    '/v1',
    '/v1/messages/x',
    '/v1/usage',
    '/v1/messagesx',
    '/v1/files',
    '//v1/messages?x',
    '/a/../v1/messages',
  ])('%s is not proxied', (url) => {
    expect(proxiedPath(url)).toBeNull();
  });

  it.each(['/a/../b', '/%2e%2e/x', '/.%2E/x', '/a%2fb', '/a\\..\\b', '/x/..'])(
    '%s has a dot segment or hides one',
    (url) => {
      expect(hasDotSegment(url)).toBe(true);
    },
  );

  it('a dot in a name is only a dot', () => {
    expect(hasDotSegment('/v1/models/claude-haiku-4.5')).toBe(false);
  });
});
