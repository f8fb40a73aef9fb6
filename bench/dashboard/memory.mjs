import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../scripts/e2e/children.mjs';

/** Looks over all turns, the first one before them. */
const LOOKS = 8;
/** Turns that go through at once. */
const ABREAST = 8;

/**
 * Turns as fast as they go through, and memory after every eighth of them: of the page after a collection, of the server as
 * the system sees it before one (`server_rss_mb`) and what is alive behind one (`server_live_mb`: objects and buffers).
 */
export async function memoryOf({ shim, pid, heapFile, tab }, { turns, ask }) {
  const client = await tab.context().newCDPSession(tab);
  await client.send('Performance.enable');
  const look = async (done) => {
    await client.send('HeapProfiler.collectGarbage');
    const { metrics } = await client.send('Performance.getMetrics');
    const of = (name) => metrics.find((one) => one.name === name)?.value ?? null;
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kib = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`, 'u').exec(status)?.[1]);
    const live = await liveHeap(pid, heapFile);
    return {
      turns: done,
      page_heap_mb: mb(of('JSHeapUsedSize')),
      nodes: of('Nodes'),
      listeners: of('JSEventListeners'),
      server_rss_mb: mb(kib('VmRSS') * 1024),
      server_peak_rss_mb: mb(kib('VmHWM') * 1024),
      server_live_mb: mb(live.heapUsed + live.external),
    };
  };
  const looks = [await look(0)];
  const block = Math.ceil(turns / LOOKS);
  for (let done = block; done <= block * LOOKS; done += block) {
    for (let left = block; left > 0; left -= ABREAST)
      await Promise.all(Array.from({ length: Math.min(ABREAST, left) }, () => ask(shim)));
    // The last look of the dashboard at the shim lies behind them.
    await sleep(2500);
    looks.push(await look(done));
  }
  const growth = (name) => slope(looks.slice(LOOKS / 2).map((one) => [one.turns / 1000, one[name]]));
  return {
    looks,
    growth_per_1000_turns: {
      page_heap_mb: growth('page_heap_mb'),
      server_rss_mb: growth('server_rss_mb'),
      server_live_mb: growth('server_live_mb'),
    },
  };
}

async function liveHeap(pid, file) {
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  return until('the live heap of the dashboard', () => read(file), 20_000);
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** By least squares. */
function slope(points) {
  const mean = (at) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const over = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  const under = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  return Math.round((over / under) * 1000) / 1000;
}

function mb(bytes) {
  return Math.round((bytes / 2 ** 20) * 100) / 100;
}
