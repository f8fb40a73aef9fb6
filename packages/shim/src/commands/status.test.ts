import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseUsage, type Usage } from '@ccp/contracts';
import * as fc from 'fast-check';
import { describe, expect, it, test, vi } from 'vitest';
import { runShim } from '../testing/child.ts';
import { startRig, until } from '../testing/rig.ts';
import { fixture, serveAnswers } from '../testing/surface-server.ts';
import { statusLines } from './status/draw.ts';
import { cellsOf } from './text/line.ts';
import { onPaper } from './text/terminal.ts';

// Every run is a process of its own, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const ESC = '\u001B';
const KEY = 'k'.repeat(32);

async function shown(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  await using child = runShim(['status', ...args], env);
  expect({ code: await child.exit(), err: child.stderr() }).toEqual({ code: 0, err: '' });
  return child.stdout();
}

async function failure(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  await using child = runShim(['status', ...args], env);
  expect({ code: await child.exit(), out: child.stdout() }).toEqual({ code: 1, out: '' });
  expect(child.stderr().trim().split('\n')).toHaveLength(1);
  return child.stderr();
}

function usageOf(name: string): Usage {
  const parsed = parseUsage(fixture(`usage/${name}`));
  if (!parsed.ok) throw new Error(name);
  return parsed.value;
}

function drawn(name: string, width: number, wanted = { speeds: false, debugQuota: true }): string[] {
  return onPaper(statusLines(usageOf(name), { width, colour: false, tz: 'UTC' }, wanted), {
    width,
    colour: false,
    tz: 'UTC',
  });
}

