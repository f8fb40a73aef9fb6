import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { measure, sample } from './measure.mjs';
import { rssMb } from './processes.mjs';
import { windowsOf } from './scenarios.mjs';
import { VARIANTS } from './variants/index.mjs';
import { NotAvailable } from './variants/not-available.mjs';
import { startPlainShim } from './variants/shim.mjs';

/** A server this slow is measured in the first round only. */
const SLOW_MS = 25_000;
const IDLE_MS = 1000;
/**
 * Short windows that do not count come first: when connections close for the first time after many requests, V8 gives up
 * code that was compiled for open ones, and compiles it anew in the next window.
 */
const UNCOUNTED_WINDOWS = 4;

/**
 * Plays one scenario: fresh servers, each checked once for equal bytes, then round after round with every variant
 * once per window, starting with another one each time. With `fresh` each round has servers of its own.
 */
export async function playScenario(lab, scenario, say) {
  if (scenario.kind === 'start') return playStarts(lab, say);
  const windows = windowsOf(scenario, lab.options);
  const unavailable = {};
  const versions = {};
  const cells = [];
  const start = (round) => startAll(lab, { scenario, round }, unavailable, versions);
  let servers = await start(0);
  try {
    await checkBytes(lab, scenario, servers, unavailable);
    for (let round = 0; round < lab.options.rounds; round += 1) {
      const isFirst = round === 0 || lab.options.fresh;
      if (isFirst && round > 0) {
        await stopAll(servers);
        servers = await start(round);
      }
      const before = isFirst && windows > 1 ? UNCOUNTED_WINDOWS : 0;
      for (let window = -before; window < windows; window += 1) {
        for (const [name, server] of inTurn([...servers], round * windows + window + before)) {
          if (unavailable[name] !== undefined || slow(cells, name)) continue;
          const from = performance.now();
          try {
            const cell = await measure(lab, server, scenario, {
              cold: isFirst && window === -before,
              share: 1 / windows,
            });
            if (window < 0) continue;
            cells.push({ variant: name, round, window, took_ms: performance.now() - from, ...cell });
          } catch (error) {
            unavailable[name] = /** @type {Error} */ (error).message;
          }
        }
      }
      say(`${scenario.name}: round ${round + 1} of ${lab.options.rounds}`);
    }
  } finally {
    await stopAll(servers);
  }
  return { cells, unavailable, versions };
}

async function stopAll(servers) {
  await Promise.all([...servers.values()].map((server) => server.stop()));
}

async function startAll(lab, { scenario, round }, unavailable, versions) {
  const servers = new Map();
  for (const { name, start } of VARIANTS) {
    if (!lab.options.variants.includes(name) || unavailable[name] !== undefined) continue;
    try {
      const server = await start(labFor(lab, `${scenario.name}-${name}-${round}`));
      servers.set(name, server);
      if (server.version !== '') versions[name] = server.version;
    } catch (error) {
      const why =
        error instanceof NotAvailable ? error.message : `did not start: ${/** @type {Error} */ (error).message}`;
      unavailable[name] = `not available: ${why}`;
    }
  }
  return servers;
}

async function checkBytes(lab, scenario, servers, unavailable) {
  let wanted = null;
  for (const [name, server] of servers) {
    try {
      const got = await sample(lab, server, scenario);
      wanted ??= got;
      if (got.status !== 200) unavailable[name] = `answers ${got.status}: ${got.start.slice(0, 60)}`;
      else if (got.sha256 !== wanted.sha256)
        unavailable[name] = `other bytes than without a proxy (${got.bytes}, not ${wanted.bytes})`;
    } catch (error) {
      unavailable[name] = /** @type {Error} */ (error).message;
    }
  }
}

/** Fresh processes, one at a time: spawn → ready, then memory after a second of nothing. */
async function playStarts(lab, say) {
  const unavailable = {};
  const versions = {};
  const cells = [];
  for (let round = 0; round < lab.options.rounds; round += 1) {
    for (const { name, start } of VARIANTS) {
      if (name === 'direct' || !lab.options.variants.includes(name) || unavailable[name] !== undefined) continue;
      try {
        const own = labFor(lab, `start-${name}-${round}`);
        const server = await (name === 'shim' ? startPlainShim(own) : start(own));
        await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
        cells.push({ variant: name, round, ready_ms: server.readyMs, rss_mb: rssMb(server.pid) });
        await server.stop();
      } catch (error) {
        unavailable[name] = /** @type {Error} */ (error).message;
      }
    }
    say(`start: round ${round + 1} of ${lab.options.rounds}`);
  }
  return { cells, unavailable, versions };
}

function labFor({ options, folder, upstream }, name) {
  const own = join(folder, name);
  mkdirSync(own, { recursive: true });
  return { options, folder: own, upstreamPort: upstream.port };
}

/** Another one first each time, and every other time backwards: none always follows the same one. */
function inTurn(list, turn) {
  const at = list.length === 0 ? 0 : Math.floor(turn / 2) % list.length;
  const order = [...list.slice(at), ...list.slice(0, at)];
  return turn % 2 === 0 ? order : order.reverse();
}

function slow(cells, name) {
  return cells.some((cell) => cell.variant === name && cell.took_ms > SLOW_MS);
}
