/// <reference lib="dom" />
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { CHROMIUM, openBrowser } from '../testing/browser.ts';
import { startTracker } from '../testing/child.ts';
import { usageFixture } from '../testing/fixtures.ts';
import { startShimStack } from '../testing/shim-stack.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { hasTmux, openTerminal } from '../testing/tmux.ts';
import { serveUsage } from '../testing/usage-server.ts';

// Real processes, a terminal and a browser, on machines that may be busy.
vi.setConfig({ testTimeout: 180_000 });

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const SLOW = { timeout: 60_000, interval: 200 };

/** What is missing, where the tracker looks then, and what both pictures tell to type. */
const STATES: readonly (readonly [string, (dir: string) => Promise<string>, (url: string) => readonly string[]])[] = [
  [
    'no shim',
    async () => {
      const gone = await serveUsage(() => null);
      await gone.close();
      return gone.url.origin;
    },
    (url) => [`shim serve --port ${new URL(url).port}`],
  ],
  ['no windows', (dir) => shimWithATurn(dir), () => ['tracker alias start claude']],
  [
    'no license',
    (dir) =>
      shimWithATurn(dir, {
        lanes: `, zai: {base_url: "http://127.0.0.1:9", key_env: PATH, requires: zai_offload}`,
        routes: `{pattern: 'claude-haiku*', provider: zai, fallback: [anthropic]}, `,
      }),
    () => ['shim license status'],
  ],
  [
    'an older shim',
    async () => {
      const { usage_schema: _schema, epoch: _epoch, ...older } = usageFixture('r35-two-models');
      const shim = await serveUsage(() => ({ body: JSON.stringify(older) }), 0, null);
      return shim.url.origin;
    },
    () => ['npx -y pnpm@10.34.9 start'],
  ],
  [
    'a shim that tells its version of the contract, but lists no turns',
    async () => {
      const shim = await serveUsage(() => ({ body: JSON.stringify(usageFixture('full')) }), 0, null);
      return shim.url.origin;
    },
    () => ['npx -y pnpm@10.34.9 start'],
  ],
];

async function shimWithATurn(dir: string, more?: Parameters<typeof startShimStack>[1]): Promise<string> {
  const shim = await startShimStack(dir, more);
  await shim.turn('claude-haiku-4-5');
  return shim.url;
}

test.skipIf(!hasTmux).each(STATES)('%s: the overlay says what to type, at any width', async (_name, open, typed) => {
  using dir = tempDir();
  const url = await open(dir.path);
  const terminal = openTerminal(100, 50);
  // A command that is wider than the screen goes on after a backslash, which the shell joins again.
  const text = (): string => terminal.screen().join('\n').replaceAll('\\\n', '');
  terminal.type(`cd '${ROOT}'; PS1='ready> '; export TERM=screen-256color; clear`);
  terminal.type(
    `${process.execPath} packages/tracker/dist/main.js preview --ccp-url ${url} --data-dir '${dir.path}/data'`,
  );
  await expect.poll(() => terminal.state().isAlternate, SLOW).toBe(true);
  for (const width of [100, 80, 40]) {
    // By way of the help, so that what is seen was drawn at this width.
    terminal.press('?');
    await expect.poll(text, SLOW).toContain('Signs');
    terminal.resize(width, 50);
    terminal.press('?');
    await expect.poll(text, SLOW).not.toContain('Signs');
    for (const command of typed(url)) await expect.poll(text, SLOW).toContain(command);
  }
});

test.skipIf(CHROMIUM === undefined).each(STATES)('%s: the page says what to type', async (_name, open, typed) => {
  using dir = tempDir();
  const url = await open(dir.path);
  const dashboard = startTracker([
    'dashboard',
    '--json',
    '--port',
    '0',
    '--ccp-url',
    url,
    '--data-dir',
    `${dir.path}/d`,
  ]);
  await dashboard.until((one) => one.stdout().includes('\n'));
  const browser = await openBrowser();
  try {
    const page = await browser.newPage();
    await page.goto((JSON.parse(dashboard.stdout()) as { url: string }).url);
    await page.waitForSelector('html[data-ready]');
    for (const command of typed(url))
      await expect.poll(() => page.locator('code:visible', { hasText: command }).count(), SLOW).toBeGreaterThan(0);
  } finally {
    await browser.close();
    dashboard.process.kill('SIGTERM');
  }
  expect(await dashboard.ended).toMatchObject({ code: 0, stderr: '' });
});
