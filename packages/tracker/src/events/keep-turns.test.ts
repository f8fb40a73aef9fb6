import { rmSync, writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Outcome } from '../problem.ts';
import { readSamples } from '../sources/shim/read-samples.ts';
import { sampleAt } from '../testing/samples.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { serveUsage } from '../testing/usage-server.ts';
import { openBook } from './book.ts';
import { keepTurns } from './keep-turns.ts';
import type { TurnsPage } from './keep-turns.ts';
import { pollPositionFile } from './poll-position.ts';

const URL_OF_SHIM = 'http://127.0.0.1:8082/v1/usage';
const NOW_TS = 1_893_456_500;
const clock = (): number => NOW_TS;

async function* pages(...all: Outcome<TurnsPage>[]): AsyncGenerator<Outcome<TurnsPage>> {
  yield* all;
}

const page = (...nth: number[]): Outcome<TurnsPage> => ({
  ok: true,
  value: { samples: nth.map((one) => sampleAt(one)), shimTs: NOW_TS, receivedTs: NOW_TS, writtenTo: null },
});

function turnsIn(dir: string): string[] {
  return [...openBook(dir).rows('windows.jsonl', ['turn'])].map((found) =>
    found.ok ? (found.value.row.turn.rid ?? '') : found.problem.code,
  );
}

test('turns of a real server are read page by page, each kept once, those of GLM in their own journal too', async () => {
  using dir = tempDir();
  const samples = Array.from({ length: 7 }, (_, nth) =>
    sampleAt(nth, nth === 3 ? { model: 'glm-4.6', lane: 'zai' } : {}),
  );
  const server = await serveUsage(() => null, 0, { samples: () => samples, page: 3, nowTs: clock });
  const look = () =>
    keepTurns(openBook(dir.path), server.url.href, (since) => readSamples(server.url, since, { clock }));
  expect(await look()).toEqual({ ok: true, value: { added: 7, known: 0, unread: null, notes: [] } });
  samples.push(sampleAt(7));
  expect(await look()).toMatchObject({ value: { added: 1 } });
  expect(turnsIn(dir.path)).toEqual(samples.map(({ rid }) => rid));
  const glm = [...openBook(dir.path).rows('glm_counts.jsonl', ['glm_turn'])];
  expect(glm).toMatchObject([{ ok: true, value: { row: { model: 'glm-4.6', tokens_in: 103, tokens_out: 13 } } }]);
});

test('a turn the shim writes late, behind newer ones, is not missed', async () => {
  using dir = tempDir();
  const samples = [sampleAt(0), sampleAt(50)];
  const server = await serveUsage(() => null, 0, { samples: () => samples, nowTs: clock });
  const look = () =>
    keepTurns(openBook(dir.path), server.url.href, (since) => readSamples(server.url, since, { clock }));
  await look();
  samples.splice(1, 0, sampleAt(20));
  expect(await look()).toMatchObject({ value: { added: 1 } });
  expect(turnsIn(dir.path)).toHaveLength(3);
});

test('turns a clock that was set back has put behind the position are kept, also when it is right again', async () => {
  using dir = tempDir();
  const stored = [sampleAt(3000), sampleAt(3001)];
  // As the shim lists them: by time from a moment on, and what was stored after a row.
  const list = (since: number, row: number | null): AsyncGenerator<Outcome<TurnsPage>> => {
    const isAsked = ({ ts }: { readonly ts: number }, at: number): boolean => ts >= since || at >= (row ?? Infinity);
    const samples = stored.filter(isAsked).toSorted((a, b) => a.ts - b.ts);
    return pages({ ok: true, value: { samples, shimTs: NOW_TS + 9000, receivedTs: NOW_TS, writtenTo: stored.length } });
  };
  const look = () => keepTurns(openBook(dir.path), URL_OF_SHIM, list);
  expect(await look()).toMatchObject({ value: { added: 2 } });
  stored.push(sampleAt(1000), sampleAt(1001), sampleAt(3002));
  expect(await look()).toMatchObject({ value: { added: 3 } });
  expect(await look()).toMatchObject({ value: { added: 0 } });
  expect(turnsIn(dir.path)).toHaveLength(5);
});

