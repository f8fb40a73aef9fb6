import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { Context } from 'hono';
import type { Outcome } from '../problem.ts';
import { readAssets } from './assets.ts';
import { guard } from './guard.ts';
import { listen } from './listen.ts';
import type { Listening } from './listen.ts';
import { SECURITY_HEADERS } from './security-headers.ts';
import type { Streams, Told } from './streams.ts';

/** What the page can ask for. Every answer is a document of JSON text; nothing can be written. */
export interface PageReaders {
  readonly version: string;
  readonly streams: Streams;
  /** What a page is told first. */
  readonly hello: () => readonly Told[];
  readonly board: () => object;
  /** Query parameters by name. */
  readonly history: (query: Query) => object;
  readonly suggestions: () => object;
  readonly rows: (query: Query) => object;
}

export type Query = (name: string) => string | undefined;

/** Serves the page on loopback. */
export async function servePage(port: number, readers: PageReaders): Promise<Outcome<Listening>> {
  const assets = readAssets();
  if (!assets.ok) return assets;
  const app = new Hono();
  const query =
    (c: Context): Query =>
    (name) =>
      c.req.query(name);
  app.get('/api/board', (c) => c.json(readers.board()));
  app.get('/api/history', (c) => c.json(readers.history(query(c))));
  app.get('/api/suggestions', (c) => c.json(readers.suggestions()));
  app.get('/api/rows', (c) => c.json(readers.rows(query(c))));
  app.get('/api/live', (c) => readers.streams.open(readers.hello(), c.req.raw.signal));
  app.get('/health', (c) => c.json({ status: 'ok', version: readers.version }));
  for (const [path, { type, body }] of assets.value) app.get(path, (c) => c.body(body, 200, { 'content-type': type }));
  app.notFound((c) => c.json({ error: 'There is nothing here. The page is at /' }, 404));
  app.onError((error, c) => c.json({ error: `The tracker failed: ${error.message}` }, 500));
  const answer = getRequestListener(app.fetch);
  return await listen(port, (incoming, outgoing) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) outgoing.setHeader(name, value);
    const refusal = guard(incoming);
    if (refusal === null) return void answer(incoming, outgoing);
    const allow = refusal.status === 405 ? { allow: 'GET, HEAD' } : {};
    outgoing
      .writeHead(refusal.status, { 'content-type': 'application/json', connection: 'close', ...allow })
      .end(JSON.stringify({ error: refusal.message }));
  });
}
