import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { run } from '../program.ts';
import type { Board } from '../rollups/board/board.ts';
import { startShimStack } from '../testing/shim-stack.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { pageLines } from '../views/overlay/page.ts';
import { charsetOf } from '../views/text/ascii.ts';
import { renderLine } from '../views/text/line.ts';

afterEach(() => vi.useRealTimers());

/** What a command prints; it is typed in this process, where the clock can be held. */
async function printed(dataDir: string, ...args: readonly string[]): Promise<string> {
  const said = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await run(['node', 'tracker', ...args, '--data-dir', dataDir]);
    return said.mock.calls.map(([chunk]) => String(chunk)).join('');
  } finally {
    said.mockRestore();
  }
}

test('every figure of the picture is a number of the JSON at the same instant: nothing else is drawn from', async () => {
  using dir = tempDir();
  const data = join(dir.path, 'data');
  const shim = await startShimStack(dir.path);
  for (const model of ['claude-sonnet-4-5', 'claude-opus-4-5', 'claude-sonnet-4-5']) await shim.turn(model);
  const pane = join(dir.path, 'pane.txt');
  for (const [phase, week] of [
    ['before', 20],
    ['after', 29],
  ] as const) {
    writeFileSync(pane, `Weekly limit: [██] ${week}% used\n`);
    await printed(data, 'ingest', 'codex', '--window', 'W0-01', '--phase', phase, '--file', pane);
  }
  await printed(data, 'complete', '--window', 'W0-01', '--codex-features', '3', '--quality', '0.8');

  vi.useFakeTimers({ toFake: ['Date'] });
  const look = (...more: readonly string[]): Promise<string> =>
    printed(data, 'preview', '--once', '--ccp-url', shim.url, ...more);
  const board = JSON.parse(await look('--json')) as Board;
  expect(board).toMatchObject({ state: 'live', outcome: { quality: 0.8 } });
  expect([board.meters.length, board.speeds.length, board.routing.decisions.length]).toEqual([3, 2, 3]);
  for (const width of [40, 80, 160]) {
    const lines = pageLines(board, width, shim.url).map((line) =>
      renderLine(line, width, false, charsetOf(process.env)),
    );
    expect(await look('--width', String(width))).toBe(`${lines.join('\n')}\n`);
  }
});
