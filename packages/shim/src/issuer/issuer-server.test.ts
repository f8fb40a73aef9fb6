import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseKeyBundle, verifyLicense } from '@ccp/contracts';
import { describe, expect, it } from 'vitest';
import { licenseKit } from '../testing/license-kit.ts';
import { readInvites } from './invites.ts';
import { IssuerState } from './issuer-state.ts';
import { startIssuer } from './issuer-server.ts';

const kit = licenseKit('issuer-1');
const ADMIN = 'approval-key-of-the-test';

interface Desk extends AsyncDisposable {
  readonly url: string;
  readonly stateFile: string;
  /** Moves the issuer's clock. */
  later(seconds: number): void;
  post(
    path: string,
    body: object | string,
    key?: string,
  ): Promise<{ status: number; text: string; json: Record<string, unknown> }>;
}

async function openDesk(invites: object, stateFile?: string): Promise<Desk> {
  const folder = mkdtempSync(join(tmpdir(), 'issuer-'));
  writeFileSync(join(folder, 'invites.json'), JSON.stringify(invites));
  const state = stateFile ?? join(folder, 'state.json');
  let aheadS = 0;
  const issuer = await startIssuer({
    host: '127.0.0.1',
    port: 0,
    adminKey: ADMIN,
    key: kit.key,
    state: new IssuerState(state),
    invites: () => readInvites(join(folder, 'invites.json')),
    nowTs: () => Date.now() / 1000 + aheadS,
    keysFile: join(folder, 'PUBKEYS.json'),
    revocationsFile: join(folder, 'revocations.pack'),
    authorizeBase: null,
  });
  return {
    url: issuer.url,
    stateFile: state,
    later: (seconds) => void (aheadS += seconds),
    post: async (path, body, key) => {
      const response = await fetch(issuer.url + path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
        redirect: 'manual',
      });
      const text = await response.text();
      const isJson = text.startsWith('{');
      return { status: response.status, text, json: (isJson ? JSON.parse(text) : {}) as Record<string, unknown> };
    },
    [Symbol.asyncDispose]: async () => {
      await issuer.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function accepts(pack: unknown): boolean {
  const { keys } = parseKeyBundle(JSON.stringify({ keys: [kit.row] }));
  const context = { keys, nowTs: Date.now() / 1000, lastSeenTs: null, device: null, revocations: null };
  return typeof pack === 'string' && verifyLicense({ pack }, context).ok;
}

describe('an invite', () => {
  it('is exchanged for a license, in both spellings, as often as it may be', async () => {
    await using desk = await openDesk({ TEAM: { plan: 'pro', features: ['zai_offload'], max_redemptions: 1 } });
    const { status, json } = await desk.post('/v1/license/issue', { invite_code: 'TEAM', email: 'a@b.example' });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      license: { schema: 'ccp.license.v1', sub: 'a@b.example', plan: 'pro', kid: 'issuer-1', device: null },
      kid: 'issuer-1',
      pubKeyB64: kit.row.base64,
      plan: 'pro',
      features: ['zai_offload'],
    });
    expect(json['signature']).toBe(json['sigB64']);
    expect(accepts(json['license_pack'])).toBe(true);
    const second = await desk.post('/v1/license/issue', { invite_code: 'TEAM' });
    expect(second).toMatchObject({ status: 409, text: 'invite exhausted' });
  });

  it.each([
    ['{', 400, 'invalid json'],
    ['[]', 400, 'invalid json'],
    ['{}', 400, 'invite_code required'],
    ['{"invite_code":"NONE"}', 404, 'invalid invite'],
    ['{"invite_code":"OLD"}', 410, 'invite expired'],
    [`{"invite_code":"${'x'.repeat(1024 * 1024)}"}`, 413, 'the body is larger than 1 MiB'],
  ])('%.30s is refused', async (body, status, text) => {
    await using desk = await openDesk({ OLD: { expires_at: '2020-01-01T00:00:00Z' } });
    expect(await desk.post('/v1/license/issue', body)).toMatchObject({ status, text });
  });

  it('ends a license no later than it ends itself', async () => {
    const expires = new Date(Date.now() + 60_000).toISOString();
    await using desk = await openDesk({ SOON: { ttl_days: 30, expires_at: expires } });
    const { json } = await desk.post('/v1/license/issue', { invite_code: 'SOON' });
    expect(json['exp']).toBe(Math.floor(Date.parse(expires) / 1000));
  });
});

