// What the tracker reads must be what happened: Claude Code's transcripts, the provider's books, ccusage and the tracker.
import { readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bookTotals } from './books.mjs';
import { runClaude } from './cases-claude-code.mjs';
import { runToEnd, until } from './children.mjs';
import { CLIENTS, findClient } from './clients.mjs';
import { deepEqual, equal, isTrue } from './expect.mjs';
import { plainEnv, TURN } from './world.mjs';

const trackerMain = fileURLToPath(new URL('../../packages/tracker/dist/main.js', import.meta.url));
const TOOL_TURN = { first: { turn: { ...TURN, tool: 'first-bash' } } };

/** @param ccusage folder of its package; Claude Code is needed beside it */
export function trackerCases(ccusage) {
  return [
    {
      name: 'tracker: transcripts, ccusage and the books agree',
      world: TOOL_TURN,
      run: (world) => agree(world, ccusage),
    },
  ];
}

async function agree(world, ccusage) {
  const program = findClient(CLIENTS.find(({ id }) => id === 'claude-code'));
  isTrue(program !== null, 'Claude Code is not in the cache');
  await runClaude(world, { program, prompt: 'run the echo', extra: ['--allowedTools', 'Bash'] });
  await runClaude(world, { program, prompt: 'say hi' });
  // Three turns, unless the client has asked for something of its own beside them.
  const asked = await until('the provider to have answered all', async () => {
    const entries = await world.books();
    return entries.length >= 3 && entries.every(({ ended }) => ended !== 'open') ? entries.length : undefined;
  });
  const seen = await world.evidence(asked);
  const truth = bookTotals(seen);

  const fromShim = join(world.folder, 'from-shim');
  await tracker(world, ['poll', '--once', '--ccp-url', world.url, '--data-dir', fromShim]);
  deepEqual(await reported(world, fromShim), truth, 'the tracker’s sums of polled turns against the books');
  await tracker(world, ['poll', '--once', '--ccp-url', world.url, '--data-dir', fromShim]);
  deepEqual(await reported(world, fromShim), truth, 'the same after a second poll');

  const fromLogs = join(world.folder, 'from-logs');
  const home = join(world.home, '.claude');
  ageTranscripts(home);
  await tracker(world, ['backfill', '--claude-home', home, '--data-dir', fromLogs]);
  deepEqual(await reported(world, fromLogs), truth, 'the tracker’s sums of transcripts against the books');
  const again = await tracker(world, ['backfill', '--claude-home', home, '--data-dir', fromLogs, '--json']);
  equal(JSON.parse(again.out).added, 0, 'turns a second backfill added');
  deepEqual(await ccusageTotals(world, ccusage), truth, 'ccusage’s sums against the books');

  return { ...seen, client: [] };
}

/** The newest answer of a transcript is left out while the file may still be written to. */
function ageTranscripts(home) {
  const minutesAgo = Date.now() / 1000 - 600;
  for (const name of readdirSync(join(home, 'projects'), { recursive: true }))
    if (name.endsWith('.jsonl')) utimesSync(join(home, 'projects', name), minutesAgo, minutesAgo);
}

async function tracker(world, args) {
  const done = await runToEnd(process.execPath, [trackerMain, ...args], {
    env: plainEnv(world.home),
    cwd: world.work,
    timeoutMs: 60_000,
  });
  isTrue(done.code === 0, `tracker ${args[0]} left with ${done.code}: ${done.err.trim().slice(0, 400)}`);
  return done;
}

async function reported(world, dataDir) {
  const { out } = await tracker(world, ['report', 'session', '--json', '--data-dir', dataDir]);
  const { input, output, cache_write, cache_read } = JSON.parse(out).totals.tokens;
  return { input, output, cache_write, cache_read };
}

async function ccusageTotals(world, folder) {
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = join(folder, typeof bin === 'string' ? bin : Object.values(bin)[0]);
  const done = await runToEnd(process.execPath, [file, 'claude', 'daily', '--json', '--offline'], {
    env: { ...plainEnv(world.home), CLAUDE_CONFIG_DIR: join(world.home, '.claude') },
    cwd: world.work,
    timeoutMs: 60_000,
  });
  isTrue(done.code === 0, `ccusage left with ${done.code}: ${done.err.trim().slice(0, 400)}`);
  const { totals } = JSON.parse(done.out);
  return {
    input: totals.inputTokens,
    output: totals.outputTokens,
    cache_write: totals.cacheCreationTokens,
    cache_read: totals.cacheReadTokens,
  };
}
