// What an Anthropic SDK must see through the shim. Each case gets a new world; see world.mjs.
import { fileURLToPath } from 'node:url';
import { credentialsStayedHome, sameTokensEverywhere, tokensOf } from './books.mjs';
import { runToEnd } from './children.mjs';
import { deepEqual, equal, isTrue } from './expect.mjs';
import { plainEnv, SAID, TURN } from './world.mjs';

const program = fileURLToPath(new URL('sdk-client.mjs', import.meta.url));
const SPOKEN = SAID.repeat(TURN.text_chunks);
const RATE_LIMITED = { rules: [{ then: { act: 'reject', kind: 'request_scoped' } }] };
const OVERLOADED = { rules: [{ then: { act: 'overloaded' } }] };
const FAILS_ONCE = { rules: [{ match: { nth: 1 }, then: { act: 'error', status: 503 } }] };

/** @param home folder of the SDK; @param id names the client in the table */
export function sdkCases(home, id) {
  const ask = (world, action, env = {}) => runSdk(world, { home, action, env });
  const cases = {
    create: { run: (world) => whole(world, ask) },
    stream: { run: (world) => streamed(world, ask) },
    'stream, compressed by the provider': {
      world: { first: { turn: { ...TURN, content_encoding: 'gzip' } } },
      run: (world) => streamed(world, ask, { isCompressed: true }),
    },
    'stream without a request id': {
      world: { first: { turn: { ...TURN, no_request_id: true } } },
      run: (world) => mintedId(world, ask),
    },
    '24 streams at once': { run: (world) => burst(world, ask) },
    countTokens: { run: (world) => counted(world, ask) },
    'models.list': { run: (world) => listed(world, ask) },
    '429, then the other lane': { world: { first: RATE_LIMITED }, run: (world) => rescued(world, ask) },
    '529 on every lane': { world: { first: OVERLOADED, second: RATE_LIMITED }, run: (world) => refused(world, ask) },
    'quota spent': { world: { quotas: { models: { '*': { rolling_tokens: 1 } } } }, run: (world) => spent(world, ask) },
    '503 on every lane, then its own retry': {
      world: { first: FAILS_ONCE, second: FAILS_ONCE },
      run: (world) => secondTry(world, ask),
    },
    'abort in the middle': {
      world: { first: { turn: { ...TURN, text_chunks: 2000, pace_ms: 10 } } },
      run: (world) => aborted(world, ask),
    },
  };
  return Object.entries(cases).map(([name, one]) => ({ name: `${id}: ${name}`, ...one }));
}

async function whole(world, ask) {
  const got = await ask(world, 'create');
  const seen = await oneExchange(world, got);
  equal(got.lane, 'anthropic', 'x-ccp-lane');
  equal(got.text, SPOKEN, 'text of the message');
  sameBytes(got, seen.books);
  return seen;
}

async function streamed(world, ask, { isCompressed = false } = {}) {
  const got = await ask(world, 'stream');
  const seen = await oneExchange(world, got);
  equal(got.pieces, SPOKEN, 'text of the deltas');
  equal(got.text, SPOKEN, 'text of the final message');
  equal(got.stop_reason, 'end_turn', 'stop reason');
  // The client's fetch undoes the compression before anybody can look.
  if (!isCompressed) sameBytes(got, seen.books);
  return seen;
}

/** An answer without an id gets one of ours: it must be the same in the client's hands and in the log. */
async function mintedId(world, ask) {
  const got = await ask(world, 'stream');
  const seen = await settled(world, [got]);
  isTrue(/^req_ccp_[0-9a-f]{8}$/u.test(got.request_id ?? ''), `request id for the client is ${got.request_id}`);
  equal(seen.completions[0].request_id, got.request_id, 'request id in the log');
  return seen;
}

async function burst(world, ask) {
  const { answers } = await ask(world, 'burst', { E2E_BURST: '24' });
  const seen = await settled(world, answers ?? [], { exchanges: 24 });
  const ids = (list) => list.map(({ request_id }) => request_id).toSorted();
  deepEqual(ids(answers), ids(seen.books), 'request ids for the client');
  deepEqual(ids(seen.completions), ids(seen.books), 'request ids in the log');
  equal(new Set(seen.completions.map(({ rid }) => rid)).size, 24, 'different rids');
  return seen;
}

async function counted(world, ask) {
  const got = await ask(world, 'count');
  const seen = await settled(world, []);
  const [entry] = seen.books;
  equal(entry.path, '/v1/messages/count_tokens', 'path');
  equal(got.input_tokens, Math.ceil(entry.request_bytes / 4), 'count');
  equal(seen.completions[0].op, 'count_tokens', 'op in the log');
  sameBytes(got, seen.books);
  return seen;
}

async function listed(world, ask) {
  const got = await ask(world, 'models');
  const seen = await settled(world, []);
  isTrue(got.ids?.length === 3, `models: ${JSON.stringify(got.ids ?? got)}`);
  equal(seen.books[0].path, '/v1/models', 'path');
  sameBytes(got, seen.books);
  return seen;
}

async function rescued(world, ask) {
  const got = await ask(world, 'stream');
  const seen = await settled(world, [got]);
  equal(got.text, SPOKEN, 'text of the final message');
  deepEqual(seen.books.map(byStatus), ['anthropic 429', 'backup 200'], 'attempts');
  const [line] = seen.completions;
  equal(line.lane, 'backup', 'lane in the log');
  equal(line.fallback_from, 'anthropic', 'fallback_from in the log');
  equal(line.request_id, got.request_id, 'request id');
  equal(seen.books[1].request_sha256, seen.books[0].request_sha256, 'body of the second attempt');
  const { lanes } = seen.usage;
  deepEqual([lanes.anthropic.fallbacks_from, lanes.backup.fallbacks_to], [1, 1], 'fallback counters');
  return seen;
}

