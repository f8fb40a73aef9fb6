import type { EventRing, StoredEvent } from '../store/event-ring.ts';

const HEARTBEAT_MS = 15_000;
/** A reader that falls this far behind is let go: it can come back with Last-Event-ID. */
const BACKLOG_EVENTS = 2_000;

export interface EventStreams {
  /** `lastEventId`: `<epoch>-<seq>` of the last event the reader has; null starts with the next one. */
  open(lastEventId: string | null, signal: AbortSignal): Response;
  close(): void;
}

/** `GET /v1/events`: usage events as Server-Sent Events, each with an id to resume from. */
export function createEventStreams(epoch: string, ring: EventRing): EventStreams {
  const open = new Set<() => void>();
  return {
    open: (lastEventId, signal) => {
      const from = resumeFrom(lastEventId, epoch);
      const missed = from === null ? { events: [], complete: true } : ring.after(from);
      let stop = (): void => undefined;
      const body = new ReadableStream<Uint8Array>(
        {
          start: (controller) => {
            let unfollow = (): void => undefined;
            const heartbeat = setInterval(() => send(': keep-alive\n\n'), HEARTBEAT_MS);
            stop = () => {
              if (!open.delete(stop)) return;
              unfollow();
              clearInterval(heartbeat);
              controller.close();
            };
            const send = (text: string): void => {
              if ((controller.desiredSize ?? 0) < -BACKLOG_EVENTS) stop();
              else controller.enqueue(Buffer.from(text));
            };
            // What was missed goes out as one piece: however much it is, it is no backlog of a slow reader.
            const hello = `event: hello\ndata: ${JSON.stringify({ epoch, complete: missed.complete })}\n\n`;
            send(hello + missed.events.map((event) => textOf(epoch, event)).join(''));
            unfollow = ring.follow((events) => send(events.map((event) => textOf(epoch, event)).join('')));
            open.add(stop);
            signal.addEventListener('abort', stop, { once: true });
          },
          cancel: () => stop(),
        },
        { highWaterMark: 0 },
      );
      return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } });
    },
    close: () => {
      for (const stop of [...open]) stop();
    },
  };
}

function textOf(epoch: string, { seq, line }: StoredEvent): string {
  return `id: ${epoch}-${seq}\nevent: usage\ndata: ${line}\n\n`;
}

/** An id of another run means everything of this one is news. */
function resumeFrom(lastEventId: string | null, epoch: string): number | null {
  if (lastEventId === null || lastEventId === '') return null;
  const mark = lastEventId.lastIndexOf('-');
  const seq = Number(lastEventId.slice(mark + 1));
  return lastEventId.slice(0, mark) === epoch && Number.isInteger(seq) ? seq : 0;
}
