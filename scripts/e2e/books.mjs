// The comparison every case ends with: provider, shim (three ways) and client must have counted the same tokens.
import { createHash } from 'node:crypto';
import { deepEqual } from './expect.mjs';

const TYPES = ['input', 'output', 'cache_write', 'cache_read'];

/** What one API answer's `usage` amounts to, by token type. */
export function tokensOf(usage) {
  return {
    input: usage.input_tokens ?? 0,
    output: usage.output_tokens ?? 0,
    cache_write: usage.cache_creation_input_tokens ?? 0,
    cache_read: usage.cache_read_input_tokens ?? 0,
  };
}

/**
 * Tokens per model: books == Δ of `/v1/usage` == completion lines == Δ of `/metrics` == what the client says.
 * @param {{ model: string, tokens: object }[]} client what the client itself recorded per answer
 */
export function sameTokensEverywhere({ books, completions, usage, metrics, before }, client) {
  const truth = byModel(books.map((entry) => ({ model: entry.model ?? '', tokens: bookTokens(entry.usage) })));
  const logged = byModel(completions.map((line) => ({ model: line.model, tokens: lineTokens(line) })));
  deepEqual(logged, truth, 'completion lines of usage.jsonl against the provider’s books');
  deepEqual(usageGrowth(before.usage, usage), truth, '/v1/usage against the provider’s books');
  deepEqual(metricsGrowth(before.metrics, metrics), truth, '/metrics against the provider’s books');
  deepEqual(byModel(client), truth, 'the client’s own record against the provider’s books');
}

/** What all answers of the providers amount to, by token type. */
export function bookTotals({ books }) {
  const sum = Object.fromEntries(TYPES.map((type) => [type, 0]));
  for (const { usage } of books) for (const type of TYPES) sum[type] += bookTokens(usage)[type];
  return sum;
}

/** Credentials went where they belong, and nowhere else. */
export function credentialsStayedHome(world, { books }) {
  const bearer = sha256(`Bearer ${world.token}`);
  const key = sha256(world.laneKey);
  for (const { provider, credentials } of books) {
    const expected = provider === 'anthropic' ? { authorization: bearer } : { 'x-api-key': key };
    deepEqual(credentials, expected, `hashes of the credentials that ${provider} received`);
  }
}

export function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

/** Models that spent nothing are left out: a refused attempt is in the books, but not in a client's record. */
function byModel(records) {
  const sums = {};
  for (const { model, tokens } of records) {
    if (TYPES.every((type) => tokens[type] === 0)) continue;
    const sum = (sums[model] ??= Object.fromEntries(TYPES.map((type) => [type, 0])));
    for (const type of TYPES) sum[type] += tokens[type];
  }
  return sums;
}

function bookTokens({ input, output, cache_write_5m, cache_write_1h, cache_read }) {
  return { input, output, cache_write: cache_write_5m + cache_write_1h, cache_read };
}

export function lineTokens(line) {
  return Object.fromEntries(TYPES.map((type) => [type, line[`${type}_tokens`]]));
}

function usageGrowth(before, after) {
  const grown = Object.entries(after.models).map(([model, { tokens }]) => ({
    model,
    tokens: Object.fromEntries(
      TYPES.map((type) => [type, tokens.session[type] - (before.models[model]?.tokens.session[type] ?? 0)]),
    ),
  }));
  return byModel(grown);
}

function metricsGrowth(before, after) {
  return byModel([...samples(after, 1), ...samples(before, -1)]);
}

/** Every `ccp_<type>_tokens_total{lane=…,model=…}` as a record of one type. */
function samples(text, sign) {
  return TYPES.flatMap((type) =>
    [...text.matchAll(new RegExp(`^ccp_${type}_tokens_total\\{([^}]*)\\} (\\S+)$`, 'gmu'))].map(
      ([, labels, value]) => ({
        model: /model="([^"]*)"/u.exec(labels)?.[1] ?? '',
        tokens: { ...Object.fromEntries(TYPES.map((one) => [one, 0])), [type]: sign * Number(value) },
      }),
    ),
  );
}
