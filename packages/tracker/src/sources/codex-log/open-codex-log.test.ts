import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { tempDir } from '../../testing/temp-dir.ts';
import type { LogTurn } from '../log-turn.ts';
import { codexHomes } from './codex-homes.ts';
import { openCodexLog } from './open-codex-log.ts';
import type { CodexTick } from './open-codex-log.ts';

const START_S = Date.UTC(2030, 0, 2) / 1000;
const iso = (second: number): string => new Date((START_S + second) * 1000).toISOString();

type Five = readonly [input: number, cached: number, output: number, reasoning?: number, cacheWrite?: number];

function usage([input, cached, output, reasoning = 0, cacheWrite]: Five): object {
  return {
    input_tokens: input,
    cached_input_tokens: cached,
    output_tokens: output,
    reasoning_output_tokens: reasoning,
    ...(cacheWrite !== undefined && { cache_write_input_tokens: cacheWrite }),
    total_tokens: input + output,
  };
}

const record = (second: number, type: string, payload: object): string =>
  JSON.stringify({ timestamp: iso(second), type, payload });
const meta = (second: number, id: string, more: object = {}): string =>
  record(second, 'session_meta', { id, cwd: '/w', originator: 'codex_cli_rs', cli_version: '0.150.0', ...more });
const model = (second: number, name: string): string => record(second, 'turn_context', { model: name, cwd: '/w' });
const limits = (pp: number): object => ({
  limit_id: 'codex',
  primary: { used_percent: pp, window_minutes: 300, resets_at: START_S + 9000 },
  secondary: null,
});
const count = (second: number, total: Five, last: Five | null, rateLimits: object | null = null): string =>
  record(second, 'event_msg', {
    type: 'token_count',
    info: { total_token_usage: usage(total), last_token_usage: last === null ? null : usage(last) },
    rate_limits: rateLimits,
  });