test('a list that broke off is asked for again from the row before it', async () => {
  using dir = tempDir();
  const gone = { ok: false, problem: { code: 'shim-unreachable', message: 'gone' } } as const;
  const rows: (number | null)[] = [];
  const pageTo = (writtenTo: number, ...nth: number[]): Outcome<TurnsPage> => ({
    ok: true,
    value: { samples: nth.map((one) => sampleAt(one)), shimTs: NOW_TS, receivedTs: NOW_TS, writtenTo },
  });
  const look = (...all: Outcome<TurnsPage>[]) =>
    keepTurns(openBook(dir.path), URL_OF_SHIM, (_since, row) => (rows.push(row), pages(...all)));
  await look(pageTo(2, 0, 1));
  await look(pageTo(5, 2), gone);
  await look(pageTo(6, 3), pageTo(7, 4));
  await look(pageTo(7));
  expect(rows).toEqual([null, 2, 2, 6]);
});

test.each([
  ['lost', (file: string) => rmSync(file)],
  ['damaged', (file: string) => writeFileSync(file, '{"source_url":')],
  ['of another shim', (file: string) => writeFileSync(file, '{"source_url":"x","turns_until_ts":9e9}')],
])('when the position is %s, everything is read again and nothing counted twice', async (_what, spoil) => {
  using dir = tempDir();
  const since: number[] = [];
  const look = () => keepTurns(openBook(dir.path), URL_OF_SHIM, (from) => (since.push(from), pages(page(0, 1, 2))));
  await look();
  spoil(pollPositionFile(dir.path, URL_OF_SHIM));
  expect(await look()).toMatchObject({ value: { added: 0, known: 3 } });
  expect(since).toEqual([0, 0]);
  expect(turnsIn(dir.path)).toHaveLength(3);
});

test('what came before a problem stays, and the next look goes on from there', async () => {
  using dir = tempDir();
  const gone = { ok: false, problem: { code: 'shim-unreachable', message: 'gone' } } as const;
  const first = await keepTurns(openBook(dir.path), URL_OF_SHIM, () => pages(page(0, 1), gone));
  expect(first).toMatchObject({ ok: true, value: { added: 2, unread: gone.problem } });
  expect(turnsIn(dir.path)).toHaveLength(2);
  const second = await keepTurns(openBook(dir.path), URL_OF_SHIM, () => pages(page(0, 1), page(2)));
  expect(second).toMatchObject({ value: { added: 1, known: 2 } });
});

test('two trackers that look at once keep each turn once', async () => {
  using dir = tempDir();
  const look = () => keepTurns(openBook(dir.path), URL_OF_SHIM, () => pages(page(0, 1, 2), page(3, 4)));
  const looks = await Promise.all([look(), look(), look()]);
  expect(looks.every(({ ok }) => ok)).toBe(true);
  expect(turnsIn(dir.path).toSorted()).toEqual([0, 1, 2, 3, 4].map((nth) => sampleAt(nth).rid));
});

test('a restarted shim that gives out a request id again has another turn; a clock that is off is said', async () => {
  using dir = tempDir();
  const samples = [sampleAt(1), sampleAt(2, { rid: sampleAt(1).rid, epoch: 'c0ffee02' })];
  const value = { samples, shimTs: NOW_TS + 30, receivedTs: NOW_TS, writtenTo: null };
  const kept = await keepTurns(openBook(dir.path), URL_OF_SHIM, () => pages({ ok: true, value }));
  expect(kept).toMatchObject({ value: { added: 2, notes: [{ code: 'clock-skew' }] } });
});

test('whatever is listed, in whatever pages and however often, each turn is kept once', async () => {
  const looks = fc.array(fc.array(fc.nat(40), { maxLength: 8 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(looks, async (listed) => {
      using dir = tempDir();
      for (const nth of listed)
        await keepTurns(openBook(dir.path), URL_OF_SHIM, () => pages(page(...nth.toSorted((a, b) => a - b))));
      const all = new Set(listed.flat().map((nth) => sampleAt(nth).rid));
      expect(turnsIn(dir.path).toSorted()).toEqual([...all].toSorted());
    }),
    { numRuns: 25 },
  );
});
