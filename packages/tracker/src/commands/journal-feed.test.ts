import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openBook } from '../events/book.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { journalFeed } from './journal-feed.ts';
import type { JournalFeed } from './journal-feed.ts';

const line = (notes: string): string =>
  `${JSON.stringify({ kind: 'anomaly', captured_at: '2030-01-01T00:00:00Z', notes })}\n`;

function keeper(feed: JournalFeed): () => readonly string[] {
  let kept: string[] = [];
  feed.to('anomalies.jsonl', { take: ({ notes }) => void kept.push(notes), forget: () => void (kept = []) });
  return () => kept;
}

test('all who want a journal get each row once, and all forget when it is another file', () => {
  using dir = tempDir();
  const file = join(dir.path, 'anomalies.jsonl');
  const feed = journalFeed(openBook(dir.path));
  const [one, other] = [keeper(feed), keeper(feed)];
  const read = () => feed.read('anomalies.jsonl');
  expect(read()).toEqual({ problems: [], revision: 0 });
  writeFileSync(file, line('a') + line('b'));
  const { revision } = read();
  expect([one(), other()]).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ]);
  expect(read().revision).toBe(revision);
  appendFileSync(file, `${line('c')}nonsense\n`);
  expect(read()).toMatchObject({ problems: [{ code: 'row-not-json', line: 4 }], revision: revision + 1 });
  expect(other()).toEqual(['a', 'b', 'c']);
  writeFileSync(`${file}.new`, line('x'));
  renameSync(`${file}.new`, file);
  expect(read().problems).toEqual([]);
  expect([one(), other()]).toEqual([['x'], ['x']]);
});

test('who comes after the first reading is turned away: rows would be missing', () => {
  using dir = tempDir();
  const feed = journalFeed(openBook(dir.path));
  feed.read('anomalies.jsonl');
  expect(() => keeper(feed)).toThrow(/read already/);
});
