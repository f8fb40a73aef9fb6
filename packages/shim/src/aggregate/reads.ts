import type { RollupRow, UsageRollups } from '@ccp/contracts';
import type { Hono } from 'hono';
import { publicReport } from './report.ts';
import { keyFor, Refusal, wholeIn, type AggregateEnv } from './asked.ts';
import type { AggregateReaders } from './routes.ts';
import type { OrgSums, StoredEvent, SumRow } from './store.ts';

const MOST_EVENTS = 1_000;
const MOST_WEEKS = 52;

/** What may be read: one's own sums and events with a key, the public report without. */
export function addReads(app: Hono<AggregateEnv>, { store, keyring, nowTs, k }: AggregateReaders): void {
  app.get('/v1/ingest/rollups', async (c) => {
    const { org } = keyFor(keyring, c, 'telemetry_minimized', 'telemetry_full');
    const granularity = c.req.query('granularity') ?? 'hour';
    if (granularity !== 'hour' && granularity !== 'day') throw new Refusal(400, 'granularity must be hour or day');
    const sinceTs = numberIn(c.req.query('since'), 'since');
    const rows = await store.rollups({ org, granularity, sinceTs, model: c.req.query('model') ?? null });
    const models: Record<string, RollupRow[]> = {};
    for (const row of rows) (models[row.model] ??= []).push(rollupRow(row));
    const answer: UsageRollups = { granularity, ts: nowTs(), models, next_cursor: null };
    return c.json(answer);
  });
  app.get('/v1/ingest/models', async (c) => {
    const { org } = keyFor(keyring, c, 'telemetry_minimized', 'telemetry_full');
    return c.json({
      org,
      models: Object.fromEntries((await store.models(org)).map((row) => [row.model, modelSums(row)])),
    });
  });
  app.get('/v1/ingest/orgs', async (c) => {
    const { org, operator = false } = keyFor(keyring, c, 'telemetry_minimized', 'telemetry_full');
    return c.json({ orgs: (await store.orgs(operator ? null : org)).map(orgSums) });
  });
  app.get('/v1/ingest/streams', async (c) => {
    const { org } = keyFor(keyring, c, 'telemetry_minimized', 'telemetry_full');
    const streams = await store.streams(org);
    return c.json({
      streams: streams.map(({ stream, ackedSeq, missing, events, summaries }) => ({
        stream,
        acked_seq: ackedSeq,
        missing,
        events,
        summaries,
      })),
    });
  });
  app.get('/v1/ingest/sessions/:id', async (c) => {
    const { org } = keyFor(keyring, c, 'telemetry_full');
    return c.json({ events: (await store.session(org, c.req.param('id'))).map(storedEvent) });
  });
  app.get('/v1/ingest/events', async (c) => {
    const { org } = keyFor(keyring, c, 'telemetry_full');
    const stream = c.req.query('stream');
    if (stream === undefined) throw new Refusal(400, 'stream is required: see /v1/ingest/streams');
    const afterSeq = numberIn(c.req.query('after'), 'after');
    const limit = Math.min(MOST_EVENTS, wholeIn(c.req.query('limit')) ?? MOST_EVENTS);
    const events = await store.events({ org, stream, afterSeq, limit });
    return c.json({ events: events.map(storedEvent), next_after: events.length === limit ? events.at(-1)?.seq : null });
  });
  app.get('/v1/public/report', async (c) => {
    const weeks = Math.min(MOST_WEEKS, wholeIn(c.req.query('weeks')) ?? 8);
    return c.json(await publicReport(store, { k, weeks, nowTs: nowTs() }));
  });
}

function numberIn(text: string | undefined, name: string): number {
  const value = text === undefined ? 0 : Number(text);
  if (!(value >= 0 && Number.isFinite(value))) throw new Refusal(400, `${name} must be a number from 0`);
  return value;
}

function modelSums(row: Omit<SumRow, 'startTs'>): object {
  return {
    turns: row.turns,
    in_tokens: row.inputTokens,
    out_tokens: row.outputTokens,
    cache_write_tokens: row.cacheWriteTokens,
    cache_read_tokens: row.cacheReadTokens,
    features: row.features,
    cost_usd: row.costUsd,
  };
}

/** The shape in which a shim lists its own sums, so that one reader serves for both. */
function rollupRow(row: SumRow): RollupRow {
  return {
    window_start: row.startTs,
    in_tokens: row.inputTokens,
    out_tokens: row.outputTokens,
    cache_write_tokens: row.cacheWriteTokens,
    cache_read_tokens: row.cacheReadTokens,
    dirty_s: row.dirtyS,
    stream_s: row.streamS,
    out_elr_tps: row.streamS > 0 ? row.outputTokens / row.streamS : 0,
    out_dirty_tps: row.dirtyS > 0 ? row.outputTokens / row.dirtyS : 0,
    count: row.turns,
    cost_usd: row.costUsd,
  };
}

function orgSums(sums: OrgSums): object {
  return {
    org: sums.org,
    streams: sums.streams,
    sessions: sums.sessions,
    turns: sums.turns,
    in_tokens: sums.inputTokens,
    out_tokens: sums.outputTokens,
    features: sums.features,
    cost_usd: sums.costUsd,
    summaries: sums.summaries,
    newest_summary: sums.newestSummary === null ? null : (JSON.parse(sums.newestSummary) as unknown),
  };
}

function storedEvent({ stream, seq, id, json }: StoredEvent): object {
  return { stream, seq, id, ...(json === null ? { event: null } : (JSON.parse(json) as object)) };
}
