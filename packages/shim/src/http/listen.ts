import { createServer, type RequestListener, type Server } from 'node:http';
import { isLoopback } from '../config/settings.ts';

export interface Listening {
  readonly port: number;
  /** Addresses bound, as clients write them. */
  readonly addresses: readonly string[];
  /** Stops taking connections; resolves when the last one has ended or `withinMs` has passed. */
  drain(withinMs: number): Promise<void>;
}

export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/**
 * Binds 127.0.0.1 and ::1: some clients resolve `localhost` to IPv6 first and do not try the other. Another host is
 * bound alone. Throws {@link ListenError} with what to do.
 */
export async function listen(host: string, port: number, handler: RequestListener): Promise<Listening> {
  const hosts =
    isLoopback(host) && host !== '::1' && host !== '[::1]'
      ? [host === 'localhost' ? '127.0.0.1' : host, '::1']
      : [host.replace(/^\[|\]$/g, '')];
  const servers: Server[] = [];
  let running = 0;
  const counted: RequestListener = (incoming, outgoing) => {
    running += 1;
    outgoing.once('close', () => (running -= 1));
    handler(incoming, outgoing);
  };
  let bound = port;
  for (const address of hosts) {
    const server = createServer(OPTIONS, counted);
    // Claude Code keeps its connection between turns; closing it early would cost a reset now and then.
    server.keepAliveTimeout = 75_000;
    server.headersTimeout = 80_000;
    server.requestTimeout = 300_000;
    const error = await bind(server, address, bound);
    if (error === null) {
      servers.push(server);
      const actual = server.address();
      if (actual !== null && typeof actual === 'object') bound = actual.port;
    } else if (servers.length === 0 || error.code === 'EADDRINUSE') {
      for (const open of servers) open.close();
      throw new ListenError(explain(address, bound, error));
    }
  }
  return {
    port: bound,
    addresses: servers.map((server) => {
      const actual = server.address();
      const name = actual !== null && typeof actual === 'object' ? actual.address : host;
      return `http://${name.includes(':') ? `[${name}]` : name}:${bound}`;
    }),
    drain: async (withinMs) => {
      const closed = Promise.all(
        servers.map(
          (server) =>
            new Promise<void>((resolve) => {
              server.close(() => resolve());
            }),
        ),
      );
      // Clients keep connections open when their answers are finished, and open some they never use.
      const idle = setInterval(() => {
        for (const server of servers) {
          if (running === 0) server.closeAllConnections();
          else server.closeIdleConnections();
        }
      }, 50);
      const deadline = setTimeout(() => {
        for (const server of servers) server.closeAllConnections();
      }, withinMs);
      await closed;
      clearInterval(idle);
      clearTimeout(deadline);
    },
  };
}

const OPTIONS = { maxHeaderSize: 64 * 1024, noDelay: true, keepAlive: true } as const;

function bind(server: Server, address: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen({ host: address, port, ipv6Only: address === '::1' }, () => {
      server.off('error', resolve);
      resolve(null);
    });
  });
}

function explain(address: string, port: number, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${address} is taken. Stop the program that holds it (lsof -i :${port}), or choose another: --port ${port + 1}.`;
    case 'EACCES':
      return `Port ${port} needs privileges this user lacks. Choose one above 1023: --port 8082.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `--host ${address} is not an address of this machine. Use 127.0.0.1.`;
    default:
      return `Can't listen on ${address}:${port} (${error.code ?? error.message}).`;
  }
}