/** The client is owed the first lane's own error, word for word. */
async function refused(world, ask) {
  const got = await ask(world, 'create');
  const seen = await settled(world, []);
  deepEqual(seen.books.map(byStatus), ['anthropic 529', 'backup 429'], 'attempts');
  isTrue(['InternalServerError', 'OverloadedError'].includes(got.error), `the SDK threw ${got.error}`);
  deepEqual([got.status, got.type], [529, 'overloaded_error'], 'status and type');
  equal(got.request_id, seen.books[0].request_id, 'request id of the error');
  equal(got.body_request_id, seen.books[0].request_id, 'request id in the body');
  equal(seen.completions[0].request_id, got.request_id, 'request id in the log');
  equal(seen.completions[0].lane, 'anthropic', 'lane in the log');
  return seen;
}

/** The first turn spends the quota. */
async function spent(world, ask) {
  const first = await ask(world, 'create');
  const got = await ask(world, 'create', { E2E_RETRIES: '2' });
  const seen = await settled(world, [first], { exchanges: 2 });
  equal(seen.books.length, 1, 'requests that reached a provider');
  const [, line] = seen.completions;
  deepEqual([line.status, line.err_type], [429, 'quota_blocked'], 'status and err_type in the log');
  equal(line.request_id, got.request_id, 'request id in the log');
  deepEqual([got.error, got.status, got.type], ['RateLimitError', 429, 'rate_limit_error'], 'error');
  equal(got.exchanges.length, 1, 'requests of the client (x-should-retry: false)');
  isTrue(got.message.startsWith('Quota for claude-sonnet-4-5 on'), `message: ${got.message}`);
  isTrue(got.request_id?.startsWith('req_ccp_'), `request id: ${got.request_id}`);
  equal(got.body_request_id, got.request_id, 'request id in the body');
  return seen;
}

async function secondTry(world, ask) {
  const got = await ask(world, 'stream', { E2E_RETRIES: '2' });
  const seen = await settled(world, [got], { exchanges: 2 });
  equal(got.text, SPOKEN, 'text of the final message');
  deepEqual(
    seen.books
      .slice(0, 3)
      .map(({ status }) => status)
      .toSorted(),
    [200, 503, 503],
    'attempts',
  );
  deepEqual(
    seen.completions.map(({ status }) => status),
    [503, 200],
    'completion lines',
  );
  return seen;
}

async function aborted(world, ask) {
  const got = await ask(world, 'abort');
  equal(got.error, 'APIUserAbortError', 'error');
  // The output count of message_start is what a client knows when it leaves before the end.
  const seen = await settled(world, [got]);
  const [entry] = seen.books;
  equal(entry.ended, 'client_gone', 'end in the provider’s books');
  isTrue(entry.client_left.event < 500, `the provider sent ${entry.client_left.event} events before it noticed`);
  equal(seen.completions[0].ended, 'cancelled', 'end in the log');
  equal(seen.completions[0].request_id, got.request_id, 'request id');
  equal(seen.usage.models['claude-sonnet-4-5'].events.cancelled, 1, 'cancelled in /v1/usage');
  equal(seen.usage.lanes.anthropic.active, 0, 'active requests');
  return seen;
}

/** One request, answered by the first lane. */
async function oneExchange(world, got) {
  const seen = await settled(world, [got]);
  equal(seen.books.length, 1, 'requests that reached a provider');
  const [entry] = seen.books;
  const [line] = seen.completions;
  equal(line.ended, 'complete', 'end in the log');
  equal(got.request_id, entry.request_id, 'request id for the client');
  equal(line.request_id, entry.request_id, 'request id in the log');
  return seen;
}

/** Waits for the books of all sides and compares them; `answers` are the client's own. */
async function settled(world, answers, { exchanges = 1 } = {}) {
  const failed = answers.find(({ usage }) => usage === undefined);
  isTrue(failed === undefined, `the client failed: ${JSON.stringify(failed)}`);
  const seen = await world.evidence(exchanges);
  equal(seen.completions.length, exchanges, 'completion lines');
  sameTokensEverywhere(
    seen,
    answers.map(({ model, usage }) => ({ model, tokens: tokensOf(usage) })),
  );
  credentialsStayedHome(world, seen);
  return { ...seen, client: answers };
}

function sameBytes({ exchanges }, [entry]) {
  equal(entry.request_sha256, exchanges[0].request_sha256, 'SHA-256 of the request body at the provider');
  equal(exchanges[0].response_sha256, entry.response_sha256, 'SHA-256 of the answer at the client');
}

function byStatus({ provider, status }) {
  return `${provider} ${status}`;
}

async function runSdk(world, { home, action, env }) {
  const all = { ...plainEnv(world.home), ANTHROPIC_BASE_URL: world.url, ANTHROPIC_AUTH_TOKEN: world.token, ...env };
  const options = { env: all, cwd: world.work, timeoutMs: 30_000 };
  const { code, out, err, timedOut } = await runToEnd(process.execPath, [program, home, action], options);
  isTrue(!timedOut, 'the client took longer than 30 s');
  isTrue(code === 0, `the client left with ${code}: ${err.trim().split('\n').slice(0, 3).join(' ')}`);
  return JSON.parse(out);
}
