import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCccSnapshot } from '@ccp/contracts';
import type { CccSnapshot } from '@ccp/contracts';
import { describe, expect, test } from 'vitest';
import { startTracker } from '../testing/child.ts';
import type { Ended } from '../testing/child.ts';
import { usageFixture, usageWith } from '../testing/fixtures.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { serveUsage } from '../testing/usage-server.ts';

const ESC = '\u001B';

function tracker(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended> {
  return startTracker(args, env).ended;
}

/** Every row of a data folder; fails if one does not parse or if the last one is torn. */
function rowsIn(dir: string): CccSnapshot[] {
  const text = readFileSync(join(dir, 'windows.jsonl'), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const parsed = parseCccSnapshot(JSON.parse(line));
      if (!parsed.ok) throw new Error(`not a row: ${line}`);
      return parsed.value;
    });
}

const requestsOf = (row: CccSnapshot): number => row.usage.models['claude-sonnet-4-5']?.reqs ?? -1;
const body = (reqs: number, epoch?: string) => ({ body: JSON.stringify(usageWith(reqs, epoch)) });

/** An address nobody listens on. */
async function freeUrl(): Promise<string> {
  const server = await serveUsage(() => null);
  await server.close();
  return server.url.href;
}

describe('tracker', () => {
  test.each([['--help'], ['poll', '--help'], ['preview', '--help']])('%s %s explains itself', async (...args) => {
    const { code, stdout } = await tracker(args);
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: tracker');
  });

  test('--version is the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(await tracker(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test.each([
    [['poll'], 'say --once or --watch'],
    [['poll', '--once', '--watch'], 'say --once or --watch'],
    [['poll', '--once', '--interval', '0'], '--interval'],
    [['poll', '--once', '--ccp-url', 'http://example.com'], 'not on this machine'],
    [['preview', '--once', '--width', '39'], 'between 40 and 1000'],
    [['preview', '--nonsense'], '--nonsense'],
    [['nonsense'], 'nonsense'],
  ])('%j is an error of the command line', async (args, message) => {
    const { code, stderr } = await tracker(args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('tracker poll --once', () => {
  test('keeps every reading and says one line', async () => {
    using dir = tempDir();
    const server = await serveUsage(() => ({ body: JSON.stringify(usageFixture('full')) }));
    const args = ['poll', '--once', '--ccp-url', server.url.href, '--data-dir', dir.path];
    const first = await tracker(args);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^\S+Z {2}■ BLOCK claude-haiku-4-5 102% .* 1\/2 lanes usable\n$/);
    expect((await tracker([...args, '--json'])).code).toBe(0);
    expect(JSON.parse(readFileSync(join(dir.path, 'metrics_summary.json'), 'utf8'))).toMatchObject({ turns: 0 });
    expect(readFileSync(join(dir.path, 'progress.log.md'), 'utf8')).toContain('## Days\n\nNothing yet.\n');
    const rows = rowsIn(dir.path);
    expect(rows.map((row) => [row.usage, row.epoch, row.source_url])).toEqual(
      [0, 1].map(() => [usageFixture('full'), 'c0ffee01', `${server.url.href}v1/usage`]),
    );
  });

  test('--json prints the row that was kept; the environment says where', async () => {
    using dir = tempDir();
    const server = await serveUsage(() => body(1));
    const env = { CCP_BASE_URL: server.url.href, TRACKER_DATA_DIR: dir.path };
    const { stdout } = await tracker(['poll', '--once', '--json'], env);
    expect(JSON.parse(stdout)).toEqual(rowsIn(dir.path)[0]);
  });

  test('without a shim it exits 1, says what to do, and creates nothing', async () => {
    using dir = tempDir();
    const data = join(dir.path, 'data');
    const { code, stdout, stderr } = await tracker([
      'poll',
      '--once',
      '--ccp-url',
      await freeUrl(),
      '--data-dir',
      data,
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: no shim answers at .* Start it with: shim serve --port \d+\n$/);
    expect(existsSync(data)).toBe(false);
  });
});

describe('tracker poll --watch', () => {
  test('keeps what is new only, survives a restart of the shim, and stops cleanly', async () => {
    using dir = tempDir();
    let reply = body(1);
    let server = await serveUsage(() => reply);
    const args = [
      'poll',
      '--watch',
      '--interval',
      '0.1',
      '--json',
      '--ccp-url',
      server.url.href,
      '--data-dir',
      dir.path,
    ];
    const watcher = startTracker(args);
    const rowsPrinted = (): number => watcher.stdout().split('\n').length - 1;

    await watcher.until(() => rowsPrinted() === 1);
    const asked = server.requests();
    await expect.poll(() => server.requests(), { timeout: 10_000 }).toBeGreaterThan(asked + 3);
    expect(rowsPrinted()).toBe(1);

    reply = body(2);
    await watcher.until(() => rowsPrinted() === 2);

    await server.close();
    await watcher.until(() => watcher.stderr().includes('down: '));
    reply = body(1, 'c0ffee02');
    server = await serveUsage(() => reply, Number(server.url.port));
    await watcher.until(() => rowsPrinted() === 3);

    watcher.process.kill('SIGTERM');
    const { code, stderr } = await watcher.ended;
    await server.close();
    expect(code).toBe(0);
    expect(stderr.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'watching',
      'down:',
      'up:',
      'restarted:',
      '',
    ]);
    expect(stderr).toContain('counters c0ffee01 → c0ffee02');
    expect(rowsIn(dir.path).map((row) => [requestsOf(row), row.epoch])).toEqual([
      [1, 'c0ffee01'],
      [2, 'c0ffee01'],
      [1, 'c0ffee02'],
    ]);
  });

  test('started again without news it adds no row; SIGINT while the shim hangs ends it', async () => {
    using dir = tempDir();
    const server = await serveUsage((nth) => (nth <= 2 ? body(1) : null));
    const at = ['--ccp-url', server.url.href, '--data-dir', dir.path];
    await tracker(['poll', '--once', ...at]);
    const watcher = startTracker(['poll', '--watch', '--interval', '0.1', ...at]);
    await watcher.until(() => watcher.stderr().includes('nothing new'));
    await expect.poll(() => server.requests(), { timeout: 10_000 }).toBe(3);
    watcher.process.kill('SIGINT');
    expect((await watcher.ended).code).toBe(0);
    expect(rowsIn(dir.path)).toHaveLength(1);
  });

  test('killed while appending, it has kept every row it printed, and a new one goes on', async () => {
    using dir = tempDir();
    const server = await serveUsage((nth) => body(nth));
    const args = [
      'poll',
      '--watch',
      '--interval',
      '0.1',
      '--json',
      '--ccp-url',
      server.url.href,
      '--data-dir',
      dir.path,
    ];
    const printed: number[] = [];
    for (const rows of [3, 5]) {
      const watcher = startTracker(args);
      await watcher.until(() => watcher.stdout().split('\n').length > rows);
      watcher.process.kill('SIGKILL');
      const { stdout } = await watcher.ended;
      printed.push(
        ...stdout
          .split('\n')
          .slice(0, -1)
          .map((line) => requestsOf(JSON.parse(line) as CccSnapshot)),
      );
    }
    expect((await tracker(['poll', '--once', ...args.slice(4)])).code).toBe(0);
    const kept = rowsIn(dir.path).map(requestsOf);
    expect(printed.length).toBeGreaterThanOrEqual(8);
    expect(printed.filter((reqs) => !kept.includes(reqs))).toEqual([]);
    expect(kept).toEqual(kept.toSorted((a, b) => a - b));
  });
});

describe('tracker preview', () => {
  test('draws one plain frame into a pipe and exits', async () => {
    using dir = tempDir();
    const server = await serveUsage(() => ({ body: JSON.stringify(usageFixture('full')) }));
    const { code, stdout } = await tracker(
      ['preview', '--ccp-url', server.url.href, '--data-dir', dir.path, '--width', '60'],
      { FORCE_COLOR: '1' },
    );
    expect(code).toBe(0);
    for (const word of ['● LIVE', 'Quotas', '■ claude-haiku-4-5', 'block', 'Speeds', 'Routing', 'Windows', 'Outcome']) {
      expect(stdout).toContain(word);
    }
    expect(stdout).not.toContain(ESC);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(existsSync(join(dir.path, 'windows.jsonl'))).toBe(false);
  });

  test('while the shim is down it shows the newest reading kept, and how old it is', async () => {
    using dir = tempDir();
    const server = await serveUsage((nth) => body(nth));
    const at = ['--ccp-url', server.url.href, '--data-dir', dir.path];
    await tracker(['poll', '--once', ...at]);
    await tracker(['poll', '--once', ...at]);
    await server.close();
    const { code, stdout } = await tracker(['preview', '--once', ...at]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^▲ STALE {2}read \d+s ago/);
    expect(stdout).toContain('no shim answers at');
    const json = JSON.parse((await tracker(['preview', '--once', '--json', ...at])).stdout) as {
      overview: unknown;
      problems: unknown;
    };
    expect(json).toMatchObject({
      overview: {
        state: 'stale',
        totals: { requests: 2, input_tokens: 2000 },
        quotas: [{ verdict: 'ok', weekly: { pct: null } }],
      },
      problems: [{ code: 'shim-unreachable' }],
    });
  });

  test('with nothing to show it exits 1 and says what to type', async () => {
    using dir = tempDir();
    const { code, stdout } = await tracker(['preview', '--once', '--ccp-url', await freeUrl(), '--data-dir', dir.path]);
    expect(code).toBe(1);
    expect(stdout).toContain('shim serve --port');
    expect(stdout).toContain('export ANTHROPIC_BASE_URL=http://127.0.0.1:');
  });
});
