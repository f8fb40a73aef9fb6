import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono, type Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { openApi } from '@ccp/contracts';
import type { ConfigStore } from '../config/config-store.ts';
import { describeProblem } from '../config/config-problem.ts';
import { failure, FAILURES, type Failure } from '../failure.ts';
import type { EventStreams } from './events.ts';
import type { Metrics } from './metrics.ts';
import { rollupsAnswer, samplesAnswer, type HistoryReaders } from './history.ts';
import { quotasAnswer } from './quotas.ts';
import { readyzAnswer, type ReadyzReaders } from './readyz.ts';
import { sendJson } from './send-json.ts';
import { usageParts, usageSnapshot, type UsageReaders } from './usage.ts';

export interface SurfaceReaders {
  readonly usage: UsageReaders;
  readonly readyz: ReadyzReaders;
  readonly metrics: Metrics;
  readonly events: EventStreams;
  readonly config: ConfigStore;
  /** Null: nothing is kept in a database. */
  readonly history: HistoryReaders | null;
  /** The owner asked for everything to be read again. */
  readonly reloaded: () => void;
}

/** What the server of Node hands to each request. */
interface Env {
  Bindings: HttpBindings;
}

/** Everything the shim says about itself. Proxied paths never come here. */
export function createSurfaces(readers: SurfaceReaders): Hono<Env> {
  const app = new Hono<Env>();
  app.use(async (c, next) => {
    await next();
    c.header('cache-control', 'no-store');
  });
  // Claude Code probes with HEAD / or HEAD /api/hello before it starts; Hono answers HEAD from GET.
  app.get('/', (c) =>
    c.text(`shim ${readers.readyz.version}: see /v1/usage, /v1/quotas, /v1/readyz, /metrics, /v1/events\n`),
  );
  app.get('/api/hello', (c) => c.text('hello\n'));
  // A client whose base URL has a path probes below that path.
  app.get('/:base{.+}/api/hello', (c) => c.text('hello\n'));
  app.get('/healthz', (c) => c.text('ok'));
  app.get('/openapi.json', (c) => c.json(openApi(new URL(c.req.url).origin, readers.readyz.version)));
  const readyz = (c: Context): Response => {
    const answer = readyzAnswer(readers.readyz);
    return c.json(answer, answer.ready ? 200 : 503);
  };
  app.get('/readyz', readyz);
  app.get('/v1/readyz', readyz);
  app.get('/v1/usage', (c) => {
    sendJson(c.env.outgoing, usageParts(usageSnapshot(readers.usage)));
    return RESPONSE_ALREADY_SENT;
  });
  app.get('/v1/quotas', (c) => c.json(quotasAnswer(readers.config.current().quotas)));
  app.post('/v1/quotas/reload', (c) => {
    const problem = readers.config.reloadQuotas(c.req.query('file'));
    readers.reloaded();
    return problem === null
      ? c.body(null, 204)
      : refuse(c, failure('bad_config', `invalid quotas: ${describeProblem(problem)}`));
  });
  const past = (c: Context, answer: typeof samplesAnswer | typeof rollupsAnswer): Response => {
    if (readers.history === null)
      return refuse(c, failure('no_history', 'Nothing is kept (CCP_PERSIST=0), so there is no history to read.'));
    try {
      const found = answer((name) => c.req.query(name), readers.history);
      return 'code' in found ? refuse(c, found) : c.json(found);
    } catch (error) {
      return refuse(c, failure('no_history', `The database can't be read now: ${(error as Error).message}`));
    }
  };
  app.get('/v1/usage/samples', (c) => past(c, samplesAnswer));
  app.get('/v1/usage/rollups', (c) => past(c, rollupsAnswer));
  const metrics = async (c: Context): Promise<Response> =>
    c.body(await readers.metrics.text(c.req.query('names') === 'original'), 200, {
      'content-type': readers.metrics.contentType,
    });
  app.get('/metrics', metrics);
  app.get('/v1/metrics', metrics);
  app.get('/v1/events', (c) => {
    if (!readers.config.current().catalog.features.events)
      return refuse(
        c,
        failure('unknown_path', 'The feature "events" is off (features in providers.yaml, CCP_FEATURES).'),
      );
    return readers.events.open(c.req.header('last-event-id') ?? c.req.query('last_event_id') ?? null, c.req.raw.signal);
  });
  app.notFound((c) => {
    const known = app.routes.some((route) => route.path === c.req.path && route.method !== 'ALL');
    return refuse(
      c,
      known
        ? failure('method_not_allowed', `${c.req.method} is not allowed on ${c.req.path}.`)
        : failure('unknown_path', `There is nothing at ${c.req.path}.`),
    );
  });
  app.onError((error, c) => refuse(c, failure('internal', `The shim failed: ${error.message}`)));
  return app;
}

function refuse(c: Context, reason: Failure): Response {
  const { status, type } = FAILURES[reason.code];
  return c.json({ type: 'error', error: { type, message: reason.message } }, status as ContentfulStatusCode);
}
