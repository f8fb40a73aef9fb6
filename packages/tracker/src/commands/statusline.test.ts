import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { statuslineFacts } from '../rollups/board/statusline-facts.ts';
import type { StatuslineState } from '../rollups/board/statusline-state.ts';
import { startTracker } from '../testing/child.ts';
import { usageFixture } from '../testing/fixtures.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { serveUsage } from '../testing/usage-server.ts';
import { statuslineText } from '../views/text/statusline.ts';
import { statuslineArguments } from './statusline-now.ts';

const NOW_TS = 1_893_456_000;
const kept = (over: Partial<StatuslineState> = {}): StatuslineState => ({
  statusline_schema: 'v1',
  at: new Date(NOW_TS * 1000).toISOString(),
  shim: 'live',
  meters: [300, 10_080].map((window_min) => ({
    scope: 'all',
    window_min,
    used_pp: 50,
    resets_at: new Date((NOW_TS + 3600) * 1000).toISOString(),
    observed_at: null,
    reserve_pp: 10,
    deltas_pp: [4, 5, 6],
  })),
  speeds: [{ model: 'claude-sonnet-4-5', elr_out_tps: 41.5 }],
  recorded: null,
  ...over,
});
const line = (...args: Parameters<typeof statuslineFacts>): string => statuslineText(statuslineFacts(...args));
const limits = (five: number, week: number) => ({
  rate_limits: {
    five_hour: { used_percentage: five, resets_at: NOW_TS + 600 },
    seven_day: { used_percentage: week, resets_at: NOW_TS + 86_400 },
  },
});

test('the input goes before what is kept, and the strictest bar decides', () => {
  expect(line(limits(37, 62), kept(), NOW_TS)).toBe('5h 37% 10m · week 62% 1d 0h · 41.5 tok/s · ● 28 pp to buffer');
  expect(line(limits(37, 92), kept(), NOW_TS)).toContain('week 92% 1d 0h · 41.5 tok/s · ▲ 2 pp inside buffer');
  expect(line(limits(100, 5), kept(), NOW_TS)).toContain('■ 10 pp inside buffer');
  expect(line(null, kept(), NOW_TS)).toContain('5h 50% 1h 00m');
});

test('what is not known is left out: no zero, no window that is over, no speed of another model', () => {
  expect(line(null, null, NOW_TS)).toBe('○ no limits told yet');
  expect(line(null, kept(), NOW_TS + 7200)).toBe('41.5 tok/s (2h 00m ago)');
  expect(line({ model: { id: 'claude-opus-4-5' }, ...limits(1, 2) }, kept(), NOW_TS)).not.toContain('tok/s');
  const odd = { rate_limits: { five_hour: { used_percentage: 'x' }, seven_day: null } };
  expect(line(odd, null, NOW_TS)).toBe('○ no limits told yet');
});

test('only the options of a statusline take the short way', () => {
  expect(statuslineArguments(['--data-dir', 'd', '--ccp-url', 'u'])).toEqual({ dataDir: 'd', ccpUrl: 'u' });
  for (const args of [['--help'], ['--refresh'], ['--data-dir'], ['x', 'y']])
    expect(statuslineArguments(args)).toBeNull();
});

test(
  'prints from the input at once, records the limits, asks the shim afterwards, once at a time',
  { timeout: 60_000 },
  async () => {
    using dir = tempDir();
    const server = await serveUsage(() => ({ body: JSON.stringify(usageFixture('full')) }));
    // Half a minute short of an hour, so that a slow start of three programs does not change the minute.
    const resets = Math.round(Date.now() / 1000) + 3570;
    const input = JSON.stringify({
      cwd: '/home/someone/secret',
      rate_limits: { five_hour: { used_percentage: 37.5, resets_at: resets } },
    });
    const at = ['--data-dir', dir.path, '--ccp-url', server.url.href];
    const lines = await Promise.all(
      [1, 2, 3].map(async () => {
        const child = startTracker(['statusline', ...at]);
        child.process.stdin.end(input);
        return await child.ended;
      }),
    );
    for (const { code, stdout, stderr } of lines) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^5h 38% 59m( · 41.5 tok\/s)? · ○ 52.5 pp to buffer\n$/);
    }
    const state = join(dir.path, 'state');
    await expect.poll(() => existsSync(join(state, 'statusline.json')), { timeout: 20_000 }).toBe(true);
    await expect.poll(() => readdirSync(state), { timeout: 20_000 }).not.toContain('statusline.lock');
    expect(server.requests()).toBe(1);
    const rows = readFileSync(join(dir.path, 'readings.jsonl'), 'utf8').trim().split('\n');
    expect(rows.map((row) => JSON.parse(row) as object)).toMatchObject([
      { kind: 'meter_reading', provider: 'claude', window_min: 300, used_pp: 37.5, source: 'statusline' },
    ]);
    const files = readdirSync(state).map((name) => readFileSync(join(state, name), 'utf8'));
    expect(files.join('')).not.toContain('secret');
  },
);

test(
  'while a refresh runs no other is started; a damaged state costs the state only',
  { timeout: 60_000 },
  async () => {
    using dir = tempDir();
    const server = await serveUsage(() => ({ body: JSON.stringify(usageFixture('full')) }));
    const files = {
      lock: join(dir.path, 'state', 'statusline.lock'),
      state: join(dir.path, 'state', 'statusline.json'),
    };
    mkdirSync(join(dir.path, 'state'));
    writeFileSync(files.lock, '1\n');
    writeFileSync(files.state, '{torn');
    const child = startTracker(['statusline', '--data-dir', dir.path, '--ccp-url', server.url.href]);
    child.process.stdin.end('not JSON');
    expect(await child.ended).toMatchObject({ code: 0, stdout: '○ no limits told yet\n', stderr: '' });
    expect(server.requests()).toBe(0);
    expect(existsSync(files.lock)).toBe(true);
  },
);
