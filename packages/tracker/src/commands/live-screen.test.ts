import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { usageFixture } from '../testing/fixtures.ts';
import { serveUsage } from '../testing/usage-server.ts';
import { tempDir } from '../testing/temp-dir.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const ALTERNATE_SCREEN = '\u001B[?1049h\u001B[?25l';
const RESTORED = '\u001B[?25h\u001B[?1049l';
// Makes a real terminal for a child (util-linux; the program of this name elsewhere has other options).
const hasScript = (spawnSync('script', ['--version']).stdout ?? '').toString().includes('util-linux');

test.skipIf(!hasScript).each([
  ['q', 'q'],
  ['Ctrl-C', '\u0003'],
])('on a terminal it draws until %s and leaves the terminal as it was', async (_name, key) => {
  using dir = tempDir();
  const server = await serveUsage(() => ({ body: JSON.stringify(usageFixture('full')) }));
  const command = `stty rows 12 cols 70; ${process.execPath} --conditions=source --import tsx packages/tracker/src/main.ts preview --interval 0.1 --ccp-url ${server.url.href} --data-dir ${dir.path}; echo code=$?; stty -a`;
  const { NO_COLOR: _colour, ...inherited } = process.env;
  const env = { ...inherited, TERM: 'xterm', SHELL: '/bin/sh' };
  const terminal = spawn('script', ['-qec', command, '/dev/null'], { cwd: ROOT, env });
  let screen = '';
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text));
  const ended = once(terminal, 'close');
  await expect.poll(() => screen.split('LIVE').length, { timeout: 15_000 }).toBeGreaterThan(2);
  terminal.stdin.write(key);
  await ended;

  const [before, rest = ''] = screen.split(ALTERNATE_SCREEN);
  const [frames = '', after = ''] = rest.split(RESTORED);
  expect(before).toBe('');
  expect(frames).toContain('\u001B[31m');
  // 12 rows: one stays free, so that nothing scrolls.
  for (const frame of frames.split('\u001B[H').slice(1)) expect(frame.split('\r\n')).toHaveLength(12);
  expect(frames).toContain('more lines; q quits');
  expect(after).toContain('code=0');
  expect(after).toMatch(/ icanon/);
  expect(after).toMatch(/ echo /);
});
