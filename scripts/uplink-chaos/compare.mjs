// The journal of a tracker against the books of an aggregator.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const KINDS = new Set(['session', 'turn', 'session_end']);

/** Every event of the journal, in its order: id, session, kind. */
export function journalEvents(dataDir) {
  const lines = readFileSync(join(dataDir, 'windows.jsonl'), 'utf8').split('\n');
  return lines.flatMap((line) => {
    let row;
    try {
      row = JSON.parse(line);
    } catch {
      // A row that a kill has cut off: it was never acknowledged to the program that wrote it.
      return [];
    }
    if (!KINDS.has(row.kind)) return [];
    return [
      { id: row.event_id, kind: row.kind, session: row.session?.session_id ?? row.turn?.session_id ?? row.session_id },
    ];
  });
}

export async function compare({ dataDir, ask, queueBytes }) {
  const journal = journalEvents(dataDir);
  const { streams } = await ask('/v1/ingest/streams');
  const books = [];
  const problems = [];
  for (const { stream, missing } of streams) {
    if (missing.length > 0) problems.push(`stream ${stream} misses ${JSON.stringify(missing)}`);
    for (let after = 0; after !== null;) {
      const page = await ask(`/v1/ingest/events?stream=${stream}&after=${after}`);
      books.push(...page.events);
      after = page.next_after;
    }
  }
  if (streams.length !== 1) problems.push(`${streams.length} streams of one installation`);
  const count = new Map();
  for (const { id } of books) count.set(id, (count.get(id) ?? 0) + 1);
  const lost = journal.filter(({ id }) => !count.has(id));
  const twice = [...count].filter(([, times]) => times > 1);
  const ids = new Set(journal.map(({ id }) => id));
  const foreign = books.filter(({ id }) => !ids.has(id));
  if (lost.length > 0) problems.push(`${lost.length} events are not in the books, the first ${lost[0].id}`);
  if (twice.length > 0) problems.push(`${twice.length} events are in the books twice, the first ${twice[0][0]}`);
  if (foreign.length > 0) problems.push(`${foreign.length} events of the books are not in the journal`);
  problems.push(...orderProblems(journal, books));
  const { models } = await ask('/v1/ingest/models');
  const turns = Object.values(models).reduce((sum, one) => sum + one.turns, 0);
  const wanted = journal.filter(({ kind }) => kind === 'turn').length;
  if (turns !== wanted) problems.push(`the sums have ${turns} turns, the journal ${wanted}`);
  const { size } = statSync(join(dataDir, 'uplink', 'queue.jsonl'));
  if (size > queueBytes) problems.push(`the queue has ${size} bytes, and may have ${queueBytes}`);
  return { problems, figures: { journal_events: journal.length, book_events: books.length, turns, queue_bytes: size } };
}

function orderProblems(journal, books) {
  const sequences = (events, sessionOf) => {
    const map = new Map();
    for (const event of events) map.set(sessionOf(event), [...(map.get(sessionOf(event)) ?? []), event.id]);
    return map;
  };
  const there = sequences(
    books,
    ({ event }) => event.session?.session_id ?? event.turn?.session_id ?? event.session_id,
  );
  return [...sequences(journal, ({ session }) => session)]
    .filter(([session, ids]) => JSON.stringify(there.get(session)) !== JSON.stringify(ids))
    .map(([session]) => `the events of session ${session} are in another order`);
}