describe('a device', () => {
  const INVITES = { 'DEV-TRIAL-7D': {}, ONCE: { max_redemptions: 1 } };

  it('waits for somebody to approve, gets one license and no second one', async () => {
    await using desk = await openDesk(INVITES);
    const { json: begun } = await desk.post('/v1/device/begin', '');
    expect(begun).toMatchObject({ interval: 2, expires_in: 600, plan: 'trial', features: ['zai_offload'] });
    const code = String(begun['user_code']);
    expect(code).toMatch(/^([A-HJ-NP-Z2-9]{2}-){3}[A-HJ-NP-Z2-9]{2}$/);
    expect(begun['authorize_url']).toBe(`${desk.url}/device?code=${code}`);
    const poll = { poll_token: begun['poll_token'] };
    expect((await desk.post('/v1/device/poll', poll)).json).toEqual({ status: 'pending' });

    expect(await desk.post('/v1/device/approve', { user_code: code })).toMatchObject({ status: 401 });
    expect(await desk.post('/v1/device/approve', { user_code: code }, 'guess')).toMatchObject({ status: 401 });
    expect((await desk.post('/v1/device/poll', poll)).json).toEqual({ status: 'pending' });
    expect((await desk.post('/v1/device/approve', { user_code: code.toLowerCase() }, ADMIN)).json).toMatchObject({
      status: 'approved',
    });

    const text = readFileSync(desk.stateFile, 'utf8');
    expect(text).not.toContain(String(begun['poll_token']));
    const { json } = await desk.post('/v1/device/poll', poll);
    expect(json).toMatchObject({ status: 'ok', kid: 'issuer-1' });
    expect(accepts(json['license_pack'])).toBe(true);
    expect(await desk.post('/v1/device/poll', poll)).toMatchObject({ status: 404, json: { status: 'not_found' } });
    expect(readFileSync(desk.stateFile, 'utf8')).not.toContain(String(json['signature']));
    expect(statSync(desk.stateFile).mode & 0o777).toBe(0o600);
  });

  it('is denied, or comes too late, and its token is spent either way', async () => {
    await using desk = await openDesk(INVITES);
    const { json: one } = await desk.post('/v1/device/begin', {});
    await desk.post('/v1/device/deny', { user_code: one['user_code'] }, ADMIN);
    expect((await desk.post('/v1/device/poll', { poll_token: one['poll_token'] })).json).toEqual({ status: 'denied' });
    const { json: two } = await desk.post('/v1/device/begin', {});
    desk.later(601);
    expect(await desk.post('/v1/device/approve', { user_code: two['user_code'] }, ADMIN)).toMatchObject({
      status: 404,
    });
    const late = await desk.post('/v1/device/poll', { poll_token: two['poll_token'] });
    expect(late).toMatchObject({ status: 200, json: { status: 'expired' } });
    for (const { poll_token } of [one, two])
      expect((await desk.post('/v1/device/poll', { poll_token })).status).toBe(404);
    expect(await desk.post('/v1/device/poll', {})).toMatchObject({
      status: 400,
      json: { error: 'poll_token required' },
    });
  });

  it('waits across a restart of the issuer, and the last redemption is given to one of two', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'issuer-state-'));
    const stateFile = join(folder, 'state.json');
    let tokens: Record<string, unknown>[] = [];
    {
      await using desk = await openDesk(INVITES, stateFile);
      tokens = await Promise.all(
        [1, 2].map(async () => (await desk.post('/v1/device/begin', { invite_code: 'ONCE' })).json),
      );
      expect(await desk.post('/v1/device/approve', { user_code: tokens[0]?.['user_code'] }, ADMIN)).toMatchObject({
        status: 200,
      });
    }
    await using desk = await openDesk(INVITES, stateFile);
    const second = await desk.post('/v1/device/approve', { user_code: tokens[1]?.['user_code'] }, ADMIN);
    expect(second).toMatchObject({ status: 409, text: 'invite exhausted' });
    expect((await desk.post('/v1/device/poll', { poll_token: tokens[0]?.['poll_token'] })).json['status']).toBe('ok');
    rmSync(folder, { recursive: true });
  });

  it('is approved on a page that needs the approval key, and sent back to its own loopback address only', async () => {
    await using desk = await openDesk(INVITES);
    expect(await desk.post('/v1/device/begin', { redirect_url: 'https://evil.example/x' })).toMatchObject({
      status: 400,
    });
    const redirect_url = 'http://127.0.0.1:45678/cc-license-complete';
    const { json } = await desk.post('/v1/device/begin', { redirect_url, email: '<script>x' });
    const code = String(json['user_code']);
    const page = await fetch(`${desk.url}/device?code=${code}`);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).not.toContain('<script>');
    const form = (key: string): Promise<Response> =>
      fetch(`${desk.url}/device`, {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams({ code, key, decision: 'approve' }),
      });
    expect((await form('guess')).status).toBe(401);
    const done = await form(ADMIN);
    expect([done.status, done.headers.get('location')]).toEqual([303, `${redirect_url}?code=${code}`]);
  });
});

describe('the server', () => {
  it('answers each path by its own method, and says ok', async () => {
    await using desk = await openDesk({});
    expect((await fetch(`${desk.url}/v1/license/issue`)).status).toBe(405);
    expect(await (await fetch(`${desk.url}/healthz`)).text()).toBe('ok');
    expect((await fetch(`${desk.url}/v1/revocations`)).status).toBe(404);
    expect((await desk.post('/nowhere', '')).status).toBe(404);
  });

  it('takes 30 questions a minute from one address', async () => {
    await using desk = await openDesk({});
    const statuses: number[] = [];
    for (let count = 0; count < 31; count += 1)
      statuses.push((await desk.post('/v1/license/issue', { invite_code: 'NONE' })).status);
    expect(statuses.slice(0, 30).every((status) => status === 404)).toBe(true);
    const response = await fetch(`${desk.url}/v1/license/issue`, { method: 'POST', body: '{}' });
    expect([response.status, response.headers.get('retry-after'), await response.text()]).toEqual([
      429,
      '60',
      'rate limit exceeded',
    ]);
    // Devices that wait are not shut out by it.
    expect((await desk.post('/v1/device/poll', { poll_token: 'x' })).status).toBe(404);
  });

  it('refuses to start from a damaged state rather than forget what was redeemed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'issuer-state-'));
    writeFileSync(join(folder, 'state.json'), '{');
    expect(() => new IssuerState(join(folder, 'state.json'))).toThrow('is damaged');
    rmSync(folder, { recursive: true });
  });
});
