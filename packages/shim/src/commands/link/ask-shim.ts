import { parseError, parseQuotas, parseReadyz, parseUsage } from '@ccp/contracts';
import type { Parsed, Quotas, Readyz, Usage } from '@ccp/contracts';
import { OperatorError } from '../operator-command.ts';
import type { Address } from './address.ts';

const TIMEOUT_MS = 5_000;

export async function askUsage(address: Address, signal?: AbortSignal): Promise<Usage> {
  return valueOf(parseUsage, await ask({ address, path: '/v1/usage', signal }), address);
}

export async function askQuotas(address: Address): Promise<Quotas> {
  return valueOf(parseQuotas, await ask({ address, path: '/v1/quotas' }), address);
}

/** Also from a shim that is not ready, and from an older one that knows the other path only. */
export async function askReadyz(address: Address): Promise<Readyz> {
  const reply = await ask({ address, path: '/v1/readyz' });
  const answer = reply.status === 404 ? await ask({ address, path: '/readyz' }) : reply;
  return valueOf(parseReadyz, { ...answer, status: answer.status === 503 ? 200 : answer.status }, address);
}

/** Null: done. Else why the shim refused, in its own words. */
export async function askReload(address: Address, file: string | null): Promise<string | null> {
  const query = file === null ? '' : `?file=${encodeURIComponent(file)}`;
  const reply = await ask({ address, path: `/v1/quotas/reload${query}`, method: 'POST' });
  if (reply.status >= 200 && reply.status < 300) return null;
  return reply.status === 400 ? said(reply) : refuse(reply, address);
}

interface Question {
  readonly address: Address;
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly signal?: AbortSignal | undefined;
}

interface Reply {
  readonly path: string;
  readonly status: number;
  readonly text: string;
}

async function ask({ address, path, method = 'GET', signal }: Question): Promise<Reply> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(address.url + path, {
      method,
      headers: { accept: 'application/json', ...(address.key !== null && { 'x-ccp-key': address.key }) },
      // A redirect would carry the key to another place.
      redirect: 'error',
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    });
    return { path, status: response.status, text: await response.text() };
  } catch (error) {
    throw unreached(error, address, timeout.aborted);
  }
}

function unreached(error: unknown, { url }: Address, isLate: boolean): OperatorError {
  if (isLate)
    return new OperatorError(
      `the shim at ${url} did not answer within ${TIMEOUT_MS / 1000} s`,
      'look at what it prints, or start it again with: shim serve',
    );
  const code = codeOf(error);
  if (code === 'ECONNREFUSED')
    return new OperatorError(`no shim answers at ${url} (connection refused)`, `start it with: ${startLine(url)}`);
  return new OperatorError(
    `${url} can't be asked (${code})`,
    `check --url (CCP_BASE_URL), or start a shim with: ${startLine(url)}`,
  );
}

function startLine(url: string): string {
  const { port } = new URL(url);
  return port === '' || port === '8082' ? 'shim serve' : `shim serve --port ${port}`;
}

function codeOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: unknown; message?: unknown } };
  return String(cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : error));
}

function valueOf<T>(read: (value: unknown) => Parsed<T>, reply: Reply, address: Address): T {
  if (reply.status !== 200) return refuse(reply, address);
  const parsed = read(jsonOf(reply, address));
  if (parsed.ok) return parsed.value;
  const first = parsed.problems[0];
  throw new OperatorError(
    `${address.url}${reply.path} answers, but not as a shim does (${first?.path ?? ''} ${first?.reason ?? 'is not usable'})`,
    'check --url (CCP_BASE_URL), or update that shim',
  );
}

function jsonOf({ text, path }: Reply, { url }: Address): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new OperatorError(
      `${url}${path} answers, but not with JSON`,
      'another program may listen there; check --url (CCP_BASE_URL)',
    );
  }
}

function refuse(reply: Reply, { url, keyFile }: Address): never {
  if (reply.status === 401) {
    throw keyFile === null
      ? new OperatorError(`the shim at ${url} asks for its key`, 'give --api-key-file FILE (CCP_API_KEY_FILE)')
      : new OperatorError(
          `the shim at ${url} refuses the key in ${keyFile}`,
          'give the file it was started with (--api-key-file, CCP_API_KEY_FILE)',
        );
  }
  const path = reply.path.split('?', 1)[0] ?? '';
  if (reply.status === 404)
    throw new OperatorError(`there is no ${path} at ${url}`, 'check --url (CCP_BASE_URL), or update that shim');
  throw new OperatorError(`${url}${path} answers ${reply.status}`, said(reply));
}

const LONGEST_MESSAGE = 400;

/** The message of an error answer; older shims answer plain text. */
function said({ text }: Reply): string {
  try {
    const parsed = parseError(JSON.parse(text));
    if (parsed.ok) return parsed.value.error.message;
  } catch {
    // Not JSON: the text itself is the message.
  }
  return text.trim().slice(0, LONGEST_MESSAGE) || 'nothing more was said';
}
