import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseUsageEvent } from '@ccp/contracts';
import type { UsageEvent } from '@ccp/contracts';
import { createParser } from 'eventsource-parser';
import { surfaceUrl } from './ccp-url.ts';
import { keyHeader } from './shim-key.ts';

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Each event once, in order. What is no usage event is passed over. */
  readonly heard: (event: UsageEvent) => void;
  /** Time before the stream is asked for again after it ended. */
  readonly againMs?: number;
}

/** A shim without this surface may be replaced by one that has it. */
const ABSENT_AGAIN_MS = 15_000;

/**
 * Follows `GET /v1/events` until stopped. After a break it goes on behind the last event it had; a shim that does not
 * answer, or has no such stream, is asked again later and never a failure: its numbers can be read without.
 */
export async function followEvents(base: URL, { signal, heard, againMs = 1_000 }: FollowOptions): Promise<void> {
  let lastId: string | null = null;
  while (!signal.aborted) {
    const status = await once(base, lastId, signal, (id, event) => {
      lastId = id ?? lastId;
      if (event !== null) heard(event);
    });
    const wait = status === null || status === 200 ? againMs : ABSENT_AGAIN_MS;
    await sleep(wait, undefined, { signal }).catch(() => undefined);
  }
}

/** One connection to its end. Answers its status; null: there was none. */
async function once(
  base: URL,
  lastId: string | null,
  signal: AbortSignal,
  told: (id: string | null, event: UsageEvent | null) => void,
): Promise<number | null> {
  const parser = createParser({
    onEvent: ({ id, event, data }) => told(id ?? null, event === 'usage' ? eventOf(data) : null),
  });
  try {
    const response = await open(base, lastId, signal);
    if (response.statusCode !== 200) {
      response.destroy();
      return response.statusCode ?? null;
    }
    for await (const text of response.setEncoding('utf8')) parser.feed(text as string);
    return 200;
  } catch {
    // Refused, cut or stopped: asked again, unless stopped.
    return null;
  }
}

function open(base: URL, lastId: string | null, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = {
      accept: 'text/event-stream',
      ...(lastId !== null && { 'last-event-id': lastId }),
      ...keyHeader(),
    };
    request(surfaceUrl(base, 'v1/events'), { agent: false, signal, headers }, resolve).on('error', reject).end();
  });
}

function eventOf(data: string): UsageEvent | null {
  try {
    const parsed = parseUsageEvent(JSON.parse(data));
    return parsed.ok ? parsed.value : null;
  } catch {
    return null;
  }
}
