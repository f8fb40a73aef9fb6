import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../processes.mjs';
import { startNodeServer } from './node-server.mjs';
import { npmPeer } from './npm-peer.mjs';

const VERSION = '2.0.0';

/** @type {import('./index.mjs').Variant} */
export const claudeCodeRouter = {
  name: 'ccr',
  label: 'claude-code-router',
  start: async ({ upstreamPort, options, folder }) => {
    const home = await npmPeer(options.cache, '@musistudio/claude-code-router', VERSION);
    const port = await freePort();
    mkdirSync(join(folder, '.claude-code-router'), { recursive: true });
    writeFileSync(join(folder, '.claude-code-router', 'config.json'), JSON.stringify(settings(port, upstreamPort)));
    const args = [join(home, 'dist/cli.js'), 'start'];
    const server = await startNodeServer({ args, folder, port, env: { HOME: folder } });
    return { ...server, port, version: VERSION, modelPrefix: 'bench,' };
  },
};

function settings(port, upstreamPort) {
  const models = ['bench-json', 'bench-burst', 'bench-paced', 'bench-flood'];
  const provider = {
    name: 'bench',
    api_base_url: `http://127.0.0.1:${upstreamPort}/v1/messages`,
    api_key: 'bench-key',
    models,
    transformer: { use: ['Anthropic'] },
  };
  return {
    LOG: false,
    NON_INTERACTIVE_MODE: true,
    HOST: '127.0.0.1',
    PORT: port,
    API_TIMEOUT_MS: 600_000,
    Providers: [provider],
    Router: { default: 'bench,bench-json' },
  };
}
