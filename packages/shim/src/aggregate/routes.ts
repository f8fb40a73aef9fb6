import type { UploadAnswer } from '@ccp/contracts';
import { Hono, type Context } from 'hono';
import { keyFor, Refusal, wholeIn, type AggregateEnv } from './asked.ts';
import { takeEvents, takeSummary, type TakenIn } from './intake.ts';
import type { Keyring } from './keys.ts';
import { metricsText, type Tally } from './metrics-text.ts';
import { addReads } from './reads.ts';
import { BodyProblem, readJson } from './read-body.ts';
import { Busy, type AggregateStore, type Kept } from './store.ts';

export interface AggregateReaders {
  readonly store: AggregateStore;
  readonly keyring: Keyring;
  readonly tally: Tally;
  /** Epoch seconds. */
  readonly nowTs: () => number;
  /** Least number of contributors behind a public figure. */
  readonly k: number;
  /** Days after which the content of events is forgotten, at most. */
  readonly retainDays: number;
  /** Uploads that may be in progress at the same time. */
  readonly mostRequests: number;
}

/** Everything an aggregator answers. */
export function createRoutes(readers: AggregateReaders): Hono<AggregateEnv> {
  const { store, keyring, tally } = readers;
  const app = new Hono<AggregateEnv>();
  let running = 0;
  app.use(async (c, next) => {
    await next();
    c.header('cache-control', 'no-store');
  });
  app.get('/', (c) => c.text('aggregator: see /v1/ingest/rollups, /v1/public/report, /metrics\n'));
  app.get('/healthz', (c) => {
    const problem = store.status().error ?? keyring.problem();
    return problem === null ? c.text('ok') : c.text(problem, 503);
  });
  app.get('/metrics', (c) => c.text(metricsText(tally, store.status()), 200, PROMETHEUS));
  /** Uploads in progress hold their bodies in memory: more than may are told to come back before theirs is read. */
  const taking = async (work: () => Promise<Response>): Promise<Response> => {
    if (running >= readers.mostRequests) throw new Busy(1);
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
    }
  };
  app.post('/v1/events', (c) =>
    taking(async () => {
      const { org } = keyFor(keyring, c, 'telemetry_full');
      const taken = takeEvents(await readJson(c.env.incoming));
      if (typeof taken === 'string') throw new Refusal(400, taken);
      const { stream, entries, rejected } = taken;
      const days = Math.min(readers.retainDays, wholeIn(c.req.header('x-ccp-retain-days')) ?? Infinity);
      const kept = await store.keepEvents({
        org,
        stream,
        entries,
        rejectedSeqs: rejected.map(({ seq }) => seq),
        expiresTs: Number.isFinite(days) ? readers.nowTs() + days * DAY_S : null,
      });
      tally.kept('events', kept, rejected.length);
      return c.json(answerOf(kept, rejected));
    }),
  );
  app.post('/v1/metrics', (c) =>
    taking(async () => {
      const tier = c.req.header('x-ccp-tier') ?? 'minimized';
      if (tier !== 'minimized' && tier !== 'full') throw new Refusal(400, 'x-ccp-tier must be minimized or full');
      const key = keyFor(keyring, c, tier === 'full' ? 'telemetry_full' : 'telemetry_minimized');
      const id = c.req.header('idempotency-key');
      const stream = c.req.header('x-ccp-stream');
      const seq = wholeIn(c.req.header('x-ccp-seq'));
      if (!id || !stream || seq === null)
        throw new Refusal(400, 'the headers idempotency-key, x-ccp-stream and x-ccp-seq (from 1) are required');
      const taken = takeSummary(await readJson(c.env.incoming), tier);
      const { org, community = false } = key;
      if (typeof taken === 'string') {
        // Its number is known from now on, so that nobody waits for it.
        const rejected = [{ seq, reason: taken }];
        const kept = await store.keepEvents({ org, stream, entries: [], rejectedSeqs: [seq], expiresTs: null });
        tally.kept('metrics', kept, 1);
        return c.json(answerOf(kept, rejected));
      }
      const kept = await store.keepSummary({ org, stream, seq, id, tier, community, ...taken });
      tally.kept('metrics', kept, 0);
      return c.json(answerOf(kept, []));
    }),
  );
  addReads(app, readers);
  app.notFound((c) => refuse(c, new Refusal(404, `There is nothing at ${c.req.method} ${c.req.path}.`)));
  app.onError((error, c) => {
    const refusal = refusalFor(error);
    tally.refused(refusal.status);
    return refuse(c, refusal);
  });
  return app;
}

const DAY_S = 86_400;
const PROMETHEUS = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };

function answerOf(kept: Kept, rejected: TakenIn['rejected']): UploadAnswer {
  const { accepted, duplicates, ackedSeq, missing } = kept;
  return {
    accepted,
    duplicates,
    acked_seq: ackedSeq,
    missing: missing.map((range) => ({ ...range })),
    rejected: [...rejected],
  };
}

function refusalFor(error: Error): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof Busy) return new Refusal(429, error.message, error.retryAfterS);
  if (error instanceof BodyProblem) return new Refusal(error.status, error.message);
  // Nothing of the request was kept; its sender still has it.
  return new Refusal(503, `it could not be written: ${error.message}`, 5);
}

function refuse(c: Context, { status, message, retryAfterS }: Refusal): Response {
  if (retryAfterS !== null) c.header('retry-after', String(retryAfterS));
  return c.json({ type: 'error', error: { type: ERROR_TYPES[status] ?? 'api_error', message } }, status);
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  415: 'invalid_request_error',
  422: 'invalid_request_error',
  429: 'rate_limit_error',
};
