// What a restarted shim knows, against what clients and the provider know.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const fromShim = createRequire(new URL('../../packages/shim/package.json', import.meta.url));
const { DatabaseSync } = fromShim('@photostructure/sqlite');

/** One kill: its turns, row by row. */
export async function compareRound({ shim, load, known, flushMs, home }) {
  const problems = [];
  const { url } = shim.ready;
  const samples = await samplesSince(url, known.since);
  const byId = new Map();
  for (const sample of samples) {
    if (byId.has(sample.request_id)) problems.push(`${sample.request_id} is stored twice`);
    byId.set(sample.request_id, sample);
    const torn = [sample.input_tokens, sample.output_tokens, sample.dirty_s, sample.status].some(
      (value) => !Number.isFinite(value),
    );
    if (torn || sample.rid.length !== 8) problems.push(`a torn row: ${JSON.stringify(sample)}`);
  }
  const lost = [];
  for (const { id, whole, beforeMs } of load.turns()) {
    if (!whole || byId.has(id)) continue;
    lost.push(beforeMs);
    if (beforeMs > flushMs)
      problems.push(`${id} came whole ${Math.round(beforeMs)} ms before the kill and is not stored`);
  }
  problems.push(...(await ledgerProblems(url, home)), ...soundness(home));
  const newest = samples.at(-1)?.ts ?? known.since;
  return { problems, lost, rows: samples.length, known: { since: newest + 1e-6, samples: byId } };
}

/** All kills together: the ledger, the sum of all rows, and the provider's own books. */
export async function compareTotals({ shim, books, rounds, load, home }) {
  const problems = [];
  const usage = await (await fetch(`${shim.ready.url}/v1/usage`)).json();
  const provider = await books();
  const lost = rounds.reduce((sum, one) => sum + one.lost.length, 0);
  const cut = provider.by_ending.client_gone;
  const figures = { provider_turns: provider.requests, cut_by_kills: cut, ledger_turns: 0, rows: 0 };
  for (const [model, total] of Object.entries(provider.models)) {
    const { tokens, reqs } = usage.models[model] ?? {};
    figures.ledger_turns += reqs ?? 0;
    for (const type of ['input', 'output', 'cache_write', 'cache_read']) {
      if ((tokens?.weekly[type] ?? 0) > total[type])
        problems.push(`${model}: more ${type} tokens in the ledger than in the provider's books`);
    }
  }
  figures.rows = withDatabase(home, (db) => db.prepare('SELECT count(*) AS n FROM usage_sample').get().n);
  // Whatever came to the provider is counted, but for what was lost in the last moments before a kill and what no client
  // got whole. A provider may have finished a turn that still lay in the socket of a shim that was slow: it is no witness.
  const missing = provider.requests - figures.ledger_turns;
  Object.assign(figures, { missing, unfinished: load.unfinished });
  if (missing > lost + load.unfinished)
    problems.push(`${missing} turns are missing, only ${lost} were lost and ${load.unfinished} not finished`);
  return { problems, figures };
}

/** Every page of the listing, by cursor. */
async function samplesSince(url, since) {
  const samples = [];
  let cursor = '';
  do {
    const answer = await fetch(`${url}/v1/usage/samples?since=${since}&limit=500${cursor}`);
    const page = await answer.json();
    samples.push(...Object.values(page.models).flat());
    cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`;
  } while (cursor !== '');
  return samples.toSorted((a, b) => a.ts - b.ts);
}

/** What quotas are rebuilt from is the sum of the rows, and so is what /v1/usage says. */
async function ledgerProblems(url, home) {
  const { models } = await (await fetch(`${url}/v1/usage`)).json();
  const sums = withDatabase(home, (db) => {
    const sql = `SELECT model, sum(input_tokens) AS input, sum(output_tokens) AS output,
      sum(cache_write_tokens) AS cache_write, sum(cache_read_tokens) AS cache_read, count(*) AS n
      FROM usage_sample WHERE usage_known = 1 OR status < 400 GROUP BY model`;
    return db.prepare(sql).all();
  });
  const hours = withDatabase(home, (db) =>
    db.prepare('SELECT model, sum(count) AS n, sum(out_tokens) AS output FROM usage_rollup_hour GROUP BY model').all(),
  );
  return sums.flatMap(({ model, n: _n, ...tokens }) => {
    const weekly = models[model]?.tokens.weekly;
    const same = JSON.stringify(weekly) === JSON.stringify(tokens);
    const hour = hours.find((row) => row.model === model);
    const problems = same ? [] : [`${model}: ledger ${JSON.stringify(weekly)}, rows ${JSON.stringify(tokens)}`];
    if (hour?.output !== tokens.output)
      problems.push(`${model}: hours sum to ${hour?.output}, rows to ${tokens.output}`);
    return problems;
  });
}

function soundness(home) {
  const answer = withDatabase(home, (db) => db.prepare('PRAGMA integrity_check').all());
  return answer.length === 1 && answer[0].integrity_check === 'ok'
    ? []
    : [`the database is damaged: ${JSON.stringify(answer[0])}`];
}

function withDatabase(home, read) {
  const db = new DatabaseSync(join(home, '.local', 'state', 'ccp', 'ccp.sqlite3'), { readOnly: true });
  try {
    return read(db);
  } finally {
    db.close();
  }
}
