// A program of its own: uses one Anthropic SDK the way its users do and prints what it got as one JSON line.
// Arguments: folder of the SDK, action. ANTHROPIC_BASE_URL and ANTHROPIC_AUTH_TOKEN come from the environment.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, action] = process.argv.slice(2);
const { default: Anthropic } = await import(pathToFileURL(join(folder, 'index.mjs')).href);

const exchanges = [];
const client = new Anthropic({
  maxRetries: Number(process.env.E2E_RETRIES ?? 0),
  timeout: 15_000,
  fetch: hashingFetch,
});
const request = {
  model: 'claude-sonnet-4-5',
  max_tokens: 1024,
  messages: [{ role: 'user', content: 'Say something — in UTF-8 ✓' }],
};

const actions = {
  async create() {
    const { data, response } = await client.messages.create(request).withResponse();
    return { ...messageFacts(data), request_id: data._request_id, lane: response.headers.get('x-ccp-lane') };
  },
  async stream() {
    const stream = client.messages.stream(request);
    let pieces = '';
    stream.on('text', (text) => (pieces += text));
    const message = await stream.finalMessage();
    return { ...messageFacts(message), pieces, request_id: stream.request_id };
  },
  async burst() {
    const streams = Array.from({ length: Number(process.env.E2E_BURST) }, () => actions.stream());
    return { answers: await Promise.all(streams) };
  },
  async count() {
    const { max_tokens: _unused, ...counted } = request;
    return await client.messages.countTokens(counted);
  },
  async models() {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    return { ids };
  },
  async abort() {
    const stream = client.messages.stream(request);
    stream.on('text', () => stream.abort());
    const usage = {};
    stream.on('streamEvent', (event) => {
      if (event.type === 'message_start') Object.assign(usage, event.message.usage);
    });
    const error = await stream.done().then(
      () => null,
      (problem) => problem,
    );
    return { model: request.model, usage, error: error?.constructor.name ?? null, request_id: stream.request_id };
  },
};

function messageFacts({ model, usage, stop_reason, content }) {
  const text = content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  return { model, usage, stop_reason, text };
}

function errorFacts(error) {
  return {
    error: error.constructor.name,
    family: error instanceof Anthropic.APIError ? 'APIError' : 'other',
    status: error.status ?? null,
    type: error.error?.error?.type ?? null,
    message: error.error?.error?.message ?? error.message,
    body_request_id: error.error?.request_id ?? null,
    request_id: error.requestID ?? null,
    rid: error.headers?.get('x-ccp-rid') ?? null,
  };
}

/** Remembers what went out and what came in, byte for byte. */
async function hashingFetch(url, init) {
  const exchange = { request_sha256: sha256(init?.body ?? ''), response_sha256: null, status: 0 };
  exchanges.push(exchange);
  const response = await fetch(url, init);
  exchange.status = response.status;
  const { status, statusText, headers } = response;
  if (response.body === null) return response;
  const hash = createHash('sha256');
  const tap = new TransformStream({
    transform(chunk, controller) {
      hash.update(chunk);
      controller.enqueue(chunk);
    },
    flush() {
      exchange.response_sha256 = hash.digest('hex');
    },
  });
  return new Response(response.body.pipeThrough(tap), { status, statusText, headers });
}

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

const result = await actions[action]().catch(errorFacts);
process.stdout.write(`${JSON.stringify({ ...result, exchanges })}\n`);
