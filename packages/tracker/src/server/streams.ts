/** A reader that falls this far behind is let go: it comes back by itself. */
const BACKLOG = 200;
const HEARTBEAT_MS = 15_000;

/** Open `text/event-stream` answers. */
export interface Streams {
  /** `hello`: what a reader is told first. */
  open(hello: readonly Told[], signal: AbortSignal): Response;
  tell(told: Told): void;
  count(): number;
  close(): void;
}

export interface Told {
  readonly event: string;
  /** JSON text in one line. */
  readonly data: string;
}

export function openStreams(): Streams {
  const readers = new Set<{ send: (text: string) => void; stop: () => void }>();
  const heartbeat = setInterval(() => {
    for (const { send } of readers) send(': still here\n\n');
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    open: (hello, signal) => {
      let stop = (): void => undefined;
      const body = new ReadableStream<Uint8Array>(
        {
          start: (controller) => {
            const send = (text: string): void => {
              if ((controller.desiredSize ?? 0) < -BACKLOG) stop();
              else controller.enqueue(Buffer.from(text));
            };
            const reader = { send, stop: () => stop() };
            stop = () => {
              signal.removeEventListener('abort', stop);
              if (readers.delete(reader)) controller.close();
            };
            readers.add(reader);
            // A browser that lost us looks again after so many milliseconds.
            send(`retry: 500\n\n${hello.map(textOf).join('')}`);
            signal.addEventListener('abort', stop, { once: true });
          },
          cancel: () => stop(),
        },
        { highWaterMark: 0 },
      );
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    },
    tell: (told) => {
      if (readers.size === 0) return;
      const text = textOf(told);
      for (const { send } of readers) send(text);
    },
    count: () => readers.size,
    close: () => {
      clearInterval(heartbeat);
      for (const { stop } of readers) stop();
    },
  };
}

function textOf({ event, data }: Told): string {
  return `event: ${event}\ndata: ${data}\n\n`;
}
