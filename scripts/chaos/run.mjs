// One run: clients, providers, shim and tracker, events for a while, calm, and then everything held against everything.
import { randomFrom } from '../seeded-random.mjs';
import { Clients } from './clients.mjs';
import { compareAll } from './compare.mjs';
import { Events } from './events.mjs';
import { Stage } from './stage.mjs';
import { Watch } from './watch.mjs';

/**
 * @param {{ home: string, minutes: number, seed: number, streams: number, withinMs: number, only?: string,
 *   whose: 'shim' | 'both' | 'any' }} options
 * @returns the figures, and under `invariants` what was violated, by invariant; all empty: everything held
 */
export async function runChaos({ home, minutes, seed, streams, withinMs, only, whose }) {
  const stage = new Stage(home);
  await stage.open();
  const clients = new Clients(stage.shimUrl, streams);
  const watch = new Watch(stage);
  const events = new Events({ stage, random: randomFrom(seed), only, whose });
  const startedMs = performance.now();
  const look = async () => {
    await watch.look();
    await stage.readBooks();
  };
  await events.begin();
  await events.until(startedMs + minutes * 60_000, look);
  await events.calm();
  await watch.untilUsable(clients);
  await clients.stop();
  await stage.untilReady();
  await look();
  await stage.endTracker('SIGTERM');
  const polled = await stage.track(['poll', '--once']);
  const entries = await stage.readBooks();
  const { violations, figures } = await compareAll({ stage, attempts: clients.attempts, entries, withinMs });
  if (polled.code !== 0) violations.books_equal.push(`the last poll left with ${polled.code}: ${polled.err.trim()}`);
  violations.data_sound.push(...journalProblems(await stage.track(['verify', '--json']), events.hasMoved('tracker')));
  await stage.close();
  const left = stage.orphans();
  return {
    seed,
    seconds: Math.round((performance.now() - startedMs) / 1000),
    streams,
    within_ms: withinMs,
    only: only ?? null,
    clocks: stage.canJump ? whose : 'none',
    ...events.counts,
    ...figures,
    rss: watch.memory,
    invariants: {
      ...violations,
      sums_sound: watch.sums_sound,
      lanes_usable: watch.lanes_usable,
      memory_bounded: watch.memory_bounded,
      no_exit_unasked: watch.no_exit_unasked,
      nothing_left_behind: left.map((pid) => `process ${pid} is still running`),
    },
  };
}

/** A journal tells when the clock of who wrote it was set back: so it should, and nothing else. */
function journalProblems({ code, out, err }, wasSetBack) {
  if (code === 0) return [];
  const { problems } = out.startsWith('{') ? JSON.parse(out) : { problems: [{ code: 'unreadable', message: err }] };
  return problems
    .filter((problem) => !(wasSetBack && problem.code === 'row-out-of-order'))
    .map((problem) => `tracker verify: ${problem.code} ${problem.message}`);
}
