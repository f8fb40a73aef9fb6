import type { Exchange } from './exchange.ts';
import { fail } from './perform.ts';

/** The endpoint behind a path, whatever base path a provider puts before it. */
export function endpointOf(path: string): string {
  const at = path.lastIndexOf('/v1/');
  return at === -1 ? path : path.slice(at);
}

/** Answers what needs no rule: token counts, the model list, probes, a plan's use; anything else is a 404. */
export function serveEndpoint(exchange: Exchange, method: string, endpoint: string): void {
  const door = `${method} ${endpoint}`;
  if (door === 'POST /v1/messages/count_tokens') {
    // A rough count is enough here: nobody may bill by it.
    const input_tokens = Math.max(1, Math.ceil(exchange.requestBytes / 4));
    return json(exchange, 'count_tokens', { input_tokens });
  }
  if (door === 'GET /v1/models') return json(exchange, 'models', modelList);
  const { zaiQuota, now } = exchange.provider;
  if (door === 'GET /api/monitor/usage/quota/limit' && zaiQuota !== undefined)
    return json(exchange, 'quota', zaiQuota.answer(exchange.request.headers, now(), exchange.skewMs ?? 0));
  if (door === 'HEAD /' || door === 'HEAD /api/hello') {
    exchange.doing('probe');
    return exchange.whole(200, [], Buffer.alloc(0));
  }
  fail(exchange, { act: 'not_found', status: 404, message: `${door} is not part of this provider` });
}

function json(exchange: Exchange, act: string, value: unknown): void {
  exchange.doing(act);
  const headers = ['content-type', 'application/json', 'request-id', exchange.nameAnswer()];
  exchange.whole(200, headers, Buffer.from(JSON.stringify(value)));
}

const models = [
  ['claude-opus-4-5-20251101', 'Claude Opus 4.5', '2025-11-24T00:00:00Z'],
  ['claude-sonnet-4-5-20250929', 'Claude Sonnet 4.5', '2025-09-29T00:00:00Z'],
  ['claude-haiku-4-5-20251001', 'Claude Haiku 4.5', '2025-10-15T00:00:00Z'],
].map(([id, display_name, created_at]) => ({ type: 'model', id, display_name, created_at }));

const modelList = { data: models, has_more: false, first_id: models.at(0)?.id, last_id: models.at(-1)?.id };