/** A home with the rollouts, by the name of their session. */
function home(dir: string, files: Readonly<Record<string, readonly string[]>>): string {
  for (const [name, lines] of Object.entries(files)) {
    const path = fileOf(dir, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${lines.join('\n')}\n`);
  }
  return dir;
}

const fileOf = (dir: string, name: string): string =>
  join(dir, 'sessions', '2030', '01', '02', `rollout-${name}.jsonl`);
const read = (dir: string): CodexTick => openCodexLog({ roots: [dir] }).tick();
const briefly = ({ key, ts, model: name, inputTokens, cacheReadTokens, cacheWrite5mTokens, outputTokens }: LogTurn) =>
  [key, ts - START_S, name, inputTokens, cacheReadTokens, cacheWrite5mTokens, outputTokens] as const;

test('a turn is what the total grew by; the same total again is only shown again', () => {
  using dir = tempDir();
  home(dir.path, {
    a: [
      meta(0, 'a'),
      record(0, 'event_msg', { type: 'token_count', info: null, rate_limits: null }),
      model(1, 'gpt-5.3-codex'),
      count(5, [1000, 400, 50, 20], [1000, 400, 50, 20]),
      count(6, [1000, 400, 50, 20], [1000, 400, 50, 20]),
      model(10, 'gpt-5.4'),
      count(15, [3000, 1900, 90, 20, 100], [2000, 1500, 40, 0, 100]),
      count(16, [3000, 1900, 90, 20, 100], [0, 0, 0, 0]),
    ],
  });
  const { turns, problems, copies } = read(dir.path);
  expect(turns.map(briefly)).toEqual([
    ['cx:a:0:1000.50', 5, 'gpt-5.3-codex', 600, 400, 0, 50],
    ['cx:a:0:3000.90', 15, 'gpt-5.4', 400, 1500, 100, 40],
  ]);
  expect(turns[0]).toMatchObject({ source: 'codex-log', sessionId: 'a', agent: '', requestId: null, line: 4 });
  expect({ problems, copies }).toEqual({ problems: [], copies: 0 });
});

test('a counter that begins anew goes on with its first answer; one that only goes back is not counted', () => {
  using dir = tempDir();
  home(dir.path, {
    a: [
      meta(0, 'a'),
      count(1, [1000, 0, 50], [1000, 0, 50]),
      count(2, [900, 0, 40], [100, 0, 5]),
      count(3, [1000, 0, 50], [1000, 0, 50]),
      count(4, [0, 0, 0], [0, 0, 0]),
      count(5, [700, 0, 7], [700, 0, 7]),
      count(6, [900, 0, 9], [200, 0, 2]),
    ],
  });
  const { turns, backwards } = read(dir.path);
  expect(turns.map(briefly).map(([key, , , input, , , output]) => [key, input, output])).toEqual([
    ['cx:a:0:1000.50', 1000, 50],
    ['cx:a:1:700.7', 700, 7],
    ['cx:a:1:900.9', 200, 2],
  ]);
  expect(backwards).toBe(1);
});

const parent = [
  meta(0, 'p'),
  model(1, 'gpt-5.4'),
  count(5, [1000, 0, 50], [1000, 0, 50], limits(3)),
  count(9, [3000, 900, 90], [2000, 900, 40], limits(4)),
];
const copiesOf = (lines: readonly string[], second: number): readonly string[] =>
  lines.map((line) => JSON.stringify({ ...(JSON.parse(line) as object), timestamp: iso(second) }));

test('a fork begins with a copy of its origin under new times: nothing of it counts, not even its limits', () => {
  using dir = tempDir();
  const fork = [
    meta(100, 'f', { forked_from_id: 'p' }),
    ...copiesOf(parent, 100),
    model(101, 'gpt-5.5'),
    count(110, [3500, 1000, 100], [500, 100, 10], limits(9)),
  ];
  const grandchild = [
    meta(200, 'g', { forked_from_id: 'f' }),
    ...copiesOf(fork, 200),
    count(210, [3600, 1000, 120], [100, 0, 20]),
  ];
  const later = count(300, [9000, 900, 190], [6000, 0, 100]);
  home(dir.path, { '1-g': grandchild, '2-f': fork, '3-p': [...parent, later] });
  const { turns, copies, readings } = read(dir.path);
  expect(turns.map(briefly).map(([key, ts, , input]) => [key, ts, input])).toEqual([
    ['cx:p:0:1000.50', 5, 1000],
    ['cx:p:0:3000.90', 9, 1100],
    ['cx:f:0:3500.100', 110, 400],
    ['cx:g:0:3600.120', 210, 100],
    ['cx:p:0:9000.190', 300, 6000],
  ]);
  expect(copies).toBe(5);
  expect(readings.map(({ used_pp: pp, observed_at: at }) => [pp, at])).toEqual([
    [3, iso(5)],
    [4, iso(9)],
    [9, iso(110)],
  ]);
});

test('two subagents with turns of one size both count; of an origin that is gone, what was written at once is a copy', () => {
  using dir = tempDir();
  const agent = (id: string, second: number): readonly string[] => [
    meta(second, id, { source: { subagent: { thread_spawn: { parent_thread_id: 'p', agent_role: 'explorer' } } } }),
    count(second + 4, [500, 0, 5], [500, 0, 5]),
  ];
  home(dir.path, {
    p: parent,
    a: agent('a', 20),
    b: agent('b', 21),
    orphan: [
      meta(50, 'o', { forked_from_id: 'lost' }),
      ...copiesOf(parent, 50),
      count(60, [3100, 900, 100], [100, 0, 10]),
    ],
    heir: [meta(70, 'h', { parent_thread_id: 'lost' }), count(80, [900_000, 0, 900], [80, 0, 8])],
  });
  const { turns } = read(dir.path);
  expect(turns.slice(2).map((turn) => [turn.key, turn.agent, turn.inputTokens])).toEqual([
    ['cx:a:0:500.5', 'explorer', 500],
    ['cx:b:0:500.5', 'explorer', 500],
    ['cx:o:0:3100.100', '', 100],
    ['cx:h:0:900000.900', '', 80],
  ]);
});

test('a session that was archived, copied or gone on with in another file counts once', () => {
  using dir = tempDir();
  home(dir.path, { 'p-copy': parent, p: parent, 'p-more': [meta(400, 'p'), count(410, [3300, 900, 99], [300, 0, 9])] });
  const log = openCodexLog({ roots: [dir.path] });
  expect(log.tick().turns.map(({ key }) => key)).toEqual(['cx:p:0:1000.50', 'cx:p:0:3000.90', 'cx:p:0:3300.99']);
  mkdirSync(join(dir.path, 'archived_sessions'));
  renameSync(fileOf(dir.path, 'p'), join(dir.path, 'archived_sessions', 'rollout-p.jsonl'));
  expect(log.tick()).toMatchObject({ turns: [], bytes: 0, files: 3 });
});

test('limits become readings where they change, with the time of their line; null limits are none', () => {
  using dir = tempDir();
  home(dir.path, {
    a: [
      meta(0, 'a'),
      record(1, 'event_msg', { type: 'token_count', info: null, rate_limits: limits(1) }),
      count(2, [10, 0, 1], [10, 0, 1], limits(1)),
      count(3, [10, 0, 1], [10, 0, 1], limits(2)),
      count(4, [20, 0, 2], [10, 0, 1], { primary: null, secondary: null }),
      count(5, [30, 0, 3], [10, 0, 1], { primary: { used_percent: 5000, window_minutes: 300 } }),
    ],
  });
  const { readings, problems } = read(dir.path);
  expect(readings.map(({ observed_at: at, used_pp: pp, window_min: min, source }) => [at, pp, min, source])).toEqual([
    [iso(1), 1, 300, 'rollout'],
    [iso(3), 2, 300, 'rollout'],
  ]);
  expect(problems).toMatchObject([{ code: 'percent-out-of-range', line: 6, file: fileOf(dir.path, 'a') }]);
});

test('what cannot be used is named by file and line, and spoils no other line', () => {
  using dir = tempDir();
  const bad = [
    '{"type":"session_meta","payload":{}}',
    '{"type":"event_msg","payload":{"type":"token_count"',
    count(1, [10, 0, 1], [-1, 0, 1]),
    JSON.stringify({ type: 'event_msg', payload: { type: 'token_count', info: {} } }),
    record(1, 'response_item', { text: 'says "token_count"' }),
    count(5, [100, 0, 10], [100, 0, 10]),
  ];
  home(dir.path, { a: bad });
  writeFileSync(fileOf(dir.path, 'b'), Buffer.from([0x1f, 0x8b, 0, 255, 10]));
  const { turns, problems } = openCodexLog({ roots: [dir.path, join(dir.path, 'no')] }).tick();
  expect(turns.map(({ key, model: name }) => [key, name])).toEqual([['cx:rollout-a:0:100.10', 'unknown']]);
  expect(problems.map(({ code, line }) => [code, line])).toEqual([
    ['folder-missing', undefined],
    ['line-not-usable', 1],
    ['line-not-usable', 2],
    ['line-not-usable', 3],
    ['line-not-usable', 4],
  ]);
});

test('however appends are split over ticks and restarts, the turns are those of one cold read', () => {
  const answer = fc.record({
    size: fc.integer({ min: 1, max: 3 }),
    again: fc.boolean(),
    fork: fc.option(fc.nat(3)),
    cut: fc.nat(400),
    ticks: fc.boolean(),
    restarts: fc.boolean(),
    to: fc.nat(4),
  });
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 12 }), fc.boolean(), (all, reversed) => {
      using dir = tempDir();
      const sessions: { name: string; lines: string[]; input: number }[] = [{ name: 's0', lines: [], input: 0 }];
      const known = new Map<string, LogTurn>();
      let log = openCodexLog({ roots: [dir.path] });
      let second = 0;
      let real = 0;
      const tick = (): void => {
        for (const turn of log.tick().turns) known.set(turn.key, turn);
      };
      // Names in the other order than they were made: an origin may be read after its fork.
      const path = (name: string): string =>
        fileOf(dir.path, reversed ? name.replace(/\d+/, (n) => `${50 - Number(n)}`) : name);
      const write = (name: string, lines: readonly string[], { cut, ticks }: { cut: number; ticks: boolean }): void => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        mkdirSync(dirname(path(name)), { recursive: true });
        appendFileSync(path(name), bytes.subarray(0, cut));
        if (ticks) tick();
        appendFileSync(path(name), bytes.subarray(cut));
      };
      for (const step of all) {
        second += 10;
        let session = sessions[step.to % sessions.length] as (typeof sessions)[number];
        const lines: string[] = [];
        if (session.lines.length === 0) lines.push(meta(second, session.name));
        if (step.fork !== null) {
          const origin = sessions[step.fork % sessions.length] as (typeof sessions)[number];
          session = { name: `s${sessions.length}`, lines: [], input: origin.input };
          lines.splice(
            0,
            1,
            meta(second, session.name, { forked_from_id: origin.name }),
            ...copiesOf(origin.lines, second),
          );
          sessions.push(session);
        }
        session.input += step.size;
        real += step.size;
        const line = count(second + 5, [session.input, 0, session.input], [step.size, 0, step.size]);
        lines.push(line);
        if (step.again) lines.push(line);
        write(session.name, lines, step);
        session.lines.push(...lines);
        if (step.restarts) log = openCodexLog({ roots: [dir.path], state: JSON.parse(JSON.stringify(log.state())) });
      }
      tick();
      const cold = read(dir.path).turns;
      expect([...known.values()].toSorted((a, b) => a.ts - b.ts || (a.key < b.key ? -1 : 1))).toEqual(cold);
      expect(cold.reduce((sum, { outputTokens }) => sum + outputTokens, 0)).toBe(real);
    }),
    { numRuns: 80 },
  );
});

test('the home is CODEX_HOME, else ~/.codex', () => {
  expect([codexHomes({}, '/u'), codexHomes({ CODEX_HOME: '/c' }, '/u')]).toEqual([['/u/.codex'], ['/c']]);
});
