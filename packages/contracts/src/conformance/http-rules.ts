import type { SchemaName } from '../generated/schemas.ts';
import { parse } from '../parse.ts';
import type { Gateway } from './gateway.ts';
import { alone, expectSame, expectThat } from './rule.ts';
import type { Rule } from './rule.ts';

/** A path whose answer follows a schema. */
function follows(path: string, schema: SchemaName, statuses: readonly number[] = [200]): Rule {
  const [bare = path] = path.split('?');
  return alone(
    `http.${bare.replace(/^\//, '').replaceAll('/', '.')}`,
    `GET ${bare} follows ${schema}`,
    async (gateway) => {
      const reply = await gateway.ask(path);
      expectThat(statuses.includes(reply.status), `the status is ${reply.status}`);
      expectThat(
        reply.headers['content-type']?.startsWith('application/json') === true,
        `it is ${reply.headers['content-type']}`,
      );
      expectSame('cache-control', reply.headers['cache-control'], 'no-store');
      const parsed = parse(schema, JSON.parse(reply.body.toString()));
      if (parsed.ok) return;
      const { path: where = '', reason = '' } = parsed.problems[0] ?? {};
      expectThat(false, `${where} ${reason}`);
    },
  );
}

/** A request that is refused, in the error shape of the API. */
function refused(
  id: string,
  says: string,
  status: number,
  ask: (gateway: Gateway) => ReturnType<Gateway['ask']>,
): Rule {
  return alone(id, says, async (gateway) => {
    const reply = await ask(gateway);
    expectSame('the status', reply.status, status);
    const parsed = parse('error', JSON.parse(reply.body.toString()));
    expectThat(parsed.ok, 'the body is no error of the API');
  });
}

/** The HTTP contract between shim and tracker. It asks only, and changes nothing. */
export const HTTP_RULES: readonly Rule[] = [
  follows('/v1/usage', 'usage'),
  follows('/v1/usage/samples?since=0&limit=10', 'samples'),
  follows('/v1/usage/rollups?granularity=hour', 'rollups'),
  follows('/v1/quotas', 'quotas'),
  follows('/v1/readyz', 'readyz', [200, 503]),
  alone('http.readyz.same', 'GET /readyz answers what /v1/readyz answers', async (gateway) => {
    const [a, b] = [await gateway.ask('/readyz'), await gateway.ask('/v1/readyz')];
    expectSame('the status', a.status, b.status);
  }),
  alone('http.readyz.means-it', 'readyz is 200 exactly when it says ready', async (gateway) => {
    const reply = await gateway.ask('/v1/readyz');
    const { ready } = JSON.parse(reply.body.toString()) as { ready?: boolean };
    expectSame('ready', ready, reply.status === 200);
  }),
  alone('http.healthz', 'GET /healthz is 200 while the process lives', async (gateway) => {
    expectSame('the status', (await gateway.ask('/healthz')).status, 200);
  }),
  alone('http.metrics', 'GET /metrics is Prometheus text', async (gateway) => {
    const reply = await gateway.ask('/metrics');
    expectSame('the status', reply.status, 200);
    expectThat(
      /^text\/plain; ?version=0\.0\.4/.test(reply.headers['content-type'] ?? ''),
      'it is no text of version 0.0.4',
    );
    expectThat(/^# TYPE \w+ (counter|gauge|histogram)$/m.test(reply.body.toString()), 'no family has a type');
  }),
  alone('http.events', 'GET /v1/events is a stream of events that opens at once', async (gateway) => {
    const enough = new AbortController();
    let type = '';
    const stream = fetch(new URL('/v1/events', gateway.url), { signal: enough.signal });
    const timer = setTimeout(() => enough.abort(), 2_000);
    try {
      const answer = await stream;
      type = answer.headers.get('content-type') ?? '';
    } finally {
      clearTimeout(timer);
      enough.abort();
    }
    expectThat(type.startsWith('text/event-stream'), `it is ${type}`);
  }),
  alone('http.openapi', 'GET /openapi.json describes this contract', async (gateway) => {
    const reply = await gateway.ask('/openapi.json');
    expectSame('the status', reply.status, 200);
    const { openapi } = JSON.parse(reply.body.toString()) as { openapi?: string };
    expectThat(openapi?.startsWith('3.1') === true, `openapi is ${openapi}`);
  }),
  refused('http.unknown-path', 'what is not there is a 404', 404, (gateway) => gateway.ask('/v1/nothing-here')),
  refused('http.method', 'another method is a 405', 405, (gateway) => gateway.ask('/v1/usage', { method: 'DELETE' })),
  refused('http.bad-since', 'a since that is no time is a 400', 400, (gateway) =>
    gateway.ask('/v1/usage/samples?since=soon'),
  ),
  refused('http.bad-limit', 'a limit that is no number is a 400', 400, (gateway) =>
    gateway.ask('/v1/usage/samples?limit=-1'),
  ),
  refused('http.bad-granularity', 'an unknown granularity is a 400', 400, (gateway) =>
    gateway.ask('/v1/usage/rollups?granularity=decade'),
  ),
  refused('guard.host', 'a foreign Host is refused (DNS rebinding)', 403, (gateway) =>
    gateway.ask('/v1/usage', { headers: { host: 'rebound.example:8082' } }),
  ),
  refused('guard.origin', 'a foreign Origin is refused', 403, (gateway) =>
    gateway.ask('/v1/quotas/reload', { method: 'POST', headers: { origin: 'https://evil.example' } }),
  ),
  refused('guard.fetch-site', 'a request from another site is refused', 403, (gateway) =>
    gateway.ask('/v1/usage', { headers: { 'sec-fetch-site': 'cross-site' } }),
  ),
  alone('guard.dot-segments', 'dot segments reach no other path of the provider', async (gateway) => {
    for (const path of ['/v1/messages/../organizations', '/v1/%2e%2e/v1/messages', '/v1/models/..%2fadmin']) {
      const { status } = await gateway.ask(path, { method: 'POST', body: '{"model":"m"}' });
      expectThat(status >= 400 && status < 500, `${path} is ${status}`);
    }
  }),
];