describe('shim status', () => {
  it('shows quotas, lanes and meters of a real shim, and prints its answer as JSON', async () => {
    await using rig = await startRig({
      providers: { anthropic: {}, zai: {} },
      lanes: { zai: { concurrency: 4, key_env: 'NOT_SET' } },
      quotas: { models: { 'claude-sonnet-*': { provider: 'anthropic', rolling_tokens: 100_000, warn_pct: 0.0001 } } },
    });
    expect((await rig.ask({ model: 'claude-sonnet-4-5' })).status).toBe(200);
    await rig.completions(1);
    const text = await shown(['--url', `${rig.url}/`]);
    expect(text).toMatch(/MODEL +LANE +ROLL% +WEEK% +STATE +CLEARS IN +COOLDOWN/);
    expect(text).toMatch(/claude-sonnet-4-5 +anthropic +<1% \d+\/100k +no cap \d+ +▲ warn \(rolling\) +– +none/);
    expect(text).toMatch(/anthropic +● usable +0\/0\/none +1 +0 +0 +none/);
    expect(text).toMatch(/zai +■ missing_key: set NOT_SET +0\/0\/4/);
    expect(text).toContain('--json also has: MODE');
    expect(text).not.toContain(ESC);
    const json = parseUsage(JSON.parse(await shown(['--json'], { CCP_BASE_URL: rig.url })));
    expect(json.ok && Object.keys(json.value.models)).toEqual(['claude-sonnet-4-5']);
  });

  it('finds the shim by CCP_PORT, and says that it is not there and how to start it', async () => {
    await using server = await serveAnswers({ '/v1/usage': fixture('usage/fresh-start') });
    expect(await shown([], { CCP_PORT: String(server.port) })).toContain('No requests yet');
    await server[Symbol.asyncDispose]();
    expect(await failure([], { CCP_PORT_DEFAULT: String(server.port) })).toBe(
      `shim: no shim answers at ${server.url} (connection refused): start it with: shim serve --port ${server.port}\n`,
    );
  });

  it('sends the key, and names the file when it is the wrong one', async () => {
    await using home = runShim(['--version']);
    await home.exit();
    const [right, wrong] = [join(home.home, 'right'), join(home.home, 'wrong')];
    writeFileSync(right, `${KEY}\n`);
    writeFileSync(wrong, 'w'.repeat(32));
    await using rig = await startRig({ env: { CCP_API_KEY_FILE: right } });
    expect(await shown(['--url', rig.url], { CCP_API_KEY_FILE: right })).toContain('● usable');
    expect(await failure(['--url', rig.url])).toMatch(
      /asks for its key: give --api-key-file FILE \(CCP_API_KEY_FILE\)/,
    );
    expect(await failure(['--url', rig.url, '--api-key-file', wrong])).toContain(`refuses the key in ${wrong}`);
    expect(await failure(['--url', rig.url, '--api-key-file', join(home.home, 'none')])).toMatch(/none can't be read/);
    writeFileSync(wrong, `${KEY}\n${KEY}`);
    const said = await failure(['--url', rig.url, '--api-key-file', wrong]);
    expect(said).toContain('does not hold one line of visible characters');
    expect(said).not.toContain(KEY);
  });

  it('says what is wrong when another program answers', async () => {
    await using server = await serveAnswers({
      '/v1/usage': '<html>',
      '/b/v1/usage': { models: {} },
      '/c/v1/usage': 404,
    });
    expect(await failure(['--url', server.url])).toMatch(/answers, but not with JSON: another program/);
    expect(await failure(['--url', `${server.url}/b`])).toMatch(/not as a shim does \(\/ts is required\)/);
    expect(await failure(['--url', `${server.url}/c`])).toMatch(/there is no \/v1\/usage at/);
  });

  it('gives up after 5 s', async () => {
    await using server = await serveAnswers({});
    expect(await failure(['--url', server.url])).toContain('did not answer within 5 s');
  });

  it.each([
    [['--url', 'ftp://x'], /not an http or https URL/],
    [['--interval', 'soon'], /Give seconds between/],
    [['--nonsense'], /unknown option '--nonsense'/],
    [['more'], /too many arguments/],
  ])('refuses %j with exit code 2', async (args, message) => {
    await using child = runShim(['status', ...args]);
    expect(await child.exit()).toBe(2);
    expect(child.stderr()).toMatch(message);
  });
});

describe('the text', () => {
  test('speeds: rates, first tokens and the best hours', () => {
    const [heads = '', ...rows] = drawn('full', 200, { speeds: true, debugQuota: false });
    const row = rows.find((line) => line.includes('sonnet')) ?? '';
    expect(heads.trim().split(/ {2,}/)).toEqual(
      'MODEL|ROLL%|WEEK%|WARN|BLOCK|WARN_AUTO%|CONF%|ROLL OUT (elr/dirty)|SESSION OUT (elr/dirty)|TTFT p50/p90/p99|PEAK ELR'.split(
        '|',
      ),
    );
    expect(row.trim().split(/ {2,}/).slice(0, 10)).toEqual(
      'claude-sonnet-4-5|42%|20%|no|no|81%|40%|41.5/33.3|40.0/32.0|610ms/1.3s/2.4s'.split('|'),
    );
    expect(row).toMatch(/ \d\dh \(\d+\.\d\)/);
  });

  test('only hours with 10 requests are best hours; without streaming time the wall time counts', () => {
    const usage = structuredClone(usageOf('full'));
    const speeds = usage.models['claude-sonnet-4-5']!.speeds;
    const bin = (hour: number) => speeds.hourly![hour]!;
    for (let hour = 0; hour < 24; hour += 1)
      Object.assign(bin(hour), { samples: 0, out_elr_tps: null, out_dirty_tps: null });
    Object.assign(bin(3), { samples: 9, out_elr_tps: 99 });
    Object.assign(bin(4), { samples: 10, out_elr_tps: 40.26 });
    Object.assign(bin(5), { samples: 10, out_dirty_tps: 50 });
    Object.assign(bin(6), { samples: 11, out_elr_tps: 30 });
    Object.assign(bin(7), { samples: 12, out_elr_tps: 20 });
    const paper = { width: 200, colour: false, tz: 'UTC' };
    const rows = onPaper(statusLines(usage, paper, { speeds: true, debugQuota: false }), paper);
    const row = rows.find((line) => line.includes('sonnet'));
    expect(row).toMatch(/ {2}05h \(50\.0\), 04h \(40\.3\), 06h \(30\.0\)$/);
  });

  test('--debug-quota: gaps, tokens set aside, the kind of week and the fits', () => {
    const usage = structuredClone(usageOf('full'));
    Object.assign(usage.models['claude-sonnet-4-5']!, {
      pending_tokens: 1200,
      weekly_anchored: true,
      eta_weekly_sec: 90_000,
      fits: [
        {
          lane: 'anthropic',
          meter: 'unified-5h',
          pairs: 12,
          capacity_tokens: 4.5e6,
          low: 4e6,
          high: null,
          rel_error: 0.12,
        },
      ],
    });
    const paper = { width: 120, colour: false, tz: 'UTC' };
    const text = onPaper(statusLines(usage, paper, { speeds: false, debugQuota: true }), paper).join('\n');
    expect(text).toMatch(/15s\/1m 30s \(21\) +1\.2k +anchored +1h 00m +1d 1h/);
    expect(text).toMatch(/anthropic +unified-5h +4\.5M ±12% +4\.0M to open +12 +– +–/);
  });

  test('what an older shim does not tell is –, never 0', () => {
    const text = drawn('older-writer-with-speeds', 120).join('\n');
    expect(text).toMatch(/claude-haiku-4\.5 +zai +42% +18% +● ok +– +– +–/);
    expect(text).toContain('Capacity fits are not reported by this shim.');
    expect(text).toContain('Lanes are not reported by this shim.');
    expect(drawn('older-writer-with-speeds', 200, { speeds: true, debugQuota: false }).join('\n')).toMatch(
      / 38\.7\/31\.2 /,
    );
  });

  test('a lane that rests and a meter of a provider', () => {
    const usage = structuredClone(usageOf('full'));
    Object.assign(usage.lanes!['anthropic']!, {
      cooldown_active: true,
      cooldown_next_ts: usage.ts + 252,
      cooldown_kind: 'rate_limited',
      queued: 2,
      concurrency: 8,
    });
    const paper = { width: 120, colour: false, tz: 'UTC' };
    const text = onPaper(statusLines(usage, paper, { speeds: false, debugQuota: false }), paper).join('\n');
    expect(text).toMatch(/anthropic +● usable +1\/2\/8 +41 +1 +1 +▲ rate_limited 4m 12s/);
    expect(text).toMatch(/anthropic +unified-5h +37% +2h 59m +10s +allowed/);
    expect(text).toMatch(/zai +requests +–\/120 +– +10s +–/);
  });

  test.each([60, 80, 120])('at %d columns nothing is wider, and what was left out is named', (width) => {
    for (const speeds of [false, true]) {
      const lines = drawn('full', width, { speeds, debugQuota: true });
      for (const line of lines) expect(cellsOf(line)).toBeLessThanOrEqual(width);
      expect(lines[0]).toContain('MODEL');
      if (width === 60) expect(lines.join('\n')).toContain('--json also has: ');
    }
  });

  test('no line of any fixture is wider than the terminal, whatever its width', () => {
    const names = [
      'full',
      'fresh-start',
      'newer-writer',
      'no-caps-no-samples',
      'older-writer-with-speeds',
      'r35-two-models',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.integer({ min: 20, max: 220 }), fc.boolean(), (name, width, speeds) =>
        drawn(name, width, { speeds, debugQuota: true }).every((line) => cellsOf(line) <= width),
      ),
      { numRuns: 60 },
    );
  });

  test('a pipe has the width of COLUMNS', async () => {
    await using server = await serveAnswers({ '/v1/usage': fixture('usage/full') });
    const lines = (await shown(['--url', server.url], { COLUMNS: '60' })).split('\n');
    expect(Math.max(...lines.map(cellsOf))).toBeLessThanOrEqual(60);
  });
});

