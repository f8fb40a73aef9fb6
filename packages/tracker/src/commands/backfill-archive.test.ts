import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseMetricsSummary } from '@ccp/contracts';
import type { TrackerEvent, UsageSample } from '@ccp/contracts';
import { describe, expect, test } from 'vitest';
import type { Verification } from '../events/verify.ts';
import { startTracker } from '../testing/child.ts';
import type { Ended } from '../testing/child.ts';
import { usageFixture } from '../testing/fixtures.ts';
import { runHere } from '../testing/run-here.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { originalDatabase } from '../testing/usage-database.ts';
import { serveUsage } from '../testing/usage-server.ts';

const T0 = 1768392000;

function line(n: number, more: object = {}): string {
  const rid = n.toString(16).padStart(8, '0');
  const model = n % 4 === 0 ? 'glm-4.6' : 'claude-sonnet-4-5';
  return `${JSON.stringify({
    ...{ ts: T0 + n, rid, lane: 'zai', model, input_tokens: n, output_tokens: 1, status: 200, reason: 'ok' },
    ...{ op: 'stream', latency_ms: 1000, stream_ms: 900, ttft_ms: 100, ...more },
  })}\n`;
}

function archive(root: string, count: number): string {
  mkdirSync(join(root, 'logs/archive'), { recursive: true });
  const text = Array.from({ length: count }, (_, n) => line(n, { status: -1, event: 'decision' }) + line(n)).join('');
  writeFileSync(join(root, 'logs/archive/usage-1.jsonl'), text);
  return root;
}

function backfill(root: string, data: string, ...args: readonly string[]): Promise<Ended> {
  return runHere(['backfill', '--ccp-root', root, '--data-dir', data, ...args]);
}

/** Keys of the whole rows. */
function keysIn(data: string, name = 'windows.jsonl'): string[] {
  const text = readFileSync(join(data, name), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text.split('\n').flatMap((row) => (isWhole(row) ? [(JSON.parse(row) as TrackerEvent).dedupe_key ?? ''] : []));
}

/** `file:line` of the lines that are no whole rows. */
function tornLinesOf(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.flatMap((row, nth) => (isWhole(row) ? [] : [`${file}:${nth + 1}`]));
}

function isWhole(row: string): boolean {
  try {
    JSON.parse(row);
    return true;
  } catch {
    return false;
  }
}

describe('tracker backfill --ccp-root', () => {
  test('adds every turn once, those of GLM to both journals, and nothing on a second run', async () => {
    using dir = tempDir();
    const [root, data] = [archive(join(dir.path, 'ccp'), 40), join(dir.path, 'data')];
    const dry = await backfill(root, data, '--dry-run', '--json');
    expect(JSON.parse(dry.stdout)).toMatchObject({ turns: 40, added: 40, known: 0, dry_run: true });
    expect(existsSync(data)).toBe(false);
    const first = await backfill(root, data);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain('40 turns in 1 files (80 lines): 40 added, 0 known, 40 decision lines');
    expect(new Set(keysIn(data)).size).toBe(40);
    expect(keysIn(data, 'glm_counts.jsonl')).toHaveLength(10);
    const before = readFileSync(join(data, 'windows.jsonl'));
    expect((await backfill(root, data)).stdout).toContain('0 added, 40 known');
    expect(readFileSync(join(data, 'windows.jsonl')).equals(before)).toBe(true);
    expect((await runHere(['verify', '--data-dir', data])).code).toBe(0);
  });

  test('a turn in a log, in a database and polled from the shim is one', async () => {
    using dir = tempDir();
    const [root, data] = [join(dir.path, 'ccp'), join(dir.path, 'data')];
    mkdirSync(join(root, 'logs'), { recursive: true });
    originalDatabase(join(root, 'logs/ccp.sqlite3'));
    writeFileSync(join(root, 'logs/usage.jsonl'), line(1, { ts: 1768392004, model: 'claude-sonnet-4-5' }));
    const sample: UsageSample = {
      ...{ ts: 1768399999.125, rid: '0000abcd', model: 'glm-4.6', lane: 'zai', status: 200 },
      ...{ input_tokens: 5, output_tokens: 6, dirty_s: 1 },
    };
    const server = await serveUsage(() => ({ body: JSON.stringify(usageFixture('full')) }), 0, {
      samples: () => [sample],
    });
    const polled = await runHere(['poll', '--once', '--ccp-url', server.url.href, '--data-dir', data]);
    expect(polled.code).toBe(0);
    const { stdout } = await backfill(root, data, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ turns: 2, added: 1, known: 1 });
    expect(keysIn(data).filter((key) => key !== '')).toEqual(['0000abcd@1768399999125', '00000001@1768392004000']);
    expect(keysIn(data, 'glm_counts.jsonl')).toEqual(['0000abcd@1768399999125']);
  });

  test('killed at any moment it goes on where it was', async () => {
    using dir = tempDir();
    const count = 6_000;
    const [root, data] = [archive(join(dir.path, 'ccp'), count), join(dir.path, 'data')];
    for (const bytes of [1, 3_400_000]) {
      const child = startTracker(['backfill', '--ccp-root', root, '--data-dir', data]);
      let over = false;
      void child.ended.then(() => (over = true));
      while (!over && bytesIn(data) < bytes) await new Promise((resolve) => setTimeout(resolve, 2));
      child.process.kill('SIGKILL');
      await child.ended;
    }
    expect((await backfill(root, data)).code).toBe(0);
    // A kill in the middle of a write leaves a part of a row, which the next writer closes: one line for each kill at most.
    const torn = ['windows.jsonl', 'glm_counts.jsonl'].flatMap((name) => tornLinesOf(join(data, name)));
    expect(torn.length).toBeLessThanOrEqual(2);
    const [keys, glm] = [keysIn(data), keysIn(data, 'glm_counts.jsonl')];
    expect([keys.length, new Set(keys).size, glm.length, new Set(glm).size]).toEqual([
      count,
      count,
      count / 4,
      count / 4,
    ]);
    const verified = JSON.parse((await runHere(['verify', '--data-dir', data, '--json'])).stdout) as Verification;
    expect(verified.problems.map(({ file, line: at }) => `${file}:${at}`).toSorted()).toEqual(torn.toSorted());
  }, 120_000);

  test('--since and --until choose by the time a turn ended', async () => {
    using dir = tempDir();
    const [root, data] = [archive(join(dir.path, 'ccp'), 40), join(dir.path, 'data')];
    const at = (n: number): string => new Date((T0 + n) * 1000).toISOString();
    const { stdout } = await backfill(root, data, '--since', at(10), '--until', at(15), '--json');
    expect(JSON.parse(stdout)).toMatchObject({ turns: 40, outside: 35, added: 5 });
  });

  test.each([
    [{}, 1, 'there is no folder'],
    [{ 'logs/x': '' }, 1, 'holds no logs/usage'],
    [{ 'logs/usage.jsonl': '' }, 1, 'is empty'],
    [{ 'logs/usage.jsonl': '\0\u0001\u0002binary\0' }, 1, 'is no text'],
    [{ 'logs/usage.jsonl': 'junk\n' }, 1, 'usage.jsonl:1: no JSON at column 1'],
    [{ 'logs/usage.jsonl': `junk\n${line(1)}` }, 0, 'usage.jsonl:1: no JSON at column 1'],
  ])('%j: exit %i, and it says why', async (files, code, words) => {
    using dir = tempDir();
    const [root, data] = [join(dir.path, 'ccp'), join(dir.path, 'data')];
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(root, 'logs'), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    const ended = await backfill(root, data);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toContain(words);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
  });
});

