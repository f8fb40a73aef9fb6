import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { systemErrorCode } from '../problem.ts';
import type { Outcome } from '../problem.ts';

export interface Listening {
  readonly port: number;
  /** As a browser is told, such as http://127.0.0.1:8083. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Binds 127.0.0.1 and, where there is one, ::1; never another address. Port 0 takes a free one. */
export async function listen(port: number, handler: RequestListener): Promise<Outcome<Listening>> {
  const first = server(handler);
  const refused = await bind(first, '127.0.0.1', port);
  if (refused !== null) return { ok: false, problem: problemOf(port, refused) };
  const address = first.address();
  const bound = address !== null && typeof address === 'object' ? address.port : port;
  const second = server(handler);
  // Browsers that look up localhost may try IPv6 first. Without it, or when it is taken, 127.0.0.1 is enough.
  const servers = (await bind(second, '::1', bound)) === null ? [first, second] : [first];
  return {
    ok: true,
    value: {
      port: bound,
      url: `http://127.0.0.1:${bound}`,
      close: async () => {
        await Promise.all(
          servers.map((one) => {
            const closed = new Promise<void>((resolve) => one.close(() => resolve()));
            one.closeAllConnections();
            return closed;
          }),
        );
      },
    },
  };
}

function server(handler: RequestListener): Server {
  return createServer({ maxHeaderSize: 16 * 1024, noDelay: true, requestTimeout: 30_000 }, handler);
}

function bind(one: Server, host: string, port: number): Promise<Error | null> {
  return new Promise((resolve) => {
    one.once('error', resolve);
    one.listen({ host, port, ipv6Only: host === '::1' }, () => {
      one.off('error', resolve);
      resolve(null);
    });
  });
}

function problemOf(port: number, error: Error): { code: 'port-taken'; message: string; remedy: string } {
  const code = systemErrorCode(error) ?? error.message;
  const message =
    code === 'EADDRINUSE' ? `port ${port} on 127.0.0.1 is taken` : `127.0.0.1:${port} cannot be listened on (${code})`;
  const other = port < 65_535 ? port + 1 : 8083;
  return { code: 'port-taken', message, remedy: `Choose another: --port ${code === 'EACCES' ? 8083 : other}` };
}
