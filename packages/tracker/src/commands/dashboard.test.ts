/// <reference lib="dom" />
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { run } from '../program.ts';
import { CHROMIUM, openBrowser } from '../testing/browser.ts';
import { startTracker } from '../testing/child.ts';
import { openPageWorld } from '../testing/page-world.ts';
import type { PageWorld } from '../testing/page-world.ts';
import { serveUsage } from '../testing/usage-server.ts';
import { tempDir } from '../testing/temp-dir.ts';

// Real processes and a browser, on machines that may be busy; alone it takes half a minute in all.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

let world: PageWorld;

beforeAll(async () => {
  world = await openPageWorld({ prepare: finishWindows, dashboardArgs: ['--interval', '0.5'] });
});
afterAll(() => world.close());

/** Four windows of two providers, by the commands a person types; one meter falls, which is an anomaly. */
async function finishWindows(dataDir: string): Promise<void> {
  mkdirSync(dataDir, { recursive: true });
  const quiet = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const type = (line: string): Promise<number> => run(['node', 'tracker', ...line.split(' '), '--data-dir', dataDir]);
  const ingest = (source: string, where: string, text: string): Promise<number> => {
    const file = join(dataDir, '..', 'pane.txt');
    writeFileSync(file, text);
    return type(`ingest ${source} ${where} --file ${file}`);
  };
  for (const [nth, [week, took, features]] of [
    [10, 8, 4],
    [22, 7, 3],
    [35, 9, 5],
    [50, 6, 3],
  ].entries() as IterableIterator<[number, [number, number, number]]>) {
    const window = `W0-0${nth + 1}`;
    await ingest('codex', `--window ${window} --phase before`, pane(5, week));
    await ingest('codex', `--window ${window} --phase after`, pane(21, week + took));
    await ingest('glm', `--window ${window}`, `{"blocks":[{"prompts_used":${40 + nth * 7}}]}`);
    await type(
      `complete --window ${window} --codex-features ${features} --glm-features 2 --quality 0.${8 + (nth % 2)} --outcome pass`,
    );
  }
  await ingest('codex', '--window W0-05 --phase before', pane(50, 70));
  await ingest('codex', '--window W0-05 --phase after', pane(60, 64));
  await type('complete --window W0-05 --codex-features 1 --quality 0.7 --outcome partial');
  quiet.mockRestore();
}

function pane(five: number, week: number): string {
  return `5h limit: [██] ${five}% used (resets 13:01)\nWeekly limit: [██] ${week}% used (resets 21:29 on 19 Oct)\n`;
}

interface Answer {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

/** Bytes as they are: no client that tidies a Host, a path or a method. */
function raw(lines: readonly string[]): Promise<Answer> {
  const { hostname, port } = new URL(world.pageUrl);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.on('error', reject).on('close', () => {
      const [headers = '', ...rest] = text.split('\r\n\r\n');
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), headers, body: rest.join('\r\n\r\n') });
    });
  });
}

const ask = (path: string, ...more: readonly string[]): Promise<Answer> =>
  raw([`GET ${path} HTTP/1.1`, `Host: ${new URL(world.pageUrl).host}`, 'Connection: close', ...more]);

