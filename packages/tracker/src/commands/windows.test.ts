import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { startTracker } from '../testing/child.ts';
import type { Ended } from '../testing/child.ts';
import { usageFixture } from '../testing/fixtures.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { serveUsage } from '../testing/usage-server.ts';
import { EXIT } from './exit-codes.ts';

// Every step is a process of its own, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

function inFolder(dir: string, env: NodeJS.ProcessEnv = {}): (line: string, input?: string) => Promise<Ended> {
  return (line, input) => {
    const child = startTracker(line.split(' '), { TRACKER_DATA_DIR: join(dir, 'data'), ...env });
    child.process.stdin.end(input ?? '');
    return child.ended;
  };
}

/** A week that goes on: a pane whose reset is over says nothing of the window now. */
const resetDay = new Date(Date.now() + 3 * 86_400_000).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });

const pane = (five: number, week: number): string =>
  `5h limit: [██] ${five}% used (resets 13:01)\nWeekly limit: [██] ${week}% used (resets 21:29 on ${resetDay})\n`;

describe('a window from its first reading to what it bought', () => {
  test('ingest, finalize, preview, report and audit tell the same', async () => {
    using dir = tempDir();
    const tracker = inFolder(dir.path);
    expect((await tracker('ingest codex --window W0-01 --phase before --stdin', pane(0, 64))).stdout).toBe(
      'stored codex before snapshot for W0-01 (errors=[])\n',
    );
    await tracker('ingest codex --window W0-01 --phase after --stdin', pane(1, 82));
    expect((await tracker('ingest glm --window W0-01 --stdin', '{"blocks":[{"prompts_used":118}]}')).stdout).toBe(
      'stored glm prompts for W0-01 (prompts=118)\n',
    );
    const finalized = await tracker(
      'complete --window W0-01 --codex-features 3 --glm-features 4 --quality 0.9 --outcome pass',
    );
    expect(finalized).toMatchObject({ code: 0, stdout: 'finalized window W0-01 with providers: codex, glm\n' });
    const preview = await tracker('preview --format text');
    expect(preview.stdout).toContain(
      '  - codex: features=3, capacity=18 pp, efficiency=0.17, ci=n/a, n=1, power=n/a\n',
    );
    expect(preview.stdout).toContain(
      '  - glm: features=4, capacity=118 prompts, efficiency=0.03, ci=n/a, n=1, power=n/a\n',
    );
    const report = JSON.parse((await tracker('report window --json')).stdout) as {
      providers: { provider: string; efficiency: { estimate: number; fieller: { kind: string } } }[];
    };
    expect(report.providers).toMatchObject([
      { provider: 'codex', efficiency: { estimate: 3 / 18, fieller: { kind: 'none' } } },
      { provider: 'glm', efficiency: { estimate: 4 / 118 } },
    ]);
    const rows = JSON.parse((await tracker('explain window W0-01 --json')).stdout) as { file: string; line: number }[];
    expect(rows.map(({ file, line }) => `${file}:${line}`)).toEqual([
      'snapshots.jsonl:1',
      'snapshots.jsonl:2',
      'glm_counts.jsonl:1',
      'windows.jsonl:1',
    ]);
    const card = await tracker('window card --window W0-01 --evidence 1');
    expect(card.stdout).toMatch(/^W0-01: SOFT GO\n[^]*Reasons: no churn rows\nCompleteness: 4\/5\n$/);
    expect((await tracker('explain meter codex')).stdout).toMatch(/^codex all 300 min: /m);
    expect((await tracker('explain turns')).code).toBe(EXIT.noData);
    expect((await tracker('window audit --window W0-01')).stdout).toContain('codex after: entries=1, duplicates=0');
    expect(await tracker('verify')).toMatchObject({ code: 0, stdout: expect.stringMatching(/\nclean\n$/) });
  });

  test('a meter that fell is an anomaly and no number; what was never read cannot be finalized', async () => {
    using dir = tempDir();
    const tracker = inFolder(dir.path);
    await tracker('override codex --window W0-01 --phase before --weekly-pct 19');
    expect(await tracker('window finalize --window W0-01')).toMatchObject({
      code: EXIT.failure,
      stderr: expect.stringContaining('missing before/after snapshots for providers: codex'),
    });
    await tracker('override codex --window W0-01 --phase after --weekly-pct 10');
    const finalized = await tracker('window finalize --window W0-01 --codex-features 1 --json');
    expect(JSON.parse(finalized.stdout)).toMatchObject({
      window: { providers: { codex: { delta: { weekly_pct: null } } } },
      anomalies: [{ before: 19, after: 10 }],
    });
    expect(await tracker('window audit --window W9')).toMatchObject({
      code: EXIT.noData,
      stderr: 'no records found for W9\n',
    });
  });
});

