// One step of rollup.mjs in a process of its own. The last line says how long it took.
import { join } from 'node:path';

const SAMPLE = {
  ts: 1_893_456_000,
  rid: '',
  model: 'claude-haiku-4-5',
  lane: 'anthropic',
  input_tokens: 100,
  output_tokens: 10,
  usage_known: true,
  dirty_s: 1.5,
  stream_s: 1.25,
  ttft_ms: 250,
  status: 200,
  ended: 'complete',
  decision: 'preferred',
  reroute_mode: 'hybrid',
  session_id: 's-1',
};

const { step, dist, argv, ticks } = JSON.parse(process.argv[2] ?? '{}');

if (argv !== undefined) {
  const { run } = await import(join(dist, 'program.js'));
  const figures = await timed(step, () => run(['node', 'tracker', ...argv]));
  console.log(`\nPROBE ${JSON.stringify(figures)}`);
} else {
  console.log(`\nPROBE ${JSON.stringify(await ticksOf(ticks))}`);
}

/** A new process that finds rows added, then ticks of the same process: none and some rows, as `poll --watch` has them. */
async function ticksOf({ dir, round, counts }) {
  const { openBook } = await import(join(dist, 'events/book.js'));
  const { turnOfSample } = await import(join(dist, 'events/turn-event.js'));
  const { summaryKeeper } = await import(join(dist, 'keep-summary.js'));
  const { PRICES } = await import(join(dist, 'rollups/cost/price-map.js'));
  const book = openBook(dir);
  const keeper = summaryKeeper(book, { prices: PRICES, tz: 'UTC', isTzChosen: false });
  const figures = [];
  for (const [tick, count] of counts.entries()) {
    const rows = Array.from({ length: count }, (_, nth) => ({
      ...turnOfSample(
        { ...SAMPLE, rid: `${round}-${tick}-${nth}`, request_id: `req_${round}_${tick}_${nth}` },
        SAMPLE.ts,
      ),
      kind: 'turn',
    }));
    const added = await book.appendMany(rows);
    if (!added.ok) throw new Error(added.problem.message);
    const name = tick === 0 ? `warm: a new process, ${count} new row` : `tick ${tick}: ${count} new rows`;
    figures.push(await timed(name, () => keeper.refresh()));
  }
  figures.push(await timed('tick: nothing new', () => keeper.refresh()));
  return figures;
}

async function timed(name, work) {
  const startMs = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return {
    step: name,
    wall_ms: performance.now() - startMs,
    cpu_ms: (user + system) / 1000,
    start_ms: startMs,
    rss_mib: Math.round(process.memoryUsage.rss() / 2 ** 20),
  };
}
