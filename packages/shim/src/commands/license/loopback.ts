import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Loopback {
  /** Where the browser is to come back to. */
  readonly redirectUrl: string;
  /** Resolves when the browser came back with this code. */
  cameBack(userCode: string): Promise<void>;
  close(): void;
}

const PATH = '/cc-license-complete';

/**
 * Waits on loopback for the browser. What it brings proves nothing: it only says that it is worth asking the issuer
 * now, with the token that never left this program.
 */
export async function openLoopback(): Promise<Loopback> {
  const waiting = new Map<string, () => void>();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const arrived = pathname === PATH ? waiting.get(searchParams.get('code') ?? '') : undefined;
    response.writeHead(arrived === undefined ? 404 : 200, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(arrived === undefined ? 'not found\n' : 'Done. You can close this page.\n');
    arrived?.();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    redirectUrl: `http://127.0.0.1:${port}${PATH}`,
    cameBack: (userCode) => new Promise((resolve) => waiting.set(userCode, resolve)),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
