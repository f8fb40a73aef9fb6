// Who counted what, held against each other turn by turn: clients, providers, the shim's rows and sums, the tracker.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const fromShim = createRequire(new URL('../../packages/shim/package.json', import.meta.url));
const { DatabaseSync } = fromShim('@photostructure/sqlite');

const TYPES = ['input', 'output', 'cache_write', 'cache_read'];

export async function compareAll({ stage, attempts, entries, withinMs }) {
  const rows = rowsOf(stage.database);
  const violations = {
    books_equal: [],
    nothing_lost: [],
    nothing_twice: [],
    data_sound: soundness(stage.database),
  };
  const differ = (text) => violations.books_equal.push(text);
  const miss = (text) => violations.nothing_lost.push(text);
  const twice = (text) => violations.nothing_twice.push(text);
  const byId = unique(rows, 'request_id', (id) => twice(`${id} is stored twice`));
  unique(rows, 'rid', (rid) => twice(`rid ${rid} is stored twice`));
  const lost = lostTurns({ attempts, byId, kills: stage.kills.shim, withinMs, say: miss });
  compareClients({ attempts, byId, say: differ });
  const excused = excusedIds(attempts, lost, stage.kills.shim);
  const unknown = attempts.filter(({ id }) => id === null).length;
  const unseen = compareProviders({ entries, byId, excused, say: differ });
  if (unseen.length > unknown) miss(`${unseen.length} answers of providers are in no row, e.g. ${unseen[0]}`);
  await compareUsage({ url: stage.shimUrl, rows, say: differ });
  const turns = turnsOf(stage.data);
  compareTracker({ rows, turns, miss, twice, differ });
  const whole = attempts.filter((one) => one.whole).length;
  return {
    violations,
    figures: {
      requests: attempts.length,
      whole_turns: whole,
      provider_answers: entries.size,
      rows: rows.length,
      tracker_turns: turns.length,
      lost_before_kills: lost.size,
      cut_by_kills: unseen.length,
    },
  };
}

/** Whole turns without a row. Only what ended just before a kill may be among them. */
function lostTurns({ attempts, byId, kills, withinMs, say }) {
  const lost = new Set();
  for (const { id, whole, endedMs } of attempts) {
    if (!whole || byId.has(id)) continue;
    lost.add(id);
    // A client reads its last bytes a moment after they were sent, and after the kill perhaps.
    const kill = kills.find(({ goneMs }) => goneMs >= endedMs);
    if (kill === undefined) say(`${id} came whole, no kill came after it, and it is not stored`);
    else if (kill.ms - endedMs > withinMs)
      say(`${id} came whole ${Math.round(kill.ms - endedMs)} ms before a kill and is not stored`);
  }
  return lost;
}

function compareClients({ attempts, byId, say }) {
  for (const { id, whole, tokens } of attempts) {
    const row = byId.get(id);
    if (whole && row !== undefined && !same(tokens, tokensOf(row)))
      say(`${id}: the client counted ${JSON.stringify(tokens)}, the row says ${JSON.stringify(tokensOf(row))}`);
  }
}

/** Turns that were cut by a kill, or lost just before it. */
function excusedIds(attempts, lost, kills) {
  const cut = attempts.filter(
    ({ whole, endedMs }) => !whole && kills.some(({ ms, goneMs }) => endedMs > ms - 2_000 && endedMs < goneMs + 2_000),
  );
  return new Set([...lost, ...cut.flatMap(({ id }) => (id === null ? [] : [id]))]);
}

/** Answers that spent tokens. @returns ids without a row and without an excuse by id */
function compareProviders({ entries, byId, excused, say }) {
  const unseen = [];
  for (const [id, { usage, ended, act }] of entries) {
    const truth = { ...usage, cache_write: usage.cache_write_5m + usage.cache_write_1h };
    if (TYPES.every((type) => truth[type] === 0)) continue;
    const row = byId.get(id);
    if (row === undefined) {
      if (!excused.has(id)) unseen.push(id);
      continue;
    }
    const told = tokensOf(row);
    // A provider has finished once all is handed over; a shim that was left waiting too long has not read all of it.
    const isExact = ended === 'finished' && row.ended === 'complete';
    const fits = isExact ? same(truth, told) : TYPES.every((type) => told[type] <= truth[type]);
    if (!fits)
      say(
        `${id} (${act}, ${ended}, row ${row.ended}): sent ${JSON.stringify(truth)}, the row says ${JSON.stringify(told)}`,
      );
  }
  return unseen;
}

async function compareUsage({ url, rows, say }) {
  const { models } = await (await fetch(`${url}/v1/usage`)).json();
  for (const model of new Set(rows.map((row) => row.model))) {
    const counted = rows.filter((row) => row.model === model && (row.usage_known === 1 || row.status < 400));
    if (counted.length === 0) continue;
    const sum = Object.fromEntries(
      TYPES.map((type) => [type, counted.reduce((all, row) => all + tokensOf(row)[type], 0)]),
    );
    const weekly = models[model]?.tokens.weekly;
    if (weekly === undefined || !same(sum, weekly))
      say(`${model}: /v1/usage says ${JSON.stringify(weekly)}, the rows add up to ${JSON.stringify(sum)}`);
  }
}

function compareTracker({ rows, turns, miss, twice, differ }) {
  const byRid = unique(turns, 'rid', (rid) => twice(`the tracker has ${rid} twice`));
  for (const row of rows) {
    const turn = byRid.get(row.rid);
    if (turn === undefined) miss(`the tracker has no turn ${row.rid} (status ${row.status})`);
    else if ((turn.tokens_in ?? 0) !== row.input_tokens || (turn.tokens_out ?? 0) !== row.output_tokens)
      differ(`turn ${row.rid}: the tracker says ${turn.tokens_in}/${turn.tokens_out}`);
  }
  const known = new Set(rows.map(({ rid }) => rid));
  for (const { rid } of turns) if (!known.has(rid)) differ(`the tracker has ${rid}, which is in no row`);
}

function rowsOf(file) {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return db.prepare('SELECT * FROM usage_sample').all();
  } finally {
    db.close();
  }
}

function soundness(file) {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const [answer] = db.prepare('PRAGMA integrity_check').all();
    return answer.integrity_check === 'ok' ? [] : [`the database is damaged: ${answer.integrity_check}`];
  } finally {
    db.close();
  }
}

function turnsOf(data) {
  return readFileSync(join(data, 'windows.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .filter(({ kind }) => kind === 'turn')
    .map(({ turn, ...row }) => turn ?? row);
}

function tokensOf(row) {
  return Object.fromEntries(TYPES.map((type) => [type, row[`${type}_tokens`] ?? 0]));
}

function same(a, b) {
  return TYPES.every((type) => a[type] === b[type]);
}

function unique(items, key, twice) {
  const found = new Map();
  for (const item of items) {
    if (item[key] === null || item[key] === undefined) continue;
    if (found.has(item[key])) twice(item[key]);
    found.set(item[key], item);
  }
  return found;
}
