import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openBook } from './events/book.ts';
import type { Book, NewRow } from './events/book.ts';
import { turnOfSample } from './events/turn-event.ts';
import { SUMMARY_FILE } from './summary-files.ts';
import { refreshSummary, summarise } from './refresh-summary.ts';
import { sampleAt } from './testing/samples.ts';
import { tempDir } from './testing/temp-dir.ts';

const PRICE = {
  input_cost_per_token: 0.000001,
  output_cost_per_token: 0.000002,
  cache_creation_input_token_cost: 0.000001,
  cache_creation_input_token_cost_above_1hr: 0.000001,
  cache_read_input_token_cost: 0.000001,
};

async function bookWithTurn(dir: string): Promise<Book> {
  const book = openBook(dir);
  const added = await book.appendMany([turnOfSample(sampleAt(1), 1_893_456_001) as NewRow]);
  if (!added.ok) throw new Error(added.problem.message);
  return book;
}

test("a summary at a session's end is made with the prices of the folder, as every other sum is", async () => {
  using dir = tempDir();
  const book = await bookWithTurn(dir.path);
  writeFileSync(join(dir.path, 'prices.json'), JSON.stringify({ '*': PRICE }));
  const refreshed = await refreshSummary(book);
  expect(refreshed).toMatchObject({ ok: true });
  expect(readFileSync(join(dir.path, SUMMARY_FILE), 'utf8')).toMatch(/"price_map": ?"[^"]+\+own-[0-9a-f]{8}"/);
});

test('prices that can not be used stop it, and the summary that is there stays', async () => {
  using dir = tempDir();
  const book = await bookWithTurn(dir.path);
  writeFileSync(join(dir.path, 'prices.json'), '{"*": ');
  expect(summarise(book)).toMatchObject({ ok: false, problem: { file: join(dir.path, 'prices.json') } });
  expect(await refreshSummary(book)).toMatchObject({ ok: false });
});
