// What Claude Code must see through the shim. Each case gets a new world; see world.mjs.
import { credentialsStayedHome, sameTokensEverywhere, lineTokens } from './books.mjs';
import { runToEnd } from './children.mjs';
import { deepEqual, equal, isTrue } from './expect.mjs';
import { readTranscripts } from './transcript.mjs';
import { plainEnv, SAID, TURN } from './world.mjs';

const TOOL_TURN = { first: { turn: { ...TURN, tool: 'first-bash' } } };
const RATE_LIMITED = { first: { rules: [{ then: { act: 'reject', kind: 'request_scoped' } }] } };
// Cut after the first whole content block: from there on the transcript keeps the partial answer.
const BROKEN_ONCE = {
  first: { rules: [{ match: { nth: 1 }, then: { act: 'truncate', after_events: 9, how: 'reset' } }] },
};

/** @param program Claude Code's binary */
export function claudeCodeCases(program, id) {
  const ask = (world, options) => runClaude(world, { program, ...options });
  const cases = {
    'one turn': { run: (world) => oneTurn(world, ask) },
    'tool turn': { world: TOOL_TURN, run: (world) => toolTurn(world, ask) },
    'base URL with a path': { run: (world) => oneTurn(world, ask, { prefix: '/t/alpha' }) },
    '429, then the other lane': { world: RATE_LIMITED, run: (world) => rescued(world, ask) },
    'cut stream, its own retry': { world: BROKEN_ONCE, run: (world) => repeated(world, ask) },
    'quota spent': {
      world: { quotas: { models: { '*': { rolling_tokens: 1 } } } },
      run: (world) => spent(world, ask),
    },
    'model list of the gateway': { run: (world) => discovered(world, ask) },
  };
  return Object.entries(cases).map(([name, one]) => ({ name: `${id}: ${name}`, ...one }));
}

async function oneTurn(world, ask, { prefix = '' } = {}) {
  const { out } = await ask(world, { prompt: 'say hi', prefix });
  equal(out.trim(), SAID.repeat(TURN.text_chunks).trim(), 'what it printed');
  const seen = await settled(world, { exchanges: 1 });
  deepEqual(messagePaths(seen), ['/v1/messages?beta=true'], 'requests at the provider');
  return seen;
}

async function toolTurn(world, ask) {
  await ask(world, { prompt: 'run the echo', extra: ['--allowedTools', 'Bash'] });
  const seen = await settled(world, { exchanges: 2 });
  equal(seen.books.length, 2, 'requests at the provider');
  const { toolResults } = readTranscripts(world.home);
  equal(toolResults.length, 1, 'tool results in the transcript');
  isTrue(toolResults[0].includes('hello-from-tool'), `tool result: ${toolResults[0]}`);
  equal(new Set(seen.completions.map((line) => line.session_id)).size, 1, 'sessions in the log');
  isTrue(typeof seen.completions[0].session_id === 'string', 'the log has no session id');
  return seen;
}

async function rescued(world, ask) {
  await ask(world, { prompt: 'say hi' });
  const seen = await settled(world, { exchanges: 1 });
  deepEqual(
    seen.books.map(({ provider, status }) => `${provider} ${status}`),
    ['anthropic 429', 'backup 200'],
    'attempts',
  );
  equal(seen.completions[0].fallback_from, 'anthropic', 'fallback_from in the log');
  return seen;
}

/** What the cut answer cost is in everybody's books; the client itself writes it down only sometimes. */
async function repeated(world, ask) {
  await ask(world, { prompt: 'say hi' });
  const seen = await settled(world, { exchanges: 2, mayForget: 'truncated' });
  deepEqual(
    seen.completions.map(({ ended }) => ended),
    ['truncated', 'complete'],
    'ends in the log',
  );
  return seen;
}

/** A spent budget stops it at once, with our words: no retries, no provider asked. The first turn spends it. */
async function spent(world, ask) {
  await ask(world, { prompt: 'say hi' });
  const { code, out } = await ask(world, { prompt: 'say hi', mayFail: true });
  isTrue(code !== 0, 'it left with 0');
  isTrue(out.includes('Quota for claude-'), `it printed: ${out.trim().slice(0, 300)}`);
  isTrue(out.includes('It has room again at'), `it printed: ${out.trim().slice(0, 300)}`);
  const seen = await settled(world, { exchanges: 2 });
  equal(seen.books.length, 1, 'requests that reached a provider');
  equal(seen.completions[1].err_type, 'quota_blocked', 'err_type in the log');
  const blocks = [...seen.metrics.matchAll(/^ccp_quota_blocks_total\{[^}]*\} (\d+)$/gmu)].map(([, count]) =>
    Number(count),
  );
  // One request, turned away from each of the two lanes.
  equal(
    blocks.reduce((sum, count) => sum + count, 0),
    2,
    'ccp_quota_blocks_total',
  );
  return seen;
}

async function discovered(world, ask) {
  await ask(world, { prompt: 'say hi', env: { CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY: '1' } });
  const seen = await settled(world, { exchanges: 2 });
  const paths = seen.books.map(({ method, path, query }) => `${method} ${path}${query}`).toSorted();
  deepEqual(paths, ['GET /v1/models?limit=1000', 'POST /v1/messages?beta=true'], 'requests at the provider');
  return seen;
}

/** `mayForget`: answers that ended so count as recorded by the client whether it wrote them down or not. */
async function settled(world, { exchanges, mayForget = '' }) {
  const seen = await world.evidence(exchanges);
  equal(seen.completions.length, exchanges, 'completion lines');
  const { answers } = readTranscripts(world.home);
  const written = new Set(answers.map(({ request_id }) => request_id));
  const forgotten = seen.completions.filter((line) => line.ended === mayForget && !written.has(line.request_id));
  sameTokensEverywhere(seen, [
    ...answers,
    ...forgotten.map((line) => ({ model: line.model, tokens: lineTokens(line) })),
  ]);
  const lines = seen.completions.filter(
    (line) => line.op === 'stream' && line.status === 200 && !forgotten.includes(line),
  );
  deepEqual(
    answers.map(({ request_id, model, tokens }) => ({ request_id, model, ...tokens })),
    lines.map((line) => ({
      request_id: line.request_id,
      model: line.model,
      input: line.input_tokens,
      output: line.output_tokens,
      cache_write: line.cache_write_tokens,
      cache_read: line.cache_read_tokens,
    })),
    'request ids and tokens in the transcript against the log',
  );
  credentialsStayedHome(world, seen);
  return { ...seen, client: answers };
}

function messagePaths({ books }) {
  return books.map(({ path, query }) => path + query);
}

/** One run of `claude -p` in a world of its own. */
export async function runClaude(world, { program, prompt, prefix = '', extra = [], env = {}, mayFail = false }) {
  const all = {
    ...plainEnv(world.home),
    ANTHROPIC_BASE_URL: world.url + prefix,
    ANTHROPIC_AUTH_TOKEN: world.token,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
    DISABLE_ERROR_REPORTING: '1',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_MAX_RETRIES: '2',
    IS_SANDBOX: '1',
    ...env,
  };
  const done = await runToEnd(program, ['-p', prompt, ...extra], { env: all, cwd: world.work, timeoutMs: 60_000 });
  isTrue(!done.timedOut, 'it took longer than 60 s');
  isTrue(mayFail || done.code === 0, `it left with ${done.code}: ${(done.err + done.out).trim().slice(0, 400)}`);
  return done;
}