describe('--watch', () => {
  it('off a terminal prints a frame per interval, and goes on while the shim is down', async () => {
    const answers = { '/v1/usage': fixture('usage/full') };
    await using server = await serveAnswers(answers);
    await using child = runShim(['status', '--interval', '0.1', '--url', server.url]);
    const frames = (what: string): number => child.stdout().split(what).length - 1;
    await until(() => frames('claude-sonnet-4-5') >= 2, 'two frames', 15_000);
    await server[Symbol.asyncDispose]();
    await until(() => frames('■ no shim answers at') >= 2, 'a shim that is down');
    expect(child.stdout()).toContain(`start it with: shim serve --port ${server.port}`);
    expect(child.stdout()).toContain('last answer at');
    await using _again = await serveAnswers(answers, server.port);
    const before = frames('claude-sonnet-4-5');
    await until(() => frames('claude-sonnet-4-5') > before, 'the shim again');
    child.process.kill('SIGTERM');
    expect(await child.exit()).toBe(0);
    expect(child.stdout()).not.toContain(ESC);
  });

  it('--json: one line per interval', async () => {
    await using server = await serveAnswers({ '/v1/usage': fixture('usage/full') });
    await using child = runShim(['status', '--watch', '--json', '--interval', '0.1', '--url', server.url]);
    await until(() => child.stdout().split('\n').length > 2, 'two lines', 15_000);
    child.process.kill('SIGINT');
    expect(await child.exit()).toBe(0);
    for (const line of child.stdout().trim().split('\n')) expect(parseUsage(JSON.parse(line)).ok).toBe(true);
  });
});

