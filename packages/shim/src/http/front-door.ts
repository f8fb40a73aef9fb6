import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { failure, type Failure } from '../failure.ts';
import { accept, type Exchange } from './accept.ts';
import { answerFailure } from './answer-failure.ts';
import { guard, type GuardOptions } from './guard.ts';
import { hasDotSegment, proxiedPath, type ProxiedPath } from './paths.ts';

export interface FrontDoorOptions {
  readonly guard: GuardOptions;
  /** Everything that is not proxied. */
  readonly surfaces: RequestListener;
  readonly carry: (exchange: Exchange) => Promise<void>;
  readonly draining: () => boolean;
  readonly onError: (error: unknown) => void;
}

/**
 * Where every request comes in. Proxied paths go around the surface router: it costs as much as the rest of a short
 * exchange together.
 */
export function frontDoor(options: FrontDoorOptions): RequestListener {
  return (incoming, outgoing) => {
    const url = incoming.url ?? '/';
    const refused = guard(incoming, options.guard);
    const path = proxiedPath(url);
    if (refused !== null) answerFailure(outgoing, refused);
    else if (path === null && hasDotSegment(url.split('?', 1)[0] ?? url))
      answerFailure(outgoing, failure('unknown_path', 'Paths with dot segments are refused.'));
    else if (path === null) options.surfaces(incoming, outgoing);
    else proxied(incoming, outgoing, path, options).catch((error: unknown) => fail(outgoing, error, options));
  };
}

async function proxied(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  path: ProxiedPath,
  options: FrontDoorOptions,
): Promise<void> {
  const wrong = options.draining()
    ? failure('shutting_down', 'The shim is shutting down.', { connection: 'close' })
    : wrongMethod(incoming, path);
  if (wrong !== null) return answerFailure(outgoing, wrong);
  const exchange = await accept(incoming, outgoing, path);
  if ('code' in exchange) return answerFailure(outgoing, exchange);
  await options.carry(exchange);
}

function wrongMethod(incoming: IncomingMessage, path: ProxiedPath): Failure | null {
  const wanted = path.op === 'models' ? 'GET' : 'POST';
  if (incoming.method === wanted || (wanted === 'GET' && incoming.method === 'HEAD')) return null;
  return failure('method_not_allowed', `${incoming.method ?? ''} is not allowed here; use ${wanted}.`, {
    allow: wanted,
  });
}

/** A surprise: the client is told as far as it still can be. */
function fail(outgoing: ServerResponse, error: unknown, options: FrontDoorOptions): void {
  options.onError(error);
  try {
    outgoing.statusMessage = '';
    if (outgoing.headersSent) outgoing.destroy();
    else answerFailure(outgoing, failure('internal', 'The shim failed on this request; its log says why.'));
  } catch {
    // Nothing that goes wrong with one answer may end the process and everybody's streams with it.
    outgoing.destroy();
  }
}