describe('aliases', () => {
  test('start, cross, end and delete move from window to window; each agent has windows of its own', async () => {
    using dir = tempDir();
    const tracker = inFolder(dir.path);
    expect((await tracker('alias start codex --stdin', pane(0, 10))).stdout).toBe(
      'stored codex before snapshot for W0-01 (awaiting end)\n',
    );
    expect((await tracker('alias cross codex --stdin', pane(1, 12))).stdout).toBe(
      'stored codex after snapshot for W0-01 (ready to finalize)\nseeded before snapshot for W0-02\n',
    );
    expect(
      (await inFolder(dir.path, { AGENT_ID: 'b' })('alias start codex --window X-1 --stdin', pane(0, 3))).stdout,
    ).toContain('X-1');
    expect((await tracker('alias end codex --stdin', pane(2, 15))).stdout).toContain('after snapshot for W0-02');
    expect(JSON.parse(readFileSync(join(dir.path, 'data', 'state', 'codex.json'), 'utf8'))).toMatchObject({
      current_window: 'W0-02',
      last_phase: 'after',
    });
    expect((await tracker('alias delete codex --phase after --window W0-02')).stdout).toMatch(
      /^removed codex after snapshot for W0-02/,
    );
    const text = readFileSync(join(dir.path, 'data', 'snapshots.jsonl'), 'utf8');
    expect(text.match(/"phase":"after"/g)).toHaveLength(2);
    expect((await tracker('window finalize --window W0-02')).stderr).toContain('missing before/after');
  });

  test('prompts of GLM are those since the start', async () => {
    using dir = tempDir();
    const tracker = inFolder(dir.path);
    await tracker('alias start glm --stdin', '{"blocks":[{"prompts_used":12}]}');
    await tracker('alias end glm --stdin', '{"blocks":[{"prompts_used":30}]}');
    const rows = readFileSync(join(dir.path, 'data', 'glm_counts.jsonl'), 'utf8')
      .trim()
      .split('\n');
    expect(rows.map((row) => JSON.parse(row) as object)).toMatchObject([{ window: 'W0-01', prompts_used: 18 }]);
  });
});

describe('guard', () => {
  test.each([
    ['{"rate_limits":{"five_hour":{"used_percentage":20,"resets_at":IN}}}', EXIT.ok],
    ['{"rate_limits":{"five_hour":{"used_percentage":86,"resets_at":IN}}}', EXIT.near],
    ['{"rate_limits":{"five_hour":{"used_percentage":100,"resets_at":IN}}}', EXIT.atLimit],
    [null, EXIT.noData],
  ])('%s leaves with %i', async (line, code) => {
    using dir = tempDir();
    const tracker = inFolder(dir.path);
    const soon = String(Math.round(Date.now() / 1000) + 3600);
    if (line !== null) expect((await tracker('ingest statusline --stdin', line.replace('IN', soon))).code).toBe(0);
    expect((await tracker('guard --need 6pp --json')).code).toBe(code);
  });

  test('without earlier windows and without a need it is not sure', async () => {
    using dir = tempDir();
    const tracker = inFolder(dir.path);
    const resets = Math.round(Date.now() / 1000) + 3600;
    await tracker(
      'ingest statusline --stdin',
      `{"rate_limits":{"five_hour":{"used_percentage":5,"resets_at":${resets}}}}`,
    );
    const { code, stdout } = await tracker('guard');
    expect(code).toBe(EXIT.indeterminate);
    expect(stdout).toMatch(/^▲ claude 5h: 5 pp used, limit 90 pp/);
  });
});

