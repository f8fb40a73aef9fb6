import { isLoopback } from '../../config/settings.ts';
import { OperatorError } from '../operator-command.ts';

const TIMEOUT_MS = 10_000;

export interface IssuerReply {
  readonly status: number;
  readonly text: string;
  /** Null: not JSON. */
  readonly json: unknown;
  readonly retryAfterS: number;
}

/** An address without a slash at its end. A license travels in clear text on this computer only. @throws {OperatorError} */
export function issuerUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new OperatorError('the issuer is not an http or https URL', 'write one such as https://license.example', 2);
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new OperatorError('the issuer would be asked without encryption', 'use its https URL', 2);
  return url.origin + url.pathname.replace(/\/+$/, '');
}

/** One question; `body` null asks with GET. @throws {OperatorError} when nothing answers */
export async function askIssuer(
  url: string,
  path: string,
  { body, key }: { readonly body: object | null; readonly key?: string },
): Promise<IssuerReply> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url + path, {
      method: body === null ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...(key !== undefined && { authorization: `Bearer ${key}` }) },
      ...(body !== null && { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await response.text();
  } catch (error) {
    const { cause, message } = error as { cause?: { code?: string }; message: string };
    throw new OperatorError(`no issuer answers at ${url} (${cause?.code ?? message})`, 'check its address');
  }
  let json: unknown = null;
  try {
    json = JSON.parse(text);
  } catch {
    // Errors are plain text.
  }
  return { status: response.status, text, json, retryAfterS: Number(response.headers.get('retry-after') ?? 0) || 0 };
}