// Makes a real terminal for a child (util-linux; the program of this name elsewhere has other options).
const hasScript = (spawnSync('script', ['--version']).stdout ?? '').toString().includes('util-linux');
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const ALTERNATE_SCREEN = `${ESC}[?1049h${ESC}[?25l`;
const RESTORED = `${ESC}[?25h${ESC}[?1049l`;

interface OnTerminal {
  screen(): string;
  type(keys: string): void;
  readonly ended: Promise<unknown>;
}

function onTerminal(command: string, env: Readonly<Record<string, string>> = {}): OnTerminal {
  const shim = `${process.execPath} packages/shim/dist/main.js`;
  const line = `stty rows 9 cols 70; ${command.replace('shim', shim)}; echo code=$?; stty -a`;
  const terminal = spawn('script', ['-qec', line, '/dev/null'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], TERM: 'xterm', SHELL: '/bin/sh', TZ: 'UTC', ...env },
  });
  let screen = '';
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text));
  return { screen: () => screen, type: (keys) => terminal.stdin.write(keys), ended: once(terminal, 'close') };
}

describe.skipIf(!hasScript)('on a terminal', () => {
  it.each([
    ['q', (at: OnTerminal) => at.type('q')],
    ['Ctrl-C', (at: OnTerminal) => at.type('\u0003')],
    ['SIGTERM', (at: OnTerminal) => process.kill(Number(/pid=(\d+)/.exec(at.screen())?.[1]), 'SIGTERM')],
  ])('redraws in place until %s and leaves the terminal as it was', async (_name, leave) => {
    await using server = await serveAnswers({ '/v1/usage': fixture('usage/full') });
    const watch = `sh -c 'echo pid=$$; exec shim status --watch --interval 0.1 --url ${server.url}'`;
    const at = onTerminal(watch);
    await until(() => at.screen().split(`${ESC}[H`).length > 3, 'three frames', 15_000);
    leave(at);
    await at.ended;
    const [, rest = ''] = at.screen().split(ALTERNATE_SCREEN);
    const [frames = '', after = ''] = rest.split(RESTORED);
    // 9 rows: one stays free, so that nothing scrolls; nothing is cleared before it is drawn over.
    for (const frame of frames.split(`${ESC}[H`).slice(1)) expect(frame.split('\r\n')).toHaveLength(9);
    expect(frames).not.toContain(`${ESC}[2J`);
    expect(frames).toContain('more lines; q quits');
    expect(after).toContain('code=0');
    expect(after).toMatch(/ icanon/);
    expect(after).toMatch(/ echo /);
  });

  it('has colours, unless NO_COLOR is set, and fits the columns', async () => {
    await using server = await serveAnswers({ '/v1/usage': fixture('usage/full') });
    const command = `shim status --url ${server.url}`;
    const [coloured, plain] = [onTerminal(command), onTerminal(command, { NO_COLOR: '1' })];
    await Promise.all([coloured.ended, plain.ended]);
    expect(coloured.screen()).toContain(`${ESC}[32m● `);
    expect(plain.screen()).not.toContain(ESC);
    const table = plain.screen().split('code=')[0]!;
    expect(table).toContain('● ok');
    expect(Math.max(...table.split('\r\n').map(cellsOf))).toBeLessThanOrEqual(70);
  });
});
