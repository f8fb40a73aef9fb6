import { join } from 'node:path';
import { freePort } from '../processes.mjs';
import { startNodeServer } from './node-server.mjs';
import { npmPeer } from './npm-peer.mjs';

const VERSION = '1.15.2';

/** @type {import('./index.mjs').Variant} */
export const portkey = {
  name: 'portkey',
  label: 'Portkey gateway',
  start: async ({ upstreamPort, options, folder }) => {
    const home = await npmPeer(options.cache, '@portkey-ai/gateway', VERSION);
    const port = await freePort();
    const args = [join(home, 'build/start-server.js'), '--headless', `--port=${port}`];
    const server = await startNodeServer({ args, folder, port });
    return {
      ...server,
      port,
      version: VERSION,
      headers: {
        'x-portkey-provider': 'anthropic',
        'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1`,
      },
    };
  },
};
