import { appendFileSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { startTracker } from '../testing/child.ts';
import type { Ended } from '../testing/child.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { EXIT } from './exit-codes.ts';

// Every step is a process of its own, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const LOGS = fileURLToPath(new URL('../../../../fixtures/tracker/logs/', import.meta.url));
const HOMES = ['--claude-home', join(LOGS, 'claude'), '--codex-home', join(LOGS, 'codex')];

function backfill(dir: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return startTracker(['backfill', ...args], { TRACKER_DATA_DIR: join(dir, 'data'), ...env }).ended;
}

test('both kinds of logs are kept once; a second run adds nothing; verify is content', async () => {
  using dir = tempDir();
  const part = await backfill(dir.path, [...HOMES, '--since', '2030-01-01T09:01:00Z', '--until', '2030-01-02']);
  expect(part.stdout.split('\n')).toEqual([
    'claude-log: 4 turns in 5 files (16 lines): 2 added, 0 known, 2 outside the time, 1 refusals for a limit, 2 problems',
    'codex-log: 4 turns in 3 files (23 lines): 0 added, 0 known, 4 outside the time, 0 of 8 readings added, 2 copies of another session, 1 problems',
    '',
  ]);
  expect(part.stderr).toContain('note: junk.jsonl:2: it is no JSON object; the line is not counted');

  const rest = JSON.parse((await backfill(dir.path, [...HOMES, '--json'])).stdout) as object;
  expect(rest).toMatchObject({ added: 6, known: 2, readings_added: 8, problems: 3 });
  const kept = readFileSync(join(dir.path, 'data', 'windows.jsonl'), 'utf8');
  const again = JSON.parse((await backfill(dir.path, [...HOMES, '--json'])).stdout) as object;
  expect(again).toMatchObject({ added: 0, known: 8, readings: 8, readings_added: 0 });
  expect(readFileSync(join(dir.path, 'data', 'windows.jsonl'), 'utf8')).toBe(kept);
  expect((await startTracker(['verify'], { TRACKER_DATA_DIR: join(dir.path, 'data') }).ended).code).toBe(EXIT.ok);
});

test('without a folder the usual homes are read; a dry run writes nothing', async () => {
  using dir = tempDir();
  const env = { HOME: dir.path, CLAUDE_CONFIG_DIR: join(LOGS, 'claude'), CODEX_HOME: join(LOGS, 'codex') };
  const { stdout, code } = await backfill(dir.path, ['--codex-home', '--claude-home', '--dry-run', '--json'], env);
  expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
    code: EXIT.ok,
    added: 8,
    known: 0,
    readings_added: 8,
  });
  expect(existsSync(join(dir.path, 'data', 'windows.jsonl'))).toBe(false);
});

test('an answer that is being written is left for later, and then kept with all its tokens', async () => {
  using dir = tempDir();
  const file = join(dir.path, 'projects', 'p', 'session.jsonl');
  mkdirSync(join(dir.path, 'projects', 'p'), { recursive: true });
  const line = (id: string, output: number): string =>
    `${JSON.stringify({
      ...{ type: 'assistant', timestamp: new Date().toISOString(), sessionId: 's-1', requestId: `req_${id}` },
      message: {
        id,
        role: 'assistant',
        model: 'claude-sonnet-4-5',
        usage: { input_tokens: 10, output_tokens: output },
      },
    })}\n`;
  writeFileSync(file, line('msg_1', 50) + line('msg_2', 1));
  const first = await backfill(dir.path, ['--claude-home', dir.path]);
  expect(first.stdout).toContain('1 added');
  expect(first.stdout).toContain('1 answers that may still be coming (run again in 5 minutes)');

  appendFileSync(file, line('msg_2', 900));
  const minutesAgo = Date.now() / 1000 - 301;
  utimesSync(file, minutesAgo, minutesAgo);
  const later = JSON.parse((await backfill(dir.path, ['--claude-home', dir.path, '--json'])).stdout) as object;
  expect(later).toMatchObject({ added: 1, known: 1 });
  const kept = readFileSync(join(dir.path, 'data', 'windows.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const outputs = kept.map((row) => (JSON.parse(row) as { turn: { tokens_out: number } }).turn.tokens_out);
  expect(outputs).toEqual([50, 900]);
});

test('where nothing can be used it says why and fails; where nothing is, it says so', async () => {
  using dir = tempDir();
  mkdirSync(join(dir.path, 'projects'));
  expect(await backfill(dir.path, [])).toMatchObject({ code: EXIT.usage, stderr: expect.stringContaining('say what') });
  expect(await backfill(dir.path, ['--claude-home', dir.path])).toMatchObject({ code: EXIT.noData });
  writeFileSync(
    join(dir.path, 'projects', 'a.jsonl'),
    Buffer.concat([Buffer.from([0, 255]), Buffer.from('"usage"\n')]),
  );
  const failed = await backfill(dir.path, ['--claude-home', dir.path, '--codex-home', join(dir.path, 'none')]);
  expect(failed.code).toBe(EXIT.failure);
  expect(failed.stderr).toContain('a.jsonl:1: it is no JSON object');
  expect(failed.stderr).toContain(`there is no folder ${join(dir.path, 'none')}. Give the folder that holds sessions/`);
  expect(failed.stderr).not.toMatch(/\n\s+at /);
});
