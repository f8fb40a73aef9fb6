import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openBook } from '../events/book.ts';
import { turnRows } from '../events/session-rows.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { feedEvents, redactionOf } from './feed.ts';
import type { EventFeed } from './feed.ts';
import { openQueue } from './queue.ts';
import type { Queue } from './queue.ts';
import type { Outgoing } from './queue-row.ts';

const NOW = new Date('2030-01-31T12:00:00.000Z');
const redaction = redactionOf('a2V5', []);

function queueIn(dir: string, maxBytes = 1e6): Queue {
  return openQueue({
    file: join(dir, 'queue.jsonl'),
    maxBytes,
    now: () => NOW,
    origin: () => ({ stream: 'i-1', ackedSeq: 0 }),
  });
}

const summary = (id: string): Outgoing => ({ route: 'metrics', tier: 'minimized', id, body: { capacity_used: 1 } });
const add = (queue: Queue, ...ids: string[]): ReturnType<Queue['add']> =>
  queue.add(() => ({ ok: true, value: { rows: ids.map(summary) } }));
const seqs = (queue: Queue, after = 0): number[] => [...queue.rows(after)].map(({ seq }) => seq);

async function journal(dir: string, turns: number): Promise<EventFeed> {
  const book = openBook(dir);
  for (let nth = 0; nth < turns; nth += 1) {
    const { rows } = turnRows('s-1', { turn: { turn_id: `t-${nth}`, model: 'm', tokens_in: 1, tokens_out: 1 } }, NOW);
    await book.appendNew(rows);
  }
  return {
    follow: (cursor) => book.follow('windows.jsonl', cursor),
    sinceMs: 0,
    tierOfSession: () => undefined,
    redaction,
  };
}

describe('the queue', () => {
  it('numbers without gaps, keeps to itself, and goes on in another process', async () => {
    using dir = tempDir();
    expect(await add(queueIn(dir.path), 'a', 'b')).toEqual({ ok: true, value: 2 });
    expect(await add(queueIn(dir.path), 'c')).toEqual({ ok: true, value: 1 });
    const queue = queueIn(dir.path);
    expect(seqs(queue)).toEqual([1, 2, 3]);
    expect(seqs(queue, 2)).toEqual([3]);
    expect(statSync(queue.file).mode & 0o777).toBe(0o600);
    expect(queue.status(1)).toMatchObject({ pending: 2, lastSeq: 3, oldestAt: NOW.toISOString() });
  });

  it('keeps numbers apart where two add at the same time', async () => {
    using dir = tempDir();
    const queues = Array.from({ length: 4 }, () => queueIn(dir.path));
    await Promise.all(queues.flatMap((queue, at) => [1, 2, 3].map((nth) => add(queue, `${at}-${nth}`))));
    expect(seqs(queueIn(dir.path))).toEqual(Array.from({ length: 12 }, (_, at) => at + 1));
  });

  it('closes a row that was cut off, and counts one that lacks nothing but its end', async () => {
    using dir = tempDir();
    const queue = queueIn(dir.path);
    await add(queue, 'a', 'b');
    truncateSync(queue.file, statSync(queue.file).size - 1);
    await add(queueIn(dir.path), 'c');
    appendFileSync(queue.file, '{"seq":4,"stream":"i-1","id":"torn');
    await add(queueIn(dir.path), 'd');
    expect([...queueIn(dir.path).rows(0)].map(({ seq, id }) => [seq, id])).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
      [4, 'd'],
    ]);
  });

  it('refuses what has no room, whole and in words, and takes it when there is room again', async () => {
    using dir = tempDir();
    const queue = queueIn(dir.path, 700);
    await add(queue, 'a', 'b', 'c');
    const before = readFileSync(queue.file, 'utf8');
    const refused = await add(queue, 'd', 'e', 'f');
    expect(refused).toMatchObject({ ok: false, problem: { code: 'queue-full' } });
    expect(readFileSync(queue.file, 'utf8')).toBe(before);
    await queue.compact(2, new Date(NOW.getTime() + 1));
    expect(seqs(queue)).toEqual([3]);
    expect(await add(queue, 'd', 'e')).toEqual({ ok: true, value: 2 });
    expect(seqs(queue)).toEqual([3, 4, 5]);
  });

  it('keeps what was sent for as long as it is asked to', async () => {
    using dir = tempDir();
    const queue = queueIn(dir.path);
    await add(queue, 'a', 'b');
    await queue.compact(2, NOW);
    expect(seqs(queue)).toEqual([1, 2]);
    await queue.compact(2, new Date(NOW.getTime() + 1));
    expect(seqs(queue)).toEqual([]);
    // The state knows the last number that was sent.
    const after = openQueue({
      file: queue.file,
      maxBytes: 1e6,
      now: () => NOW,
      origin: () => ({ stream: 'i-1', ackedSeq: 2 }),
    });
    await add(after, 'c');
    expect(seqs(after)).toEqual([3]);
  });
});

describe('events of the journal', () => {
  it('come in once each, wherever the writer was stopped', async () => {
    using source = tempDir();
    const feed = await journal(source.path, 8);
    using dir = tempDir();
    const queue = queueIn(dir.path);
    // Three at a time, as a program that logs and feeds does.
    const wanted = ['t-0', 't-1', 't-2', 't-3', 't-4', 't-5', 't-6', 't-7'].map((id) => `turn:s-1:${id}`);
    await feedEvents(queue, feed);
    const whole = readFileSync(queue.file);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length }), async (bytes) => {
        writeFileSync(queue.file, whole.subarray(0, bytes));
        const again = queueIn(dir.path);
        expect(await feedEvents(again, feed)).toMatchObject({ ok: true });
        const rows = [...again.rows(0)];
        expect(rows.map(({ id }) => id)).toEqual(wanted);
        expect(rows.map(({ seq }) => seq)).toEqual(wanted.map((_, at) => at + 1));
        expect(await feedEvents(again, feed)).toMatchObject({ ok: true, value: { queued: 0 } });
      }),
      { numRuns: 60 },
    );
  });

  it('from before the user agreed, or of a session that stays here, do not', async () => {
    using source = tempDir();
    const feed = await journal(source.path, 2);
    using dir = tempDir();
    const late = { ...feed, sinceMs: NOW.getTime() + 1 };
    expect(await feedEvents(queueIn(dir.path), late)).toMatchObject({ ok: true, value: { queued: 0 } });
    using other = tempDir();
    const local = { ...feed, tierOfSession: () => 'local' as const };
    expect(await feedEvents(queueIn(other.path), local)).toMatchObject({ ok: true, value: { queued: 0 } });
  });

  it('are not offered again because a row was taken back', async () => {
    using source = tempDir();
    const feed = await journal(source.path, 3);
    using dir = tempDir();
    const queue = queueIn(dir.path);
    await feedEvents(queue, feed);
    const book = openBook(source.path);
    const [first] = book.rows('windows.jsonl', ['turn']);
    if (first?.ok !== true) throw new Error('no row');
    await book.takeBack(first.value);
    await book.appendNew(
      turnRows('s-1', { turn: { turn_id: 't-9', model: 'm', tokens_in: 1, tokens_out: 1 } }, NOW).rows,
    );
    expect(await feedEvents(queue, feed)).toMatchObject({ ok: true, value: { queued: 1 } });
    expect([...queue.rows(3)].map(({ id }) => id)).toEqual(['turn:s-1:t-9']);
  });
});
