import { createHash, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { approvalPage, PAGE_HEADERS } from './approval-page.ts';
import { Desk, DEVICE_S, type Ask, type DeskOptions, type Refusal } from './desk.ts';
import type { IssuedLicense } from './issue.ts';
import type { PendingDevice } from './issuer-state.ts';
import { RateLimit } from './rate-limit.ts';

export interface IssuerOptions extends DeskOptions {
  readonly host: string;
  readonly port: number;
  /** What whoever approves has to know. */
  readonly adminKey: string;
  /** `PUBKEYS.json` of this issuer. */
  readonly keysFile: string;
  /** The signed revocation list, when there is one. */
  readonly revocationsFile: string;
  /** Where people approve, when not here: `%s` or `{code}` stands for the code, else `?code=` is added. */
  readonly authorizeBase: string | null;
}

export interface Issuer {
  readonly url: string;
  close(): Promise<void>;
}

const LARGEST_BODY = 1024 * 1024;
const POLL_INTERVAL_S = 2;
const MINUTE_MS = 60_000;
/** A device polls every two seconds, so it has a budget of its own. */
const [REQUESTS_PER_MINUTE, POLLS_PER_MINUTE] = [30, 60];

/** Serves the license API. Rejects when the port can't be had. */
export async function startIssuer(options: IssuerOptions): Promise<Issuer> {
  const routes = routesOf(options, () => url);
  const limits = {
    poll: new RateLimit(POLLS_PER_MINUTE, MINUTE_MS),
    other: new RateLimit(REQUESTS_PER_MINUTE, MINUTE_MS),
  };
  const server = createServer((request, response) => {
    answer(request, routes, limits).then(
      (reply) => send(response, reply),
      (error: unknown) => {
        const known = error instanceof BadRequest;
        if (!known) process.stderr.write(`shim: ${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
        send(response, known ? text(error.status, error.message) : text(500, 'the issuer failed'));
      },
    );
  });
  await listening(server, options.host, options.port);
  const { port } = server.address() as AddressInfo;
  const url = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Route = (body: string, request: IncomingMessage, query: URLSearchParams) => Reply;

class BadRequest extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function answer(
  request: IncomingMessage,
  routes: ReadonlyMap<string, Route>,
  limits: { readonly poll: RateLimit; readonly other: RateLimit },
): Promise<Reply> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://issuer');
  const route = routes.get(`${request.method} ${pathname}`);
  if (pathname !== '/healthz') {
    const limit = pathname === '/v1/device/poll' ? limits.poll : limits.other;
    if (!limit.allows(request.socket.remoteAddress ?? '', Date.now()))
      return { ...text(429, 'rate limit exceeded'), headers: { ...PLAIN, 'retry-after': '60' } };
  }
  if (route !== undefined) return route(await bodyOf(request), request, searchParams);
  const other = ['GET', 'POST'].filter((method) => routes.has(`${method} ${pathname}`));
  if (other.length === 0) return text(404, 'not found');
  return { ...text(405, 'method not allowed'), headers: { ...PLAIN, allow: other.join(', ') } };
}

function routesOf(options: IssuerOptions, url: () => string): ReadonlyMap<string, Route> {
  const { key, adminKey } = options;
  const desk = new Desk(options);
  const asOperator = (route: Route): Route => {
    return (body, request, query) => {
      const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
      return isSame(given, adminKey) ? route(body, request, query) : text(401, 'the approval key is missing or wrong');
    };
  };
  const decide = (approve: boolean): Route =>
    asOperator((body) => {
      const decided = desk.decide(textOf(objectOf(body)['user_code']) ?? '', approve);
      return 'message' in decided ? refusal(decided) : json(200, deviceRow(decided));
    });
  return new Map<string, Route>([
    ['GET /healthz', () => text(200, 'ok')],
    ['POST /v1/license/issue', (body) => licenseReply(desk.issue(askOf(body)), key)],
    ['POST /v1/device/begin', (body) => beginReply(desk.begin(askOf(body || '{}')), options, url())],
    ['POST /v1/device/poll', (body) => pollReply(desk, objectOf(body, asJsonError)['poll_token'], key)],
    ['GET /v1/device/pending', asOperator(() => json(200, { devices: desk.list().map(deviceRow) }))],
    ['POST /v1/device/approve', decide(true)],
    ['POST /v1/device/deny', decide(false)],
    ['GET /v1/keys', () => fileReply(options.keysFile)],
    ['GET /v1/revocations', () => fileReply(options.revocationsFile)],
    ['GET /device', (_body, _request, query) => page(query.get('code') ?? '', desk, '')],
    ['POST /device', (body) => decideOnPage(new URLSearchParams(body), desk, adminKey)],
  ]);
}

function licenseReply(issued: IssuedLicense | Refusal, key: DeskOptions['key']): Reply {
  return 'status' in issued ? refusal(issued) : json(200, licenseFields(issued, key));
}

/** Both spellings that clients know: `sigB64` with `pubKeyB64`, and `signature` with `kid`. */
function licenseFields({ claims, licenseId, sealed }: IssuedLicense, key: DeskOptions['key']): object {
  const { plan, features, exp } = claims;
  return {
    license: claims,
    sigB64: sealed.signature,
    signature: sealed.signature,
    license_pack: sealed.pack,
    pubKeyB64: key.publicBase64,
    kid: key.kid,
    license_id: licenseId,
    plan,
    features,
    exp,
  };
}

function beginReply(begun: ReturnType<Desk['begin']>, { authorizeBase, key }: IssuerOptions, url: string): Reply {
  if ('status' in begun) return refusal(begun);
  const { user_code: code, plan, features, exp } = begun.pending;
  return json(200, {
    user_code: code,
    poll_token: begun.pollToken,
    authorize_url: authorizeUrl(authorizeBase ?? `${url}/device`, code),
    interval: POLL_INTERVAL_S,
    expires_in: DEVICE_S,
    // Whoever does not believe this key need not wait for what it signs.
    kid: key.kid,
    pubKeyB64: key.publicBase64,
    plan,
    features,
    exp,
  });
}

function authorizeUrl(base: string, code: string): string {
  if (base.includes('%s')) return base.replace('%s', code);
  if (base.includes('{code}')) return base.replace('{code}', code);
  return `${base}${base.includes('?') ? '&' : '?'}code=${code}`;
}

function pollReply(desk: Desk, token: unknown, key: DeskOptions['key']): Reply {
  if (typeof token !== 'string' || token === '') return json(400, { error: 'poll_token required' });
  const polled = desk.poll(token);
  if (polled.status === 'ok') return json(200, { status: 'ok', ...licenseFields(polled.issued, key) });
  return json(polled.status === 'not_found' ? 404 : 200, { status: polled.status });
}

function decideOnPage(form: URLSearchParams, desk: Desk, adminKey: string): Reply {
  const code = form.get('code') ?? '';
  if (!isSame(form.get('key') ?? '', adminKey)) return page(code, desk, 'The approval key is wrong.', 401);
  const approve = form.get('decision') === 'approve';
  const decided = desk.decide(code, approve);
  if ('message' in decided) return page(code, desk, decided.message, decided.status);
  if (decided.redirect_url === null) return page('', desk, approve ? 'Approved.' : 'Denied.');
  const target = new URL(decided.redirect_url);
  target.searchParams.set('code', decided.user_code);
  return { status: 303, headers: { ...PAGE_HEADERS, location: target.href }, body: '' };
}

function page(code: string, desk: Desk, notice: string, status = 200): Reply {
  const pending = code === '' ? null : desk.waiting(code);
  const unknown = code !== '' && pending === null && notice === '' ? 'No device waits with this code.' : notice;
  return { status, headers: PAGE_HEADERS, body: approvalPage(code, pending, unknown) };
}

function deviceRow({ poll_sha256: _hash, ...row }: PendingDevice): object {
  return row;
}

function askOf(body: string): Ask {
  const { invite_code, email, device, redirect_url } = objectOf(body);
  return {
    invite_code: textOf(invite_code),
    email: textOf(email),
    device: textOf(device),
    redirect_url: textOf(redirect_url),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function objectOf(body: string, wording = (message: string): string => message): Record<string, unknown> {
  try {
    const value = JSON.parse(body) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new BadRequest(400, wording('invalid json'));
}

function asJsonError(message: string): string {
  return JSON.stringify({ error: message });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new BadRequest(413, 'the body is larger than 1 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const PLAIN = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };

function text(status: number, message: string): Reply {
  return { status, headers: PLAIN, body: message };
}

function json(status: number, value: object): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(value),
  };
}

function refusal({ status, message }: Refusal): Reply {
  return text(status, message);
}

function fileReply(file: string): Reply {
  if (!existsSync(file)) return text(404, 'there is none');
  return { ...json(200, {}), body: readFileSync(file, 'utf8') };
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) }).end(body);
}

function isSame(given: string, wanted: string): boolean {
  const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}
