import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportCsv, csvOf } from './export-csv.ts';
import { fragmentsOf } from './json-fragments.ts';
import { openUsageDatabase, type UsageDatabase } from './open-usage-database.ts';
import { readRollups, readSamples, loadStart } from './read-store.ts';
import { readFileSync } from 'node:fs';
import { sampleSink } from './sample-sink.ts';
import { importUsageLogs } from './usage-log-import.ts';

const LOGS = join(import.meta.dirname, '../../../../../fixtures/shim/logs');
const EVERYTHING = { sinceTs: 0, model: null, limit: 1e6, after: null } as const;
let folder: string;
let usage: UsageDatabase;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shim-import-'));
  usage = openUsageDatabase(join(folder, 'x.sqlite3'));
});
afterEach(() => {
  usage.db.close();
  rmSync(folder, { recursive: true, force: true });
});

function imported(files: readonly string[], mode?: 'samples_only'): ReturnType<typeof importUsageLogs> {
  return importUsageLogs(
    sampleSink(() => usage),
    files,
    mode === undefined ? {} : { mode },
  );
}

describe('the import of usage logs', () => {
  it('takes finished exchanges from old and new lines, counts them, and names the rest', async () => {
    const old = join(LOGS, 'original-usage.jsonl');
    const report = await imported([old, join(LOGS, 'usage.jsonl')]);
    expect(report).toMatchObject({ lines: 13, inserted: 7, already: 0, skipped: 5, moreProblems: 0 });
    expect(report.problems.map(({ file, line, message }) => [file === old, line, message])).toEqual([
      [true, 6, 'no JSON at column 1'],
      [true, 8, 'has no usable ts'],
      [true, 9, 'no JSON at column 1'],
      [true, 10, 'the last line was torn at column 1'],
    ]);
    const samples = readSamples(usage.db, EVERYTHING);
    expect(samples.map(({ rid, ended, dirtyS, streamS, ttftMs }) => [rid, ended, dirtyS, streamS, ttftMs])).toEqual([
      ['00000001', 'complete', 4, 3.5, 480],
      ['00000002', 'complete', 0.9, 0.9, null],
      ['00000003', 'complete', 0.12, 0.12, null],
      ['00000004', 'timeout', 61, 60, 300],
      ['00000005', 'complete', 0.7, 0.7, null],
      ['00000007', 'complete', 0.3, 0.3, null],
      ['0000000a', 'complete', 5.5, 5, 612],
    ]);
    expect(samples[4]).toMatchObject({ inputTokens: 5, outputTokens: 6, usageKnown: true });
    expect(samples[6]).toMatchObject({ cacheReadTokens: 30_000, sessionId: 'session-1', agentId: null, epoch: 'e1' });
    const { minutes } = loadStart(usage.db, 0, '');
    expect(minutes.reduce((sum, { count }) => sum + count, 0)).toBe(6);
    const rows = readRollups(usage.db, { ...EVERYTHING, granularity: 'day' });
    expect(rows.reduce((sum, { row }) => sum + row.count, 0)).toBe(7);
  });

  it('does not put the reason where the decision belongs', async () => {
    const file = join(folder, 'both.jsonl');
    const both = {
      rid: 'a',
      ts: 5,
      model: 'm',
      lane: 'a',
      status: 200,
      decision: 'quota_block',
      decision_reason: 'full',
    };
    const lines = [
      { ...both, usage_event_schema: 'v1' },
      { ...both, rid: 'b' },
      { ...both, rid: 'c', decision_reason: '' },
    ];
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    await imported([file]);
    const found = readSamples(usage.db, EVERYTHING).map(({ decision }) => decision);
    expect(found).toEqual(['quota_block', 'full', 'quota_block']);
  });

  it('can be repeated', async () => {
    const files = [join(LOGS, 'original-usage.jsonl')];
    await imported(files);
    const before = readRollups(usage.db, { ...EVERYTHING, granularity: 'hour' });
    expect(await imported(files)).toMatchObject({ inserted: 0, already: 6 });
    expect(await imported(files, 'samples_only')).toMatchObject({ inserted: 0, already: 6 });
    expect(readRollups(usage.db, { ...EVERYTHING, granularity: 'hour' })).toEqual(before);
  });

  it('brings sums into line after a replay that did not count', async () => {
    await imported([join(LOGS, 'usage.jsonl')], 'samples_only');
    const rows = readRollups(usage.db, { ...EVERYTHING, granularity: 'day' });
    expect(rows.map(({ row }) => [row.count, row.cache_read_tokens])).toEqual([[1, 30_000]]);
    expect(loadStart(usage.db, 0, '').minutes.length).toBe(1);
  });

  it('goes on after a file that is not there, and reads lines of any size and number', async () => {
    const big = join(folder, 'big.jsonl');
    const line = (index: number): string =>
      JSON.stringify({
        ts: 1e9 + index,
        rid: `r${index}`,
        model: 'm',
        lane: 'a',
        status: 200,
        pad: 'x'.repeat(index % 3_000),
      });
    writeFileSync(big, Array.from({ length: 3_000 }, (_, index) => line(index)).join('\r\n'));
    const seen: number[] = [];
    const report = await importUsageLogs(
      sampleSink(() => usage),
      [join(folder, 'none.jsonl'), big],
      { onProgress: ({ lines }) => seen.push(lines) },
    );
    expect(report).toMatchObject({ lines: 3_000, inserted: 3_000 });
    expect(report.problems).toMatchObject([{ line: 0, file: join(folder, 'none.jsonl') }]);
    expect(seen.length).toBe(6);
  });
});

describe('fragmentsOf', () => {
  it('finds every value of a line, however they are put together', () => {
    const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(objects, fc.constantFrom('', ' ', '\t', '\0'), (values, gap) => {
        const line = values.map((value) => JSON.stringify(value)).join(gap);
        expect(fragmentsOf(line)).toEqual({
          values: values.map((value) => JSON.parse(JSON.stringify(value)) as unknown),
          badAt: [],
        });
      }),
    );
  });

  it('never fails and never takes long', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (line) => {
        fragmentsOf(line);
      }),
    );
    expect(fragmentsOf('{"a":'.repeat(100_000)).values).toEqual([]);
  }, 10_000);
});

describe('the export', () => {
  it('has the original header first, quotes what needs it, and appears whole', async () => {
    writeFileSync(
      join(folder, 'in.jsonl'),
      `${JSON.stringify({ ts: 5.25, rid: 'a"b', model: 'm,\n1', lane: 'a', status: 200, latency_ms: 1_500, op: 'stream' })}\n`,
    );
    await imported([join(folder, 'in.jsonl')]);
    const path = join(folder, 'out', 'all.csv');
    exportCsv(usage.db, path);
    const text = readFileSync(path, 'utf8');
    expect(text).toBe([...csvOf(usage.db, 0)].join(''));
    const [header] = text.split('\r\n');
    expect(header).toMatch(
      /^ts,rid,model,lane,op,input_tokens,output_tokens,dirty_s,stream_s,ttft_ms,status,err_type,decision,reroute_mode,upstream,h2,header_mode,/,
    );
    expect(header?.split(',').length).toBe(29);
    expect(text).toContain('\r\n5.25,"a""b","m,\n1",a,stream,0,0,1.5,1.5,,200,,,,,0,,');
    expect(text.endsWith('\r\n')).toBe(true);
  });
});
