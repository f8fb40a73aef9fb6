import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { olderRows } from '../testing/older-rows.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { openBook } from './book.ts';
import type { NewRow } from './book.ts';
import { verifyJournals } from './verify.ts';

const glmTurn = (nth: number): NewRow => ({
  ...{ kind: 'glm_turn', turn_id: `t-漢-${nth}`, model: 'glm-4.6', tokens_in: nth, tokens_out: 1 },
  dedupe_key: `k-${nth}`,
});
const idsIn = (dir: string): string[] =>
  [...openBook(dir).rows('glm_counts.jsonl', ['glm_turn'])].flatMap((found) =>
    found.ok ? [found.value.row.turn_id] : [],
  );

test('a file cut at any byte loses the row that was being written, and no other; the next one is whole', async () => {
  using dir = tempDir();
  const source = openBook(dir.path);
  const older = olderRows.find(({ kind }) => kind === 'glm_turn')?.row;
  writeFileSync(source.pathOf('glm_counts.jsonl'), `${JSON.stringify(older)}\n`);
  await source.appendMany([glmTurn(1), glmTurn(2)]);
  const whole = readFileSync(source.pathOf('glm_counts.jsonl'));
  const ends = [...whole.keys()].filter((at) => whole[at] === 0x0a);
  const ids = ['t-1', 't-漢-1', 't-漢-2'];

  for (let cut = 0; cut <= whole.length; cut += 1) {
    const place = mkdtempSync(join(dir.path, 'cut-'));
    const book = openBook(place);
    writeFileSync(book.pathOf('glm_counts.jsonl'), whole.subarray(0, cut));
    // A row is there once its last brace is, with or without its line end.
    const kept = ids.slice(0, ends.filter((end) => end <= cut).length);
    const torn = cut > 0 && !ends.some((end) => end === cut || end + 1 === cut);

    expect([cut, idsIn(place)]).toEqual([cut, kept]);
    expect(verifyJournals(place).problems.map(({ code }) => code)).toEqual(torn ? ['torn-tail'] : []);
    // The same rows again: what is there stays, what was lost comes back.
    const added = await book.appendNew([glmTurn(1), glmTurn(2), glmTurn(3)]);
    const expected = [...kept, ...ids.slice(1), 't-漢-3'].filter((id, at, all) => all.indexOf(id) === at);
    expect(added).toMatchObject({ ok: true, value: { added: expected.length - kept.length } });
    expect([cut, idsIn(place)]).toEqual([cut, expected]);
    const found = verifyJournals(place).problems.map(({ code, line }) => `${code}:${line}`);
    expect([cut, found]).toEqual([cut, torn ? [`row-not-json:${kept.length + 1}`] : []]);
  }
}, 40_000);