describe('who may read', () => {
  test.each([
    'evil.example',
    'evil.example:8083',
    '192.168.1.7',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '',
  ])('a Host of %j is refused: DNS rebinding ends here', async (host) => {
    const answer = await raw(['GET /api/board HTTP/1.1', `Host: ${host}`, 'Connection: close']);
    expect(answer.status).toBe(403);
    expect(answer.body).not.toContain('board_schema');
  });

  test.each([
    'Origin: http://evil.example',
    'Origin: null',
    'Origin: http://127.0.0.1:1',
    'Sec-Fetch-Site: cross-site',
    'Sec-Fetch-Site: same-site',
  ])('%s is refused', async (header) => {
    expect((await ask('/api/board', header)).status).toBe(403);
  });

  test('loopback names and the page itself are let in', async () => {
    const { port, origin } = new URL(world.pageUrl);
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`])
      expect((await raw(['GET /health HTTP/1.1', `Host: ${host}`, 'Connection: close'])).status).toBe(200);
    expect((await ask('/api/board', `Origin: ${origin}`, 'Sec-Fetch-Site: same-origin')).status).toBe(200);
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])('%s is not allowed', async (method) => {
    const { host } = new URL(world.pageUrl);
    const lines = [`${method} /api/board HTTP/1.1`, `Host: ${host}`, 'Connection: close', 'Content-Length: 0'];
    const answer = await raw(lines);
    expect(answer.status).toBe(405);
    expect(answer.headers.toLowerCase()).toContain('allow: get, head');
  });

  test.each([
    '/../package.json',
    '/assets/../../../package.json',
    '/%2e%2e/%2e%2e/package.json',
    '/assets/..%2f..%2f..%2fpackage.json',
    '//etc/passwd',
    '/.git/config',
  ])('%s leads nowhere', async (path) => {
    const answer = await ask(path);
    expect([400, 404]).toContain(answer.status);
    expect(answer.body).not.toMatch(/"name"|root:/);
  });

  test('every answer forbids caching, framing and everything inline', async () => {
    for (const path of ['/', '/api/board', '/api/history', '/nothing-here']) {
      const { headers } = await ask(path);
      expect(headers).toMatch(/cache-control: no-store/i);
      expect(headers).toMatch(/x-content-type-options: nosniff/i);
      const policy = /content-security-policy: (.*)/i.exec(headers)?.[1] ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
    }
    expect((await ask('/')).body).not.toMatch(/<style|style=|<script(?![^>]* src=)|https?:\/\//);
  });
});

describe('what it tells', () => {
  test('board and history count the turns that went through the shim, journals or not', async () => {
    const before = readdirSync(world.dataDir);
    for (let turn = 0; turn < 3; turn += 1) expect(await world.ask('claude-haiku-4-5')).toBe(200);
    await expect
      .poll(async () => JSON.parse((await ask('/api/history?range=1h')).body) as object, { timeout: 60_000 })
      .toMatchObject({
        history_schema: 'v1',
        rows: { turns: 3, unkept: 3 },
        models: [{ model: 'claude-haiku-4-5', turns: 3 }],
      });
    expect(JSON.parse((await ask('/api/board')).body)).toMatchObject({ board_schema: 'v1', state: 'live' });
    // Read-only: nothing was asked to be recorded.
    expect(readdirSync(world.dataDir)).toEqual(before);
  });

  test('a question that makes no sense is answered as the nearest one that does', async () => {
    for (const query of [
      'range=99y',
      'since=never',
      'since=2099-01-01&until=1999-01-01',
      'window=%00',
      'since=0',
      'provider=%F0%9F%92%A3',
    ]) {
      const answer = await ask(`/api/history?${query}`);
      expect(answer.status).toBe(200);
      const { ts } = JSON.parse(answer.body) as { ts: number[] };
      expect(ts.length).toBeGreaterThan(0);
      expect(ts.length).toBeLessThan(400);
    }
  });

  test('/api/live tells the board at once and each turn as it happens', async () => {
    const stop = new AbortController();
    const reply = await fetch(`${world.pageUrl}/api/live`, { signal: stop.signal });
    let text = '';
    const reading = (async () => {
      for await (const chunk of reply.body ?? []) text += Buffer.from(chunk as Uint8Array).toString();
    })().catch(() => undefined);
    await expect.poll(() => text).toContain('event: board');
    await world.ask('claude-haiku-4-5');
    await expect.poll(() => text, { timeout: 60_000 }).toMatch(/event: turn\ndata: .*"event":"completion"/);
    stop.abort();
    await reading;
  });
});

describe('without what it looks at', () => {
  test('no shim and no journal: it serves all the same, says what to type, and stops cleanly', async () => {
    using dir = tempDir();
    const server = await serveUsage(() => null);
    await server.close();
    const args = ['dashboard', '--json', '--port', '0', '--ccp-url', server.url.href, '--data-dir', dir.path];
    const child = startTracker(args);
    await child.until((one) => one.stdout().includes('\n'));
    const { url } = JSON.parse(child.stdout()) as { url: string };
    const board = (await (await fetch(`${url}/api/board`)).json()) as { state: string; advice: { next: string } };
    expect(board.state).toBe('none');
    expect(board.advice.next).toMatch(/shim|start/);
    child.process.kill('SIGTERM');
    expect(await child.ended).toMatchObject({ code: 0, stderr: '' });
  });

  test.each([
    [['--port', '70000'], 2, 'port from 0 to 65535'],
    [['--port', 'x'], 2, 'port from 0 to 65535'],
    [['--ccp-url', 'http://example.com'], 2, 'not on this machine'],
    [['--port', 'TAKEN'], 1, 'is taken. Choose another: --port '],
  ])('%j ends with exit code %i and says what to do', async (given, expected, message) => {
    const { port } = new URL(world.pageUrl);
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const args = ['--ccp-url', world.shimUrl, '--data-dir', world.dataDir, ...given];
    const code = await run(['node', 'tracker', 'dashboard', ...args.map((arg) => (arg === 'TAKEN' ? port : arg))]);
    const text = said.mock.calls.map(([chunk]) => String(chunk)).join('');
    said.mockRestore();
    expect({ code, text }).toEqual({ code: expected, text: expect.stringContaining(message) });
  });
});

describe.skipIf(CHROMIUM === undefined)('the page', () => {
  let browser: Browser;
  let opened: { readonly page: Page; readonly complaints: readonly string[] }[] = [];

  afterEach(async () => {
    const all = opened;
    opened = [];
    for (const { page } of all) await page.context().close();
    const complaints = all.flatMap((one) => one.complaints);
    if (complaints.length > 0) throw new Error(`the browser complained: ${complaints.join('\n')}`);
  });

  beforeAll(async () => {
    browser = await openBrowser();
    for (const model of ['claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-opus-4-5', 'claude-sonnet-4-5'])
      await world.ask(model);
  });
  afterAll(() => browser.close());

  /** A page that is drawn; whatever the browser complains about ends the test. */
  async function open(search = '', look: { width?: number; theme?: 'light' | 'dark' } = {}): Promise<Page> {
    const { width = 1440, theme = 'light' } = look;
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme: theme,
      reducedMotion: 'reduce',
      acceptDownloads: true,
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      // A restart of the server is a failed request, which the browser writes down by itself.
      if (message.type() === 'error' && !/ERR_|Failed to load resource/.test(message.text()))
        complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(world.pageUrl) && !request.url().startsWith('blob:'))
        complaints.push(request.url());
    });
    await page.goto(`${world.pageUrl}/${search}`);
    await page.waitForSelector('html[data-ready]');
    opened.push({ page, complaints });
    return page;
  }

  test.each([390, 820, 1440].flatMap((width) => (['light', 'dark'] as const).map((theme) => [width, theme] as const)))(
    'at %i px, %s: every panel is reached by its link and nothing runs over; axe finds nothing serious',
    async (width, theme) => {
      const page = await open('?range=1h', { width, theme });
      for (const link of await page.locator('nav.sections a').all()) {
        await link.click();
        await expect.poll(() => page.evaluate(() => location.hash)).toBe(await link.getAttribute('href'));
        await page
          .locator(`${await link.getAttribute('href')} h2`)
          .first()
          .waitFor({ state: 'visible' });
      }
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      await page.evaluate(() => scrollTo(0, 0));
      mkdirSync(SCREENS, { recursive: true });
      await page.screenshot({ path: join(SCREENS, `dashboard-${width}-${theme}.png`), fullPage: true });
      await page.evaluate(readFileSync(AXE, 'utf8'));
      const serious = await page.evaluate(async () => {
        const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
        const { violations } = await axe.run();
        return violations
          .filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .map(
            ({ id, nodes }) =>
              `${id}: ${nodes
                .slice(0, 3)
                .map(({ html }) => html.slice(0, 160))
                .join(' | ')}`,
          );
      });
      expect(serious).toEqual([]);
    },
  );

  test('every figure is the number of the JSON at the same instant, to the digit that is shown', async () => {
    const page = await open('?range=1h');
    const { figures, board, history } = await sameInstant(page);
    expect(figures.length).toBeGreaterThan(250);
    for (const { source, path, raw, text } of figures) {
      const value = valueAt(source === 'board' ? board : history, path) ?? null;
      expect([path, raw]).toEqual([path, JSON.stringify(value)]);
      expect([path, text, shows(text, value)]).toEqual([path, text, true]);
    }
    const bare = await page.evaluate(
      () =>
        [...document.querySelectorAll('.meter-used, td.num, .key dd')].filter(
          (one) => /\d/.test(one.textContent ?? '') && !one.querySelector('.fig'),
        ).length,
    );
    expect(bare).toBe(0);
  });

  test('a number opens to where it comes from, by keyboard alone; arrows go from number to number', async () => {
    const page = await open('?range=1h');
    const first = page.locator('#quotas .fig').first();
    await first.focus();
    await page.keyboard.press('ArrowRight');
    const path = await page.evaluate(() => (document.activeElement as HTMLElement).dataset['path']);
    expect(path).not.toBe(await first.getAttribute('data-path'));
    await page.keyboard.press('Enter');
    const popover = page.locator('#provenance');
    await popover.waitFor({ state: 'visible' });
    expect(await popover.innerText()).toMatch(/source\n.+\n[^]*age\n/);
    await page.keyboard.press('Escape');
    await popover.waitFor({ state: 'hidden' });
    expect(await page.evaluate(() => (document.activeElement as HTMLElement).dataset['path'])).toBe(path);
    await page.locator('#window-list .fig').first().click();
    await popover.locator('[data-rows]').click();
    await expect.poll(() => popover.locator('.pop-rows').innerText()).toMatch(/"file":"snapshots.jsonl","line":\d/);
  });

  test('range, provider and window live in the address; exports are files of what is seen', async () => {
    const page = await open();
    await page.locator('[data-range="7d"]').click();
    await page.locator('[data-pick="provider"]').selectOption('glm');
    await expect.poll(() => page.evaluate(() => location.search)).toBe('?range=7d&provider=glm');
    await page.reload();
    await page.waitForSelector('html[data-ready]');
    expect(await page.locator('[data-pick="provider"]').inputValue()).toBe('glm');
    expect(await page.locator('[data-range="7d"]').getAttribute('aria-pressed')).toBe('true');
    await page.locator('[data-pick="window"]').selectOption('W0-02');
    await expect.poll(() => page.locator('#window-list tbody tr').count()).toBe(1);
    await page.locator('[data-range="1h"]').click();
    await page.locator('[data-pick="provider"]').selectOption('');
    const fetched = async (selector: string): Promise<Buffer> => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.locator(selector).click()]);
      return readFileSync(await download.path());
    };
    expect((await fetched('[data-export="csv:models"]')).toString()).toMatch(
      /^model,lanes,share,[^]*claude-haiku-4-5,zai/,
    );
    expect((await fetched('[data-export="png:tokens"]')).subarray(1, 4).toString()).toBe('PNG');
    await page.locator('.menu summary').click();
    expect(JSON.parse((await fetched('[data-export="board"]')).toString())).toMatchObject({ board_schema: 'v1' });
  });

  test('a turn is seen without a reload; shim and dashboard may be killed and come back', async () => {
    const page = await open('?range=1h');
    const turns = (): Promise<number> =>
      page.locator('[data-path="totals.turns"]').getAttribute('data-raw').then(Number);
    const before = await turns();
    await world.ask('claude-haiku-4-5');
    await expect.poll(turns, { timeout: 60_000 }).toBe(before + 1);
    await world.stopShim();
    await expect.poll(() => page.locator('.live').innerText(), { timeout: 60_000 }).toMatch(/shim|no shim/);
    await world.startShim();
    await expect.poll(() => page.locator('.live').innerText(), { timeout: 60_000 }).toMatch(/live$/);
    await world.stopPage();
    await expect.poll(() => page.locator('.live').innerText(), { timeout: 60_000 }).toContain('the dashboard stopped');
    await world.startPage();
    await expect.poll(() => page.locator('.live').innerText(), { timeout: 60_000 }).toMatch(/live$/);
  });
});

const SCREENS =
  process.env['CCP_SCREENS'] ?? fileURLToPath(new URL('../../../../artifacts/test_runs/tmp/screens', import.meta.url));
const AXE = fileURLToPath(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url));

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

interface Seen {
  readonly source: string;
  readonly path: string;
  readonly raw: string;
  readonly text: string;
}

/** The page's figures and both documents; read again until all three are of one instant. */
async function sameInstant(page: Page): Promise<{ figures: readonly Seen[]; board: object; history: object }> {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const [board, history] = await Promise.all(
      ['board', 'history?range=1h'].map(
        async (path) => (await (await fetch(`${world.pageUrl}/api/${path}`)).json()) as object,
      ),
    );
    const { at, figures } = await page.evaluate(() => ({
      at: document.documentElement.dataset['at'],
      figures: [...document.querySelectorAll<HTMLElement>('.fig')].map(({ dataset, textContent }) => ({
        source: dataset['source'] ?? '',
        path: dataset['path'] ?? '',
        raw: dataset['raw'] ?? '',
        text: textContent ?? '',
      })),
    }));
    const { at: boardAt } = board as { at: string };
    if (at === boardAt) return { figures, board: board as object, history: history as object };
  }
  throw new Error('the page never showed the board of the moment');
}

function valueAt(document: object, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | null | undefined)?.[key], document);
}

const UNITS: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9, s: 1e3 };

/** Whether a text shows a value, read without the page's own formatting: as many digits as there are must be right. */
function shows(text: string, value: unknown): boolean {
  if (value === null) return text === '–';
  const number = Number(value);
  if (/\d+[smhd]( \d+[smhd])?$/.test(text) && !text.includes('.')) return text.length > 0;
  const [, sign, digits = '', unit = ''] =
    /^[<>]?([−+$]?)(\d+(?:\.\d+)?) ?(k|M|G|s\b|ms|%|pp|t\/s|×)?/.exec(text) ?? [];
  if (text.startsWith('<')) return number > 0 && number < 0.01;
  const scale = unit === '%' ? 0.01 : (UNITS[unit] ?? 1);
  const step = 10 ** -(digits.split('.')[1]?.length ?? 0) * scale;
  const shown = Number(digits) * scale * (sign === '−' ? -1 : 1);
  return Math.abs(shown - number) <= step * (unit === '%' ? 1 : 0.5) + 1e-9;
}
