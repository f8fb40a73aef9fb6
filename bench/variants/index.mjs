import { bareRelay } from './bare-relay.mjs';
import { claudeCodeRouter } from './claude-code-router.mjs';
import { nginx } from './nginx.mjs';
import { portkey } from './portkey.mjs';
import { shim, shimWithoutBooks } from './shim.mjs';

/**
 * What is compared. `start` resolves with a running server on loopback, or throws {@link NotAvailable}.
 *
 * @typedef {object} Running
 * @property {number} port
 * @property {number | undefined} pid root of the process tree that is measured; undefined for the upstream itself
 * @property {string} version
 * @property {Record<string, string>} [headers] headers this server needs from a client
 * @property {string} [modelPrefix] put before the model name by clients of this server
 * @property {number} [readyMs] spawn → ready
 * @property {() => Promise<{ p50_ms: number, p99_ms: number, max_ms: number } | null>} [loopDelay] reads and restarts
 * @property {() => Promise<void>} stop
 *
 * @typedef {{ upstreamPort: number, options: import('../options.mjs').Options, folder: string }} Lab
 * @typedef {{ name: string, label: string, start: (lab: Lab) => Promise<Running> }} Variant
 */

/** @type {readonly Variant[]} */
export const VARIANTS = [
  {
    name: 'direct',
    label: 'direct (no proxy)',
    start: async ({ upstreamPort }) => ({
      port: upstreamPort,
      pid: undefined,
      version: '',
      stop: async () => undefined,
    }),
  },
  nginx,
  bareRelay,
  shim('shim', 'shim', (options) => options.shim),
  shimWithoutBooks(),
  shim('baseline', 'shim, other build', (options) => options.baseline ?? ''),
  portkey,
  claudeCodeRouter,
];
