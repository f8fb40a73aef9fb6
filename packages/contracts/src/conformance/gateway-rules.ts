import { setTimeout as sleep } from 'node:timers/promises';
import type { Asked, Gateway, Reply } from './gateway.ts';
import { alone, behind, Broken, expectSame, expectThat } from './rule.ts';
import type { Rule } from './rule.ts';
import { answering, answerTurn, EVENT_STREAM, TURN_EVENTS, TURN_JSON } from './stand-in-provider.ts';
import type { Received, StandInProvider } from './stand-in-provider.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const CREDENTIAL = 'Bearer conformance-not-a-secret';

/** As Claude Code sends it. */
const CLIENT_HEADERS: Readonly<Record<string, string>> = {
  ...JSON_TYPE,
  authorization: CREDENTIAL,
  'anthropic-version': '2023-06-01',
  'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14,unheard-of-2031-01-01',
  'anthropic-new-thing': 'kept',
  'x-claude-code-session-id': '0b8e8c52-3c3f-4a53-9d0b-6f3f0f6b7a11',
  'x-claude-code-agent-id': 'agent-7',
  'user-agent': 'claude-cli/2.1.329 (external, cli)',
  'x-app': 'cli',
};

function turnBody(model: string, stream: boolean, rest = ''): string {
  return `{"model":"${model}","max_tokens":64,"messages":[{"role":"user","content":"hi"}],"stream":${stream}${rest}}`;
}

function turn(gateway: Gateway, body: string, asked: Asked = {}): Promise<Reply> {
  return gateway.ask('/v1/messages?beta=true', {
    ...asked,
    method: 'POST',
    body,
    headers: { ...CLIENT_HEADERS, ...asked.headers },
  });
}

function only(provider: StandInProvider): Received {
  const turns = provider
    .received()
    .filter(({ method, target }) => method === 'POST' && target.includes('/v1/messages'));
  const [first] = turns;
  if (first === undefined) throw new Broken('nothing reached the provider');
  return first;
}

