import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Problem } from '../problem.ts';
import { openClaudeLog } from './claude-log/open-claude-log.ts';
import { openCodexLog } from './codex-log/open-codex-log.ts';
import type { LogTurn } from './log-turn.ts';

const FOLDER = fileURLToPath(new URL('../../../../fixtures/tracker/logs/', import.meta.url));
const expected = JSON.parse(readFileSync(`${FOLDER}expected.json`, 'utf8')) as Record<string, Record<string, unknown>>;

const told = (turns: readonly LogTurn[]): readonly object[] =>
  turns.map((turn) => ({
    key: turn.key,
    at: new Date(turn.ts * 1000).toISOString(),
    session: turn.sessionId,
    agent: turn.agent,
    model: turn.model,
    input: turn.inputTokens,
    output: turn.outputTokens,
    cache_write_5m: turn.cacheWrite5mTokens,
    cache_write_1h: turn.cacheWrite1hTokens,
    cache_read: turn.cacheReadTokens,
  }));
const places = (problems: readonly Problem[]): readonly string[] =>
  problems.map(({ file = '', line }) => `${basename(file)}:${line}`);

test('a home of Claude Code', () => {
  const { turns, problems, rejections } = openClaudeLog({ roots: [`${FOLDER}claude`] }).tick();
  const refused = rejections.map(({ limit, resetsTs }) => [limit, new Date((resetsTs ?? 0) * 1000).toISOString()]);
  expect({ turns: told(turns), problems: places(problems), rejections: refused }).toEqual(expected['claude']);
});

test('a home of Codex', () => {
  const { turns, problems, readings } = openCodexLog({ roots: [`${FOLDER}codex`] }).tick();
  const read = readings.map((reading) => [reading.observed_at, reading.window_min, reading.used_pp]);
  expect({ turns: told(turns), problems: places(problems), readings: read }).toEqual(expected['codex']);
});
