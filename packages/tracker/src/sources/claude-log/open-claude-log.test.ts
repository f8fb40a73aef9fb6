import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { tempDir } from '../../testing/temp-dir.ts';
import type { LogTurn } from '../log-turn.ts';
import { claudeHomes } from './claude-homes.ts';
import { openClaudeLog } from './open-claude-log.ts';
import type { ClaudeTick } from './open-claude-log.ts';

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

const readTranscripts = (roots: readonly string[], options: { mostLineBytes?: number } = {}): ClaudeTick =>
  openClaudeLog({ roots, ...options }).tick();

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

test('however appends are split over ticks and restarts, the turns are those of one cold read', () => {
  const one = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'é'),
    output: fc.nat(5),
    sidechain: fc.boolean(),
    second: fc.nat(9),
    file: fc.constantFrom('x', 'y', 'agent-z'),
    cut: fc.nat(250),
    ticks: fc.boolean(),
    restarts: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 12 }), (all) => {
      using dir = tempDir();
      let log = openClaudeLog({ roots: [dir.path] });
      const known = new Map<string, LogTurn>();
      const tick = (): void => {
        for (const turn of log.tick().turns) known.set(turn.key, turn);
      };
      home(dir.path, {});
      for (const { file, cut, ticks, restarts, second, ...over } of all) {
        const path = join(dir.path, 'projects', `${file}.jsonl`);
        const bytes = Buffer.from(`${line({ ...over, at: `2030-01-01T00:00:0${second}Z` })}\n`);
        mkdirSync(join(dir.path, 'projects'), { recursive: true });
        appendFileSync(path, bytes.subarray(0, cut));
        if (ticks) tick();
        appendFileSync(path, bytes.subarray(cut));
        if (restarts) log = openClaudeLog({ roots: [dir.path], state: JSON.parse(JSON.stringify(log.state())) });
      }
      tick();
      const cold = readTranscripts([dir.path]).turns;
      expect([...known.values()].toSorted((a, b) => a.ts - b.ts || (a.key < b.key ? -1 : 1))).toEqual(cold);
      expect(log.tick().turns).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('a refusal for a limit is evidence, and no turn; another error is nothing', () => {
  using dir = tempDir();
  const refusal = (text: string, extra: object = {}): string =>
    line({
      extra: {
        isApiErrorMessage: true,
        message: { id: 'x', model: '<synthetic>', content: [{ type: 'text', text }], usage: { input_tokens: 0 } },
        ...extra,
      },
    });
  const quotaLimits = {
    status: 'rejected',
    resetsAt: 1_893_456_000,
    rateLimitType: 'five_hour',
    isUsingOverage: false,
  };
  home(dir.path, {
    'p/a.jsonl': [
      refusal("You've hit your session limit · resets 3pm (UTC)", { error: 'rate_limit', quotaLimits }),
      refusal('Claude AI usage limit reached|1893456000'),
      refusal('5-hour limit reached ∙ resets 3pm'),
      refusal('API Error: 429 {"type":"error","error":{"type":"rate_limit_error"}}'),
      refusal('Request failed', { error: 'rate_limit' }),
      refusal('API Error: 500 overloaded', { error: 'server_error' }),
      refusal('No response requested.'),
      '',
    ].join('\n'),
  });
  const log = openClaudeLog({ roots: [dir.path] });
  const { rejections, turns, problems } = log.tick();
  expect(rejections.map(({ evidence, limit, resetsTs, line: at }) => [at, evidence, limit, resetsTs])).toEqual([
    [1, 'quota-limits', 'five_hour', 1_893_456_000],
    [2, 'text', null, 1_893_456_000],
    [3, 'text', null, null],
    [4, 'text', null, null],
    [5, 'error-kind', null, null],
  ]);
  expect({ turns, problems }).toEqual({ turns: [], problems: [] });
  expect(log.tick().rejections).toEqual([]);
});

test('a byte order mark and spaces spoil nothing; a state of something else is begun anew', () => {
  using dir = tempDir();
  const spaced = JSON.stringify(JSON.parse(line({ id: 'b', output: 3 })), null, 1).replaceAll('\n', ' ');
  home(dir.path, { 'p/a.jsonl': `\uFEFF${line({ output: 2 })}\n${spaced}\r\n` });
  for (const state of [undefined, null, 'x', { version: 2 }, { version: 1, texts: [], answers: [['a', null, 1]] }]) {
    const { turns, problems } = openClaudeLog({ roots: [dir.path], state }).tick();
    expect({ turns: turns.map(({ key }) => key), problems }).toEqual({ turns: ['cc:b', 'cc:msg_1'], problems: [] });
  }
});

test('the homes are those of CLAUDE_CONFIG_DIR, else the usual ones that are there', () => {
  using dir = tempDir();
  const [config, plain] = [join(dir.path, '.config', 'claude'), join(dir.path, '.claude')];
  expect(claudeHomes({}, dir.path)).toEqual([plain]);
  mkdirSync(join(config, 'projects'), { recursive: true });
  expect(claudeHomes({ CLAUDE_CONFIG_DIR: '' }, dir.path)).toEqual([config]);
  mkdirSync(join(plain, 'transcripts'), { recursive: true });
  expect(claudeHomes({}, dir.path)).toEqual([config, plain]);
  expect(claudeHomes({ CLAUDE_CONFIG_DIR: '/a, /b,' }, dir.path)).toEqual(['/a', '/b']);
});
