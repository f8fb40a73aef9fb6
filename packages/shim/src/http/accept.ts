import type { IncomingMessage, ServerResponse } from 'node:http';
import { inflateNow } from '../content-encoding.ts';
import type { Accepted, RequestFacts, Wire } from '../exchange.ts';
import { failure, type Failure } from '../failure.ts';
import { topLevelSpans, valueAt, type Span } from '../json-spans.ts';
import { steadyMs } from '../steady-clock.ts';
import type { ProxiedPath } from './paths.ts';
import { requestIds } from './request-id.ts';

const newRid = requestIds();

/** Anthropic's own limit. */
export const BODY_LIMIT = 32 * 1024 * 1024;

/** A request that was read, and the connection it came by. */
export interface Exchange {
  readonly accepted: Accepted;
  readonly wire: Wire;
}

/** Reads a request once: its bytes as they are, and the few facts that routing and metering need. */
export async function accept(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  path: ProxiedPath,
): Promise<Exchange | Failure> {
  const atMs = steadyMs();
  const body = await readBody(incoming);
  if ('code' in body) return body;
  const { op, target } = path;
  const method = incoming.method ?? 'POST';
  const accepted = (plainBody: Buffer, facts: RequestFacts): Exchange => ({
    accepted: { rid: newRid(), op, method, target, bodyBytes: plainBody.length, facts, atMs },
    wire: { incoming, outgoing, body, plainBody },
  });
  if (op === 'models') return accepted(body, noFacts(incoming));
  const encoding = String(incoming.headers['content-encoding'] ?? '').toLowerCase();
  const plainBody = inflateNow(body, encoding, BODY_LIMIT * 4);
  if (plainBody === null) {
    return failure(
      'unsupported_encoding',
      `The request body can't be read as content-encoding "${encoding}". Send it as gzip, deflate, br or plain.`,
    );
  }
  const facts = readFacts(plainBody, incoming);
  return 'code' in facts ? facts : accepted(plainBody, facts);
}

/** Model names key counters and logs: a client must not choose how large those grow. */
const MODEL_CHARS = 128;

const WANTED = ['model', 'stream', 'max_tokens', 'metadata'] as const;

export function readFacts(text: Buffer, incoming: Pick<IncomingMessage, 'headers'>): RequestFacts | Failure {
  const spans = topLevelSpans(text, WANTED);
  let values: Partial<Record<(typeof WANTED)[number], unknown>>;
  let modelSpan: Span | null = null;
  try {
    if (spans === null) {
      const parsed = JSON.parse(text.toString()) as unknown;
      if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return notAnObject();
      values = parsed as typeof values;
    } else {
      const [model, stream, maxTokens, metadata] = spans;
      modelSpan = model ?? null;
      const read = (span: Span | null | undefined): unknown => (span ? valueAt(text, span) : undefined);
      values = { model: read(model), stream: read(stream), max_tokens: read(maxTokens), metadata: read(metadata) };
    }
  } catch (error) {
    return failure('invalid_json', `The request body is not valid JSON: ${(error as Error).message}`);
  }
  const isText = typeof values.model === 'string';
  return {
    model: isText ? known(String(values.model).slice(0, MODEL_CHARS)) : '',
    modelSpan: isText ? modelSpan : null,
    stream: values.stream === true,
    maxTokens: outputLimit(values.max_tokens),
    sessionId: header(incoming, 'x-claude-code-session-id') ?? sessionOf(values.metadata),
    agentId: header(incoming, 'x-claude-code-agent-id'),
  };
}

const names = new Map<string, string>();
/** Far more than models a client asks for by turns. */
const MOST_NAMES = 200;

/**
 * One string for all requests with this name: where it is looked up, about ten times for each, a map then finds the very
 * key it holds and need not compare letters.
 */
function known(name: string): string {
  const found = names.get(name);
  if (found !== undefined) return found;
  if (names.size >= MOST_NAMES) names.clear();
  names.set(name, name);
  return name;
}

/** More than any model writes: a number a client makes up must not fill or lift a quota. */
const MOST_OUTPUT = 10_000_000;

function outputLimit(value: unknown): number | null {
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  return Math.min(Math.max(0, Math.round(value)), MOST_OUTPUT);
}

function noFacts(incoming: IncomingMessage): RequestFacts {
  return {
    model: '',
    modelSpan: null,
    stream: false,
    maxTokens: null,
    sessionId: header(incoming, 'x-claude-code-session-id'),
    agentId: null,
  };
}

function notAnObject(): Failure {
  return failure('invalid_json', 'The request body must be a JSON object.');
}

/** `metadata.user_id` is a JSON text with a session id in it, or (older clients) `user_…_session_<uuid>`. */
function sessionOf(metadata: unknown): string | null {
  const userId = (metadata as Record<string, unknown> | null | undefined)?.['user_id'];
  if (typeof userId !== 'string') return null;
  return (
    /"session_id"\s*:\s*"([^"\\]{1,80})"/.exec(userId)?.[1] ?? /_session_([0-9a-f-]{8,80})$/i.exec(userId)?.[1] ?? null
  );
}

function header(incoming: Pick<IncomingMessage, 'headers'>, name: string): string | null {
  const value = incoming.headers[name];
  return typeof value === 'string' && value.length <= 80 ? value : null;
}

function readBody(incoming: IncomingMessage): Promise<Buffer | Failure> {
  const declared = Number(incoming.headers['content-length'] ?? 0);
  if (declared > BODY_LIMIT) return Promise.resolve(tooLarge());
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > BODY_LIMIT) {
        incoming.removeAllListeners('data');
        resolve(tooLarge());
        return;
      }
      chunks.push(chunk);
    });
    incoming.once('end', () => {
      const [first] = chunks;
      resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, size));
    });
    incoming.once('error', () => resolve(failure('body_incomplete', 'The request body ended before it was complete.')));
    incoming.once('close', () => {
      if (!incoming.complete) resolve(failure('body_incomplete', 'The request body ended before it was complete.'));
    });
  });
}

function tooLarge(): Failure {
  return failure('body_too_large', `Request exceeds the maximum size of ${BODY_LIMIT / 1024 / 1024} MB.`);
}
