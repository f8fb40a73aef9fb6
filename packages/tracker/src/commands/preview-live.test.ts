import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startShimStack } from '../testing/shim-stack.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { hasTmux, openTerminal } from '../testing/tmux.ts';
import { cellsOf } from '../views/text/cells.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const SLOW = { timeout: 60_000, interval: 200 };

test.skipIf(!hasTmux)(
  'a day with the overlay: traffic, every size, zoom, suspended and resumed, the shim killed and back, quit',
  { timeout: 300_000 },
  async () => {
    using dir = tempDir();
    const shim = await startShimStack(dir.path);
    await shim.turn('claude-sonnet-4-5');
    const terminal = openTerminal(80, 24);
    const text = (): string => terminal.screen().join('\n');
    const shows = (words: string | RegExp): Promise<void> => expect.poll(text, SLOW).toMatch(words);
    terminal.type(`cd '${ROOT}'; PS1='ready> '; export TERM=screen-256color; unset NO_COLOR; clear`);
    terminal.type(
      `${process.execPath} packages/tracker/dist/main.js preview --interval 0.5 ` +
        `--ccp-url ${shim.url} --data-dir '${dir.path}/data'`,
    );
    await shows(/● LIVE .*\n[^]*1 Quotas[^]*claude-sonnet-4-5 → anthropic +● 200/);
    expect(terminal.state()).toEqual({ isAlternate: true, hasCursor: false });

    // Traffic: told by events, before the next reading and with the reason only events carry.
    await shim.turn('claude-opus-4-5');
    await shows(/claude-opus-4-5 +→ anthropic +● 200 .*route/);

    for (const [width, rows] of [
      [40, 24],
      [60, 24],
      [120, 24],
      [200, 50],
      [80, 24],
    ] as const) {
      terminal.resize(width, rows);
      await expect
        .poll(() => /5 Outcome/.test(text()) && / q( quit)?\b/.test(terminal.screen().at(-1) ?? ''), SLOW)
        .toBe(true);
      expect(terminal.screen()).toHaveLength(rows);
      for (const line of terminal.screen()) expect(cellsOf(line)).toBeLessThanOrEqual(width);
    }

    terminal.press('3', '3');
    await shows(/3 Routing[^]*since its start[^]*z all panels/);
    expect(text()).not.toContain('1 Quotas');
    terminal.press('z');
    await shows('1 Quotas');
    terminal.press('p');
    await shows('■ PAUSED');
    terminal.press('p');

    terminal.press('C-z');
    await shows(/Stopped[^]*ready>/);
    expect(terminal.state()).toEqual({ isAlternate: false, hasCursor: true });
    terminal.type('fg');
    await shows(/● LIVE[^]*5 Outcome/);
    expect(terminal.state()).toEqual({ isAlternate: true, hasCursor: false });

    await shim.kill();
    // What was last seen stays, said to be old.
    await shows(/▲ STALE +read \d+s ago[^]*No shim answers[^]*claude-opus-4-5/);
    await shim.restart();
    await shim.turn('claude-haiku-4-5');
    await shows(/● LIVE[^]*claude-haiku-4-5 +→ anthropic +● 200 .*route/);

    terminal.press('q');
    await expect.poll(() => terminal.state().isAlternate, SLOW).toBe(false);
    terminal.type('echo code=$?');
    await shows(/code=0\n/);
    expect(terminal.state()).toEqual({ isAlternate: false, hasCursor: true });
  },
);
