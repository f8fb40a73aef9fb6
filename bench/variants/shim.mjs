import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NotAvailable } from './not-available.mjs';
import { startNodeServer } from './node-server.mjs';

/**
 * The shim with everything on: metering, a quota for the models asked for, the log, counters.
 *
 * @param {string} name
 * @param {string} label
 * @param {(options: import('../options.mjs').Options) => string} mainOf which build
 * @returns {import('./index.mjs').Variant}
 */
export function shim(name, label, mainOf) {
  return {
    name,
    label,
    start: async (lab) => {
      const main = mainOf(lab.options);
      if (!existsSync(main)) throw new NotAvailable('not built; run `pnpm build`');
      const server = await startNodeServer({ args: shimArgs(main, lab), folder: lab.folder, env: QUIET, ready });
      return { ...server, port: Number(server.said), version: '' };
    },
  };
}

/**
 * The same build without its books: no metering, ledger, log, database or calibration. What the shim costs beyond it is
 * what they cost.
 *
 * @returns {import('./index.mjs').Variant}
 */
export function shimWithoutBooks() {
  return {
    name: 'nobooks',
    label: 'shim without its books',
    start: async (lab) => {
      if (!existsSync(lab.options.shim)) throw new NotAvailable('not built; run `pnpm build`');
      const args = ['--import', NO_BOOKS, ...shimArgs(lab.options.shim, lab)];
      const env = { ...QUIET, CCP_PERSIST: '0' };
      const server = await startNodeServer({ args, folder: lab.folder, env, ready });
      return { ...server, port: Number(server.said), version: '' };
    },
  };
}

const NO_BOOKS = join(import.meta.dirname, '..', 'hooks', 'no-books.mjs');

/** How long a fresh shim takes until it listens, without the bench's hooks. */
export async function startPlainShim(lab) {
  const args = shimArgs(lab.options.shim, lab);
  const server = await startNodeServer({ args, folder: lab.folder, env: QUIET, ready, plain: true });
  return { ...server, port: Number(server.said) };
}

/** Settings of the user's own shell must not change what is measured. */
const QUIET = Object.fromEntries(
  Object.keys(process.env)
    .filter((key) => /^(CCP_(?!BENCH)|ZAI_|ANTHROPIC_|OFFLOAD_|FORCE_)/.test(key))
    .map((key) => [key, undefined]),
);

function shimArgs(main, { folder, upstreamPort }) {
  const providers = join(folder, 'providers.yaml');
  const quotas = join(folder, 'quotas.json');
  writeFileSync(
    providers,
    `providers:
  bench: { base_url: "http://127.0.0.1:${upstreamPort}", pass_through: true }
  other: { base_url: "http://127.0.0.1:9", key_env: CCP_BENCH_NO_KEY }
routes:
  - { pattern: "claude-haiku*", provider: other, fallback: [bench] }
  - { pattern: "*", provider: bench }
`,
  );
  const limit = {
    provider: 'bench',
    rolling_tokens: 1e15,
    weekly_limit_type: 'tokens',
    weekly_limit_value: 1e16,
    warn_pct: 0.8,
  };
  writeFileSync(quotas, JSON.stringify({ models: { 'bench-*': limit } }));
  const files = ['--providers', providers, '--quotas', quotas, '--state-dir', join(folder, 'state')];
  return [main, 'serve', '--port', '0', ...files, '--log-level', 'error', '--json'];
}

function ready(line) {
  return line.startsWith('{') ? JSON.parse(line).port : undefined;
}
