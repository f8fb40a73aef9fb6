import { answer, disturb, failInside, pour } from './deliver.ts';
import { errorBody, errorFields } from './error-body.ts';
import type { ErrorFields } from './error-body.ts';
import type { Exchange } from './exchange.ts';
import { refusal } from './rejections.ts';
import type { RejectScript } from './rejections.ts';
import type { Decision } from './rules.ts';

/** Answers one exchange as the script decided. */
export function perform(exchange: Exchange, { act, turn }: Decision): void {
  switch (act.act) {
    case 'turn':
      return answer(exchange, turn);
    case 'reject':
      return refuse(exchange, act);
    case 'overloaded': {
      const headers = ['x-should-retry', 'true'];
      if (act.retry_after_s !== undefined) headers.push('retry-after', String(act.retry_after_s));
      return fail(exchange, {
        act: 'overloaded',
        status: 529,
        headers,
        ...(act.message === undefined ? {} : { message: act.message }),
      });
    }
    case 'error': {
      const headers = Object.entries(act.headers ?? {}).flat();
      return fail(exchange, { ...act, act: `error:${String(act.status)}`, headers });
    }
    case 'error_in_stream':
      return failInside(exchange, turn, { ...act, after_events: act.after_events ?? DEFAULT_EVENTS });
    case 'error_first':
      return failInside(exchange, turn, { ...act, after_events: 0 });
    case 'truncate': {
      const how = act.how ?? 'eof';
      return disturb(exchange, turn, { act: `truncate:${how}`, keep: act.after_events ?? DEFAULT_EVENTS, end: how });
    }
    case 'reset_before_headers':
      exchange.doing('reset_before_headers');
      return exchange.outlet.cut(act.how ?? 'reset');
    case 'close_after_headers':
      return disturb(exchange, turn, { act: act.act, keep: 0, end: act.how ?? 'close' });
    case 'silence': {
      const for_ms = act.for_ms === 0 ? undefined : act.for_ms;
      if (act.where === 'before_headers') {
        exchange.doing(`silence:${act.where}`);
        return exchange.later(for_ms, () => answer(exchange, turn));
      }
      const before = act.where === 'after_headers' ? 0 : (act.after_events ?? DEFAULT_EVENTS);
      return disturb(exchange, turn, { act: `silence:${act.where}`, pause: { before, for_ms } });
    }
    case 'huge':
      return pour(exchange, turn, act.bytes);
    case 'slow_accept':
      // The wait is over by now; rules with this act are never asked to answer.
      return answer(exchange, turn);
  }
}

export interface Failure extends Partial<ErrorFields> {
  readonly act: string;
  readonly status: number;
  readonly headers?: readonly string[];
  /** Sent instead of the JSON error. */
  readonly body?: string;
}

/** An error answer in Anthropic's shape. */
export function fail(exchange: Exchange, failure: Failure): void {
  exchange.doing(failure.act);
  const id = exchange.nameAnswer();
  const body = failure.body ?? errorBody(errorFields(failure.status, failure), id);
  const given = failure.headers ?? [];
  const type = given.includes('content-type') ? [] : ['content-type', 'application/json'];
  exchange.whole(failure.status, [...type, 'request-id', id, ...given], Buffer.from(body));
}

/** A refusal of the given kind, with its headers. */
export function refuse(exchange: Exchange, script: RejectScript, act = `reject:${script.kind}`): void {
  exchange.doing(act);
  const request_id = exchange.nameAnswer();
  const has_betas = exchange.request.headers['anthropic-beta'] !== undefined;
  const { status, headers, body } = refusal(script, { now_ms: exchange.toldMs(), request_id, has_betas });
  exchange.whole(status, ['content-type', 'application/json', 'request-id', request_id, ...headers], Buffer.from(body));
}

/** Events before a disturbance when the script does not say: past the first content. */
const DEFAULT_EVENTS = 4;
