import { join } from 'node:path';
import { startNodeServer } from './node-server.mjs';

/** The shim's transport without the shim: what is above it is the cost of everything we add. */
export const bareRelay = {
  name: 'bare',
  label: 'bare Node relay',
  start: async ({ upstreamPort, folder }) => {
    const server = await startNodeServer({
      args: [join(import.meta.dirname, 'bare-relay-server.mjs'), String(upstreamPort)],
      folder,
      ready: (line) => (line.startsWith('{') ? JSON.parse(line).port : undefined),
    });
    return { ...server, port: Number(server.said), version: process.version };
  },
};