interface Given {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer of the provider that has to come through as it was given. */
function passes(id: string, says: string, { status, headers = {}, body }: Given): Rule {
  return behind(id, says, async (gateway, provider, model) => {
    provider.behave(answering(status, { ...JSON_TYPE, ...headers }, body));
    const reply = await turn(gateway, turnBody(model, true));
    expectSame('the status', reply.status, status);
    expectSame('the body', reply.body.toString(), body);
    for (const [name, value] of Object.entries(headers)) expectSame(`header ${name}`, reply.headers[name], value);
  });
}

const error = (type: string, message: string): string =>
  `{"type":"error","error":{"type":"${type}","message":"${message}"},"request_id":"req_011"}`;

/** What Claude Code needs of a gateway. Requests need no real account: the provider is played. */
export const GATEWAY_RULES: readonly Rule[] = [
  behind('request.query', 'the query of /v1/messages reaches the provider', async (gateway, provider, model) => {
    provider.behave(answerTurn);
    await turn(gateway, turnBody(model, false));
    expectThat(only(provider).target.endsWith('/v1/messages?beta=true'), `it arrived as ${only(provider).target}`);
  }),
  behind(
    'request.body',
    'the body arrives byte for byte, unknown fields and spacing included',
    async (gateway, provider, model) => {
      provider.behave(answerTurn);
      const body = turnBody(model, false, ' ,\t"context_management" : {"edits":[]},"x_unknown":1.0e2,"u":"\\u00e9é"');
      await turn(gateway, body);
      expectSame('the body', only(provider).body.toString(), body);
    },
  ),
  ...(
    [
      'anthropic-version',
      'anthropic-beta',
      'anthropic-new-thing',
      'x-claude-code-session-id',
      'x-claude-code-agent-id',
    ] as const
  ).map((name) =>
    behind(`request.header.${name}`, `${name} arrives as it was sent`, async (gateway, provider, model) => {
      provider.behave(answerTurn);
      await turn(gateway, turnBody(model, false));
      expectSame(name, only(provider).headers[name], CLIENT_HEADERS[name]);
    }),
  ),
  behind(
    'request.credential',
    'the credential of the client reaches its provider',
    async (gateway, provider, model) => {
      provider.behave(answerTurn);
      await turn(gateway, turnBody(model, false));
      expectSame('authorization', only(provider).headers.authorization, CREDENTIAL);
    },
  ),
  behind('request.large', 'a prompt of 4 MB is taken', async (gateway, provider, model) => {
    provider.behave(answerTurn);
    const reply = await turn(gateway, turnBody(model, false, `,"pad":"${'x'.repeat(4 * 1024 * 1024)}"`));
    expectSame('the status', reply.status, 200);
  }),
  behind('stream.bytes', 'a stream comes through byte for byte', async (gateway, provider, model) => {
    const events = [...TURN_EVENTS];
    events.splice(3, 0, 'event: brand_new\r\ndata: {"type":"brand_new"}\r\n\r\n', ': a comment\n\n');
    provider.behave((_request, answer) => void answer.writeHead(200, EVENT_STREAM).end(events.join('')));
    const reply = await turn(gateway, turnBody(model, true));
    expectSame('the stream', reply.body.toString(), events.join(''));
  }),
  behind('stream.type', 'a stream is announced as text/event-stream', async (gateway, provider, model) => {
    provider.behave(answerTurn);
    const reply = await turn(gateway, turnBody(model, true));
    expectThat(
      reply.headers['content-type']?.startsWith('text/event-stream') === true,
      `it is ${reply.headers['content-type']}`,
    );
  }),
  behind('stream.live', 'an event is relayed before the next one is written', async (gateway, provider, model) => {
    let next: () => void = () => undefined;
    let isLive = false;
    const heard = new Promise<void>((resolve) => (next = resolve));
    provider.behave(async (_request, answer) => {
      answer.writeHead(200, EVENT_STREAM);
      answer.write(TURN_EVENTS.slice(0, 4).join(''));
      isLive = await Promise.race([heard.then(() => true), sleep(3_000, false)]);
      answer.end(TURN_EVENTS.slice(4).join(''));
    });
    const reply = await turn(gateway, turnBody(model, true), { onData: (piece) => piece.includes('Gr') && next() });
    expectThat(reply.isWhole && isLive, 'the first events were held back until the last');
  }),
  behind(
    'stream.cut',
    'a stream that breaks off is not closed as if it were whole',
    async (gateway, provider, model) => {
      provider.behave((_request, answer) => {
        answer.writeHead(200, EVENT_STREAM);
        answer.write(TURN_EVENTS.slice(0, 4).join(''), () => setImmediate(() => answer.destroy()));
      });
      const reply = await turn(gateway, turnBody(model, true)).catch((broken: Error) => {
        if (broken instanceof Broken) throw broken;
        return null;
      });
      expectThat(reply === null || !reply.body.includes('message_stop'), 'message_stop was made up');
      expectThat(reply === null || !reply.isWhole || reply.body.includes('event: error'), 'the end looks clean');
    },
  ),
  behind('stream.error', 'an error event after the first byte comes through', async (gateway, provider, model) => {
    const failed = `event: error\ndata: ${error('overloaded_error', 'Overloaded')}\n\n`;
    const events = [...TURN_EVENTS.slice(0, 4), failed].join('');
    provider.behave((_request, answer) => void answer.writeHead(200, EVENT_STREAM).end(events));
    expectSame('the stream', (await turn(gateway, turnBody(model, true))).body.toString(), events);
  }),
  behind(
    'stream.abort',
    'a client that leaves ends the request to the provider within a second',
    async (gateway, provider, model) => {
      let left: () => void = () => undefined;
      const hasLeft = new Promise<void>((resolve) => (left = resolve));
      provider.behave((_request, answer) => {
        answer.once('close', left);
        answer.writeHead(200, EVENT_STREAM);
        answer.write(TURN_EVENTS.slice(0, 4).join(''));
      });
      const leave = new AbortController();
      const asked = turn(gateway, turnBody(model, true), { onData: () => leave.abort(), signal: leave.signal });
      await asked.catch((thrown: Error) => {
        if (thrown instanceof Broken) throw thrown;
      });
      const seen = await Promise.race([hasLeft.then(() => true), sleep(1_000, false)]);
      expectThat(seen, 'the provider was still being read after a second');
    },
  ),
  behind(
    'answer.json',
    'an answer that does not stream comes through byte for byte',
    async (gateway, provider, model) => {
      provider.behave(answering(200, { ...JSON_TYPE, 'request-id': 'req_011' }, TURN_JSON));
      const reply = await turn(gateway, turnBody(model, false));
      expectSame('the body', reply.body.toString(), TURN_JSON);
      expectSame('request-id', reply.headers['request-id'], 'req_011');
    },
  ),
  passes('error.prompt-too-long', 'the wording that starts compaction is kept', {
    status: 400,
    body: error('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
  }),
  passes('error.401', 'a refused credential is told as it is', {
    status: 401,
    headers: { 'request-id': 'req_011' },
    body: error('authentication_error', 'OAuth token has expired'),
  }),
  passes('error.404', 'an unknown model is told as it is', {
    status: 404,
    body: error('not_found_error', 'model: nope'),
  }),
  passes('error.429', 'a spent window is told with its headers', {
    status: 429,
    headers: {
      'retry-after': '51811',
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-representative-claim': 'five_hour',
      'anthropic-ratelimit-unified-reset': String(Math.floor(Date.now() / 1000) + 3_600),
    },
    body: error('rate_limit_error', 'This request would exceed your limit'),
  }),
  passes('error.529', 'an overloaded provider is told as it is', {
    status: 529,
    headers: { 'x-should-retry': 'true' },
    body: error('overloaded_error', 'Overloaded'),
  }),
  passes('error.500', 'a failing provider is told as it is', {
    status: 500,
    body: error('api_error', 'Internal server error'),
  }),
  behind(
    'answer.rate-headers',
    'the meters in the headers of an answer come through',
    async (gateway, provider, model) => {
      const meters = {
        'anthropic-ratelimit-unified-5h-utilization': '0.41',
        'anthropic-ratelimit-unified-7d-status': 'allowed',
      };
      provider.behave(answering(200, { ...JSON_TYPE, ...meters }, TURN_JSON));
      const reply = await turn(gateway, turnBody(model, false));
      for (const [name, value] of Object.entries(meters)) expectSame(name, reply.headers[name], value);
    },
  ),
  behind('models', 'GET /v1/models?limit=1000 lists models without a redirect within 3 s', async (gateway) => {
    const reply = await gateway.ask('/v1/models?limit=1000', { headers: CLIENT_HEADERS, withinMs: 3_000 });
    expectSame('the status', reply.status, 200);
    const { data } = JSON.parse(reply.body.toString()) as { data?: { id?: unknown }[] };
    expectThat(Array.isArray(data) && data.every(({ id }) => typeof id === 'string'), 'data is no list of models');
  }),
  behind(
    'count-tokens',
    'count_tokens is counted by the provider, or there is nothing there',
    async (gateway, _provider, model) => {
      const body = `{"model":"${model}","messages":[{"role":"user","content":"hi"}]}`;
      const reply = await gateway.ask('/v1/messages/count_tokens?beta=true', {
        method: 'POST',
        body,
        headers: CLIENT_HEADERS,
      });
      if (reply.status === 404) return;
      expectSame('the answer', reply.body.toString(), '{"input_tokens":3}');
    },
  ),
  alone('probe', 'HEAD / is answered at once', async (gateway) => {
    const reply = await gateway.ask('/', { method: 'HEAD', withinMs: 2_000 });
    expectThat(reply.status < 500, `it is ${reply.status}`);
  }),
  alone('request.bad-json', 'a body that is no JSON is a 400 in the error shape of the API', async (gateway) => {
    const reply = await gateway.ask('/v1/messages', { method: 'POST', body: '{"model":', headers: CLIENT_HEADERS });
    expectSame('the status', reply.status, 400);
    const { type, error: said } = JSON.parse(reply.body.toString()) as { type?: string; error?: { type?: string } };
    expectSame('type', type, 'error');
    expectSame('error.type', said?.type, 'invalid_request_error');
  }),
  alone('request.too-large', 'a body over 32 MiB is a 413', async (gateway) => {
    const body = Buffer.alloc(33 * 1024 * 1024, 0x20);
    const reply = await gateway
      .ask('/v1/messages', { method: 'POST', body, headers: CLIENT_HEADERS })
      .catch((thrown: Error) => {
        throw new Broken(`the connection was closed instead (${thrown.message})`);
      });
    expectSame('the status', reply.status, 413);
  }),
];