describe('sessions and reports', () => {
  test('turns written by hand are reported by session; the same turn told twice is one', async () => {
    using dir = tempDir();
    const tracker = inFolder(dir.path);
    const id = (await tracker('session start --repo r-1 --branch main')).stdout.trim();
    const turn = `session log --session ${id} --model claude-haiku-4-5 --tokens-in 1000 --tokens-out 10 --feature F-1 --feature-delta 1 --turn t-1`;
    await tracker(turn);
    await tracker(turn);
    await tracker(`session end --session ${id}`);
    const report = await tracker('report session --json');
    expect(JSON.parse(report.stdout)).toMatchObject({
      groups: [{ key: id, turns: 1, features: 1 }],
      totals: { tokens: { input: 1000, output: 10 }, cost_usd: 0.001_05 },
      unpriced_models: [],
    });
    expect((await tracker('report daily')).stdout).toMatch(/^ +day +turns +in [^\n]*\n +\d{4}-\d\d-\d\d +1 +1\.0k/);
  });

  test.each([
    ['ingest codex --window W1 --stdin', '', 2, 'requires --phase'],
    ['ingest nonsense --stdin', 'x', 2, 'is no source'],
    ['ingest claude-monitor --stdin', '', 1, 'no content received'],
    ['ingest claude-monitor', '', 1, 'provide --stdin or --file'],
    ['ingest get-usage --stdin', 'no json', 1, 'no answer to get_usage'],
    ['override glm --window W --phase before', '', 2, 'no meters to override'],
    ['override codex --window W --phase before', '', 2, 'needs at least one of --fiveh-pct, --weekly-pct'],
    ['override codex --window W --phase before --weekly-pct 101', '', 2, '0 to 100'],
    ['alias end codex --stdin', '5h limit: [] 3% used', 1, 'no BEFORE snapshot found'],
    ['report daily --timezone Mars/Olympus', '', 2, 'IANA'],
    ['guard --need lots', '', 2, 'percentage points'],
    ['backfill --claude-home /nonexistent', '', 1, 'there is no folder /nonexistent'],
  ])('%s, given %j, leaves with %i and says: %s', async (line, input, code, words) => {
    using dir = tempDir();
    const ended = await inFolder(dir.path)(line, input);
    expect(ended).toMatchObject({ code, stderr: expect.stringContaining(words) });
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    expect(existsSync(join(dir.path, 'data', 'windows.jsonl'))).toBe(false);
  });

  test('reports without data say what begins them', async () => {
    using dir = tempDir();
    const tracker = inFolder(dir.path);
    expect(await tracker('report daily')).toMatchObject({
      code: EXIT.noData,
      stdout: expect.stringContaining('tracker poll'),
    });
    expect(await tracker('report window')).toMatchObject({
      code: EXIT.noData,
      stdout: expect.stringContaining('window finalize'),
    });
    expect(await tracker('verify')).toMatchObject({ code: EXIT.noData });
    writeFileSync(join(dir.path, 'x'), '');
    expect((await inFolder(join(dir.path, 'x'))('session start')).code).toBe(1);
  });
});

describe('advice', () => {
  test('one sentence per provider; suggestions are shown with their evidence and never written', async () => {
    using dir = tempDir();
    const tracker = inFolder(dir.path);
    const usage = usageFixture('full');
    const server = await serveUsage(() => ({ body: JSON.stringify(usage) }));
    await tracker(`poll --once --ccp-url ${server.url.href}`);
    const resets = Math.round(Date.now() / 1000) + 3600;
    await tracker(
      'ingest statusline --stdin',
      `{"rate_limits":{"five_hour":{"used_percentage":95,"resets_at":${resets}}}}`,
    );
    const config = join(dir.path, 'quotas.json');
    const text = JSON.stringify({
      models: { [Object.keys(usage.models)[0] ?? '']: { provider: 'anthropic', rolling_tokens: 7 } },
    });
    writeFileSync(config, text);
    const { code, stdout } = await tracker(`advice --quotas ${config}`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^■ HOLD claude: start no window; 5h at 95 pp/m);
    expect(stdout).toMatch(/Suggested, not written:|Nothing to change\./);
    expect(readFileSync(config, 'utf8')).toBe(text);
    writeFileSync(config, '{"models": 7}');
    expect(await tracker(`advice --quotas ${config}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${config}: /models`),
    });
  });

  test('without anything to go by it says so', async () => {
    using dir = tempDir();
    expect(await inFolder(dir.path)('advice')).toMatchObject({ code: EXIT.noData });
    expect(await inFolder(dir.path)('advice --quotas x.json')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('tracker poll --once'),
    });
  });
});
