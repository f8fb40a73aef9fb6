import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { tempDir } from '../../testing/temp-dir.ts';
import { readTranscripts } from './read-transcripts.ts';

interface Over {
  readonly id?: string;
  readonly at?: string;
  readonly output?: number;
  readonly sidechain?: boolean;
  readonly extra?: object;
  readonly usage?: object;
}

function line({
  id = 'msg_1',
  at = '2030-01-01T00:00:00.000Z',
  output = 10,
  sidechain = false,
  extra,
  usage,
}: Over = {}): string {
  return JSON.stringify({
    type: 'assistant',
    sessionId: 's-1',
    timestamp: at,
    requestId: `req_${id}`,
    isSidechain: sidechain,
    message: {
      id,
      model: 'claude-sonnet-4-5',
      usage: usage ?? { input_tokens: 3, output_tokens: output, cache_read_input_tokens: 7 },
    },
    ...extra,
  });
}

/** A home with the files, whose names may have folders in them. */
function home(dir: string, files: Readonly<Record<string, string | Buffer>>): string {
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir, 'projects', name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  }
  return dir;
}

const outputs = (dir: string): number[] => readTranscripts([dir]).turns.map(({ outputTokens }) => outputTokens);

test('an answer written as several lines and copied into other sessions counts once, by its largest record, at its first time', () => {
  using dir = tempDir();
  home(dir.path, {
    'p/a.jsonl': [
      line({ output: 1, at: '2030-01-01T00:00:05Z' }),
      line({ output: 50, at: '2030-01-01T00:00:09Z' }),
    ].join('\n'),
    'q/b.jsonl': `${line({ output: 20, at: '2030-01-01T00:00:02Z' })}\n${line({ id: 'msg_2', output: 4 })}\n`,
  });
  const { turns, problems, files } = readTranscripts([dir.path]);
  expect(turns.map(({ key, outputTokens, ts }) => [key, outputTokens, ts % 60])).toEqual([
    ['cc:msg_2', 4, 0],
    ['cc:msg_1', 50, 2],
  ]);
  expect({ problems, files }).toEqual({ problems: [], files: 2 });
});

test('the main conversation goes before a copy of it in a side one, and a subagent is named by its file', () => {
  using dir = tempDir();
  home(dir.path, {
    'p/s/subagents/agent-a1.jsonl': `${line({ sidechain: true })}\n${line({ id: 'msg_2', sidechain: true })}`,
    'p/s.jsonl': line(),
  });
  expect(readTranscripts([dir.path]).turns.map(({ key, agent }) => [key, agent])).toEqual([
    ['cc:msg_1', ''],
    ['cc:msg_2', 'a1'],
  ]);
});

test('cache writes are split by how long they are kept; older clients wrote the total alone', () => {
  using dir = tempDir();
  const split = {
    input_tokens: 1,
    output_tokens: 1,
    cache_creation_input_tokens: 900,
    cache_creation: { ephemeral_5m_input_tokens: 800, ephemeral_1h_input_tokens: 100 },
  };
  const total = { input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: 900 };
  home(dir.path, { 'p/a.jsonl': [line({ id: 'a', usage: split }), line({ id: 'b', usage: total })].join('\n') });
  expect(readTranscripts([dir.path]).turns.map((turn) => [turn.cacheWrite5mTokens, turn.cacheWrite1hTokens])).toEqual([
    [800, 100],
    [900, 0],
  ]);
});

test('errors and notices of the client cost nothing', () => {
  using dir = tempDir();
  const synthetic = { message: { id: 'x', model: '<synthetic>', usage: { input_tokens: 9 } } };
  home(dir.path, {
    'p/a.jsonl': [line({ extra: { isApiErrorMessage: true } }), line({ extra: synthetic }), '{"type":"user"}'].join(
      '\n',
    ),
  });
  expect(readTranscripts([dir.path])).toMatchObject({ turns: [], problems: [] });
});

test('what can not be used is named by file and line, and spoils no other line', () => {
  using dir = tempDir();
  const negative = { input_tokens: -1, output_tokens: 1 };
  const bad = [
    '"usage" and no JSON',
    line({ id: 'n', usage: negative }),
    line({ id: '' }),
    line({ extra: { timestamp: 'noon' } }),
    line({ id: 'ok' }),
  ];
  home(dir.path, { 'p/a.jsonl': bad.join('\r\n'), 'p/b.jsonl': Buffer.from([0x1f, 0x8b, 0, 0, 255]), 'p/c.jsonl': '' });
  const { turns, problems } = readTranscripts([dir.path, join(dir.path, 'nowhere')]);
  expect(turns.map(({ key }) => key)).toEqual(['cc:ok']);
  expect(problems.map(({ code, line: at }) => [code, at])).toEqual([
    ['folder-missing', undefined],
    ['line-not-usable', 1],
    ['line-not-usable', 2],
    ['line-not-usable', 3],
    ['line-not-usable', 4],
  ]);
});

test('a line that is too long is skipped and named, the next one counts', () => {
  using dir = tempDir();
  home(dir.path, {
    'p/a.jsonl': `${line({ extra: { pad: 'x'.repeat(9 * 1024 * 1024) } })}\n${line({ id: 'next' })}\n`,
  });
  const { turns, problems } = readTranscripts([dir.path], { mostLineBytes: 1024 * 1024 });
  expect(turns.map(({ key }) => key)).toEqual(['cc:next']);
  expect(problems).toMatchObject([{ code: 'line-too-long', line: 1 }]);
});

test('a tail cut at any byte loses the last answer at most', () => {
  using dir = tempDir();
  const whole = Buffer.from(`${line({ output: 1 })}\n${line({ id: 'msg_é', output: 2 })}\n`);
  const first = whole.indexOf(0x0a) + 1;
  for (let cut = first; cut <= whole.length; cut += 1) {
    home(dir.path, { 'p/a.jsonl': whole.subarray(0, cut) });
    expect(outputs(dir.path)).toEqual(cut >= whole.length - 1 ? [1, 2] : [1]);
  }
});

test('the order of files and lines changes nothing', () => {
  const one = fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    output: fc.nat(5),
    file: fc.constantFrom('x', 'y', 'z'),
  });
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 12 }), (all) => {
      const sums = [all, all.toReversed()].map((order) => {
        using dir = tempDir();
        const files: Record<string, string> = {};
        for (const { id, output, file } of order)
          files[`p/${file}.jsonl`] = `${files[`p/${file}.jsonl`] ?? ''}${line({ id, output })}\n`;
        home(dir.path, files);
        return readTranscripts([dir.path]).turns.map(({ key, outputTokens }) => [key, outputTokens]);
      });
      expect(sums[0]).toEqual(sums[1]);
      const largest = new Map<string, number>();
      for (const { id, output } of all) largest.set(`cc:${id}`, Math.max(output, largest.get(`cc:${id}`) ?? 0));
      expect(new Map(sums[0] as [string, number][])).toEqual(largest);
    }),
    { numRuns: 30 },
  );
});
