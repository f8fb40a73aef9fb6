// One process: reads the transcripts of a home once and prints what it found; with --warm also how long ticks take then.
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openClaudeLog } from '../../packages/tracker/dist/sources/claude-log/open-claude-log.js';
import { someRecords } from './transcripts.mjs';

const [home, warm] = process.argv.slice(2);
const log = openClaudeLog({ roots: [home] });
const cold = timed();
const sums = { input: 0, output: 0, cacheWrite: 0, cacheRead: 0 };
for (const turn of cold.tick.turns) {
  sums.input += turn.inputTokens;
  sums.output += turn.outputTokens;
  sums.cacheWrite += turn.cacheWrite5mTokens + turn.cacheWrite1hTokens;
  sums.cacheRead += turn.cacheReadTokens;
}
const { files, lines, bytes, turns, problems } = cold.tick;
const result = { files, lines, bytes, turns: turns.length, problems: problems.length, sums, cold_ms: cold.ms };
console.log(JSON.stringify(warm === undefined ? result : { ...result, ...(await ticks()) }));

async function ticks() {
  // Folders that changed just now are listed again for a while.
  await sleep(2_500);
  const idle = Array.from({ length: 30 }, () => timed().ms);
  const grown = [];
  const file = join(home, 'projects', '-home-dev-project-0', 'growing.jsonl');
  try {
    for (let seed = 1; seed <= 10; seed += 1) {
      const { text, answers } = someRecords(2 ** 20, seed);
      appendFileSync(file, text);
      const { ms, tick } = timed();
      if (tick.turns.length !== answers) throw new Error(`${tick.turns.length} turns of ${answers} were found`);
      grown.push(ms);
    }
  } finally {
    rmSync(file, { force: true });
  }
  return { idle_ms: idle, grown_ms: grown };
}

function timed() {
  const from = performance.now();
  const tick = log.tick();
  return { tick, ms: performance.now() - from };
}
