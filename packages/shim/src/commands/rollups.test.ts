import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRollups } from '@ccp/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ItemRows } from '../store/db/item-rows.ts';
import { openUsageDatabase } from '../store/db/open-usage-database.ts';
import { minuteOf, sampleOf } from '../store/db/sample.ts';
import { runToEnd } from '../testing/run-to-end.ts';

const NOON = Date.UTC(2026, 0, 14, 12) / 1000;
// Each command is a process of its own, which takes a second or more to start on a busy machine.
vi.setConfig({ testTimeout: 90_000 });
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shim-rollups-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function database(name: string, indices: readonly number[], tokens = 10): void {
  const { db, writer } = openUsageDatabase(join(folder, name));
  const samples = indices.map((index) =>
    sampleOf({
      ts: NOON + index * 900.3,
      rid: `r${index}`,
      model: 'm',
      lane: 'a',
      op: 'stream',
      status: 200,
      input_tokens: tokens,
      dirty_s: 0.1 * index,
    }),
  );
  const items = ItemRows.of(samples.map((sample) => ({ sample, minute: minuteOf(sample), decision: null })));
  writer.write({ items, states: new Map(), configs: new Map(), nowTs: NOON });
  db.close();
}

function written(dir: string): { hour: string; day: string } {
  return {
    hour: readFileSync(join(dir, 'rollup_hour.json'), 'utf8'),
    day: readFileSync(join(dir, 'rollup_day.json'), 'utf8'),
  };
}

describe('shim rollups merge', () => {
  it('adds up every database of the folder, the same to the last byte under other names', async () => {
    database('a.sqlite3', [0, 1, 2, 3, 4]);
    database('b.sqlite3', [3, 4, 5]);
    const first = await runToEnd(['rollups', 'merge', folder]);
    expect({ code: first.code, err: first.err }).toEqual({ code: 0, err: '' });
    expect(first.out).toBe(
      `${join(folder, 'rollup_hour.json')}: 2 rows of 1 models\n${join(folder, 'rollup_day.json')}: 1 rows of 1 models\n`,
    );
    const { hour, day } = written(folder);
    expect(parseRollups(JSON.parse(hour))).toMatchObject({ ok: true });
    expect((JSON.parse(day) as { models: unknown }).models).toMatchObject({ m: [{ count: 6, in_tokens: 60 }] });

    rmSync(join(folder, 'a.sqlite3'));
    rmSync(join(folder, 'b.sqlite3'));
    database('1.sqlite3', [3, 4, 5]);
    database('2.sqlite3', [0, 1, 2, 3, 4]);
    const out = join(folder, 'deep', 'out');
    const second = await runToEnd(['rollups', 'merge', folder, '--out', out, '--json']);
    expect(JSON.parse(second.out)).toEqual({
      files: [join(folder, '1.sqlite3'), join(folder, '2.sqlite3')],
      written: [
        { path: join(out, 'rollup_hour.json'), models: 1, rows: 2 },
        { path: join(out, 'rollup_day.json'), models: 1, rows: 1 },
      ],
      problems: [],
    });
    expect(written(out)).toEqual({ hour, day });
    expect(readdirSync(out).toSorted()).toEqual(['rollup_day.json', 'rollup_hour.json']);
  });

  it('names a damaged file, adds up the others, and fails at the end', async () => {
    database('good.sqlite3', [0, 1]);
    database(
      'torn.sqlite3',
      Array.from({ length: 400 }, (_, index) => index),
    );
    const torn = join(folder, 'torn.sqlite3');
    const bytes = readFileSync(torn);
    bytes.fill(0xff, 12_288, 40_960);
    writeFileSync(torn, bytes);
    writeFileSync(
      join(folder, 'text.sqlite3'),
      'this is no database at all, and long enough to be looked at by its head',
    );
    const { code, err } = await runToEnd(['rollups', 'merge', folder]);
    expect(code).toBe(1);
    expect(err.trim().split('\n')).toHaveLength(2);
    expect(err).toMatch(/text\.sqlite3: damaged: SQLITE_NOTADB.*it was left out/);
    expect(err).toMatch(/torn\.sqlite3: damaged: .*it was left out/);
    const { day } = written(folder);
    expect((JSON.parse(day) as { models: unknown }).models).toMatchObject({ m: [{ count: 2 }] });
  });

  it('has nothing to do in a folder without a database, and says so', async () => {
    const [empty, json, missing, none] = await Promise.all([
      runToEnd(['rollups', 'merge', folder]),
      runToEnd(['rollups', 'merge', folder, '--json']),
      runToEnd(['rollups', 'merge', join(folder, 'none')]),
      runToEnd(['rollups', 'merge']),
    ]);
    expect(empty).toMatchObject({
      code: 0,
      err: '',
      out: `there is no file *.sqlite3 in ${folder}: nothing to add up\n`,
    });
    expect(JSON.parse(json.out)).toEqual({ files: [], written: [], problems: [] });
    expect(missing).toMatchObject({ code: 1, out: '' });
    expect(missing.err).toMatch(/^shim: .*none can't be read \(ENOENT\): name a folder/);
    expect(none.code).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
  });
});
