// A program that keeps sessions and uploads them until it is killed, or, with --finish, until nothing waits any more.
// Its license says yes: what is tested here is the way, not the gate.
import { setTimeout as sleep } from 'node:timers/promises';
import { openSession } from '../../packages/tracker/dist/index.js';

const [dataDir, mode] = process.argv.slice(2);
const open = () => {
  const opened = openSession({ dataDir, license: () => ({ ok: true }) });
  if (!opened.ok) throw new Error(opened.problem.message);
  return opened.value;
};
const must = (outcome) => {
  if (!outcome.ok) throw new Error(outcome.problem.message);
  return outcome.value;
};

if (mode === '--finish') {
  const sent = must(await open().uploadMinimized({ forMs: 60_000 }));
  console.log(JSON.stringify(sent));
} else {
  console.log(JSON.stringify({ event: 'started', pid: process.pid }));
  for (;;) {
    const client = open();
    const session = must(await client.startSession({ repoId: 'shop', branch: 'feature/checkout' }));
    // While one uploads the other writes: a kill finds both at work.
    const uploads = (async () => {
      for (let round = 0; round < 3; round += 1) {
        must(await client.uploadMinimized({ forMs: 400 }));
        await sleep(20);
      }
    })();
    for (let nth = 1; nth <= 12; nth += 1) {
      const turn = { turn_id: `${session.id}-${nth}`, model: nth % 3 === 0 ? 'glm-4.6' : 'claude-sonnet-4-5' };
      must(await client.logEvent({ type: 'turn', turn: { ...turn, tokens_in: 100 + nth, tokens_out: nth } }));
      if (nth % 4 === 0) await sleep(10);
    }
    await uploads;
    must(await client.endSession({ notes: 'done', uploadMs: 200 }));
  }
}