describe('tracker backfill --output', () => {
  test('writes what the journals come to, with the models of a snapshot and no invented measures', async () => {
    using dir = tempDir();
    const [root, data, file] = [
      archive(join(dir.path, 'ccp'), 4),
      join(dir.path, 'data'),
      join(dir.path, 'out/summary.json'),
    ];
    const usage = usageFixture('r35-two-models');
    mkdirSync(join(root, 'results'));
    writeFileSync(join(root, 'results/METRICS.json'), '{"total": 4711}');
    writeFileSync(join(root, 'usage.json'), JSON.stringify(usage));
    writeFileSync(join(root, 'logs/usage.jsonl'), line(9, { model: 'claude-haiku-4.5', reroute_mode: 'hybrid' }));
    // Found below the root when it is not here.
    const ended = await backfill(root, data, '--output', file, '--usage-json', 'usage.json');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const parsed = parseMetricsSummary(JSON.parse(readFileSync(file, 'utf8')));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { model_health: health = {}, ...summary } = parsed.value;
    expect(Object.keys(health)).toEqual(Object.keys(usage.models).toSorted());
    for (const [name, model] of Object.entries(usage.models))
      expect(health[name]).toMatchObject({ reqs: model.reqs, speeds: model.speeds, gap_samples: model.gap_samples });
    expect(health['claude-haiku-4.5']).toMatchObject({ reroute_mode: 'hybrid' });
    // Not an id per session, not a mean of zeros, not a count of exchanges as features.
    expect(summary).toMatchObject({ turns: 5, sessions: 0, avg_cls: null, avg_impf: null, avg_churn_score: null });
    expect(summary.features_shipped ?? 0).toBe(0);
    expect(summary.features_per_capacity ?? null).toBeNull();
    expect(summary.sources).toEqual(['ccp-archive', 'METRICS.json']);
    expect(readFileSync(file, 'utf8')).toMatch(/^\{\n {2}"avg_churn_score": null,/);
  });

  test.each([
    [['--usage-json', 'u.json'], 2, 'say where with --output'],
    [['--output', 'DATA/metrics_summary.json'], 2, 'name another file'],
    [['--output', 'DATA/x.json', '--usage-json', '/nonexistent.json'], 1, 'there is no file /nonexistent.json'],
    [['--output', 'DATA/windows.jsonl/x.json'], 1, '--output FILE'],
    [['--output', '/proc/nowhere/x.json'], 1, '--output FILE'],
  ])('%j: exit %i', async (args, code, words) => {
    using dir = tempDir();
    const [root, data] = [archive(join(dir.path, 'ccp'), 4), join(dir.path, 'data')];
    const ended = await backfill(root, data, ...args.map((arg) => arg.replace('DATA', data)));
    expect(ended.code).toBe(code);
    expect(ended.stderr).toContain(words);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
  });
});

function bytesIn(data: string): number {
  return statSync(join(data, 'windows.jsonl'), { throwIfNoEntry: false })?.size ?? 0;
}
