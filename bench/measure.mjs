import { coreBusyUs, cpuUs, LOAD_CORE, rssMb, SERVER_CORE } from './processes.mjs';

/**
 * The first window of a server is preceded by a longer warm-up: its code is not compiled yet. What runs once for many
 * requests is compiled last, after some fifty thousand of them, and until then that costs more than running it.
 */
const COLD_WARM_MS = 1500;
const WARM_MS = 400;
const COLD_WARM_REQUESTS = 50_000;

/**
 * Plays one scenario against one running server once.
 *
 * @param {{ load: any, upstream: any, answers: { eventBytes: number }, quick: boolean }} lab
 * @param {import('./variants/index.mjs').Running} server
 * @param {import('./scenarios.mjs').Scenario} scenario
 * @param {{ cold: boolean, share: number }} when `share`: of the scenario's window
 */
export async function measure(lab, server, scenario, { cold, share }) {
  const shorter = lab.quick ? 0.4 : 1;
  const job = {
    ...jobFor(lab, server, scenario),
    ms: (scenario.ms ?? 1000) * share * shorter,
    warmMs: (cold ? COLD_WARM_MS : WARM_MS * share) * shorter,
    warmRequests: cold ? (COLD_WARM_REQUESTS / (scenario.bodyKb === undefined ? 1 : 8)) * shorter : 0,
  };
  const wantsDelay = scenario.concurrency === 8 && scenario.bodyKb !== undefined;
  const rssBefore = server.pid === undefined ? null : rssMb(server.pid);
  const meter = startMeter(lab, server);
  let rssHeld = null;
  if (wantsDelay) await server.loopDelay?.();
  const result = await lab.load.run(job, meter.begin, () => {
    meter.end();
    rssHeld = server.pid === undefined ? null : rssMb(server.pid);
  });
  const used = meter.read();
  const work = result.requests ?? result.events ?? 0;
  return {
    ...result,
    cpu_us_each: used.server === null || work === 0 ? null : used.server / work,
    cpu_share: used.server === null ? null : used.server / used.wall,
    others_core_share: used.others,
    rss_before_mb: rssBefore,
    rss_mb: rssHeld,
    loop_delay: wantsDelay ? ((await server.loopDelay?.()) ?? null) : null,
  };
}

/** One answer, to compare its bytes with those of no proxy. */
export function sample(lab, server, scenario) {
  return lab.load.run({ ...jobFor(lab, server, scenario), verify: true });
}

function jobFor({ answers }, { port, headers = {}, modelPrefix = '' }, scenario) {
  return { scenario, port, headers, modelPrefix, eventBytes: answers.eventBytes };
}

/** CPU time of the server between two moments, and of strangers on the two cores. */
function startMeter({ load, upstream }, { pid }) {
  const read = () => ({
    ms: performance.now(),
    server: pid === undefined ? null : cpuUs(pid),
    load: (cpuUs(load.pid) ?? 0) + (cpuUs(upstream.pid) ?? 0),
    cores: [SERVER_CORE, LOAD_CORE].map(coreBusyUs),
  });
  let from = read();
  let to = from;
  return {
    begin: () => (from = read()),
    end: () => (to = read()),
    read: () => {
      const wall = (to.ms - from.ms) * 1000;
      const busy = to.cores.map((us, core) => (us === null ? null : us - (from.cores[core] ?? 0)));
      const server = to.server === null ? null : to.server - (from.server ?? 0);
      const ours = [server ?? 0, to.load - from.load];
      const others = busy.map((us, core) => (us === null ? null : Math.max(0, (us - (ours[core] ?? 0)) / wall)));
      return { wall, server, others };
    },
  };
}
