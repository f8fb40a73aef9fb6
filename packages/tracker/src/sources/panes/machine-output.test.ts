import { describe, expect, test } from 'vitest';
import { parseCodexUsage } from './ccusage-codex.ts';
import { parseGlmBlocks } from './ccusage-glm.ts';
import { parseClaudeCache } from './claude-cache.ts';
import { parseClaudeMonitor } from './claude-monitor.ts';
import { parseCodexAppServer, parseCodexRollout } from './codex-json.ts';
import { parseGetUsage } from './get-usage.ts';
import type { Look, PaneParser } from './pane.ts';
import { parseProxyTelemetry } from './proxy-telemetry.ts';
import { parseStatusline } from './statusline.ts';
import { parseZaiQuota } from './zai-quota.ts';

const LOOK: Look = { observedAt: '2030-10-14T10:00:00.000Z', account: 'a'.repeat(64) };
const IN_3H = 1_918_213_200;

function told(parser: PaneParser, value: unknown): { pp: unknown[]; problems: string[] } {
  const { readings, problems } = parser(typeof value === 'string' ? value : JSON.stringify(value), LOOK);
  return {
    pp: readings.map(({ scope, window_min: minutes, used_pp: used }) => [scope, minutes, used]),
    problems: problems.map(({ code }) => code),
  };
}

describe('shares', () => {
  const window = (share: unknown): object => ({
    rate_limits: { five_hour: { used_percentage: share, resets_at: IN_3H } },
  });
  test.each([
    [0, 0],
    [0.4, 0.4],
    [1, 1],
    [100, 100],
    [105.5, 105.5],
  ])('%d is in percent whatever its size', (share, pp) => {
    expect(told(parseStatusline, window(share))).toEqual({ pp: [['all', 300, pp]], problems: [] });
  });

  test('null is not zero', () => {
    expect(told(parseStatusline, window(null)).pp).toEqual([]);
  });

  test.each([[-1], [20_000], ['41'], [true], [{}]])('%j is no share', (share) => {
    expect(told(parseStatusline, window(share))).toEqual({ pp: [], problems: ['percent-out-of-range'] });
  });

  test('a window without its share is named', () => {
    expect(told(parseStatusline, { rate_limits: { five_hour: { resets_at: IN_3H } } })).toEqual({
      pp: [],
      problems: ['percent-unreadable'],
    });
  });

  test('a window under an unknown name is not guessed', () => {
    const limits = { seven_day: { used_percentage: 5, resets_at: IN_3H }, one_month: { used_percentage: 50 } };
    expect(told(parseStatusline, { rate_limits: limits })).toEqual({
      pp: [['all', 10_080, 5]],
      problems: ['meter-unknown'],
    });
  });

  test('the account handed in is on every reading', () => {
    expect(parseStatusline(JSON.stringify(window(1)), LOOK).readings[0]?.account).toBe(LOOK.account);
  });
});

describe('get_usage', () => {
  const answer = (limits: object): string => JSON.stringify({ rate_limits_available: true, rate_limits: limits });

  test('two figures of one window that differ are both left out', () => {
    const limits = { five_hour: { utilization: 41 }, limits: [{ kind: 'session', percent: 14 }] };
    expect(told(parseGetUsage, answer(limits))).toEqual({ pp: [], problems: ['divergent'] });
  });

  test('an integer beside its decimals does not differ', () => {
    const limits = { five_hour: { utilization: 41.6 }, limits: [{ kind: 'session', percent: 41 }] };
    expect(told(parseGetUsage, answer(limits))).toEqual({ pp: [['all', 300, 41.6]], problems: [] });
  });

  test('a login without limits', () => {
    expect(told(parseGetUsage, { rate_limits_available: false, rate_limits: null }).problems).toEqual([
      'usage-not-loaded',
    ]);
  });

  test('the last of several answers counts', () => {
    const text = [
      answer({ five_hour: { utilization: 1 } }),
      '{"type":"assistant"}',
      answer({ five_hour: { utilization: 2 } }),
    ];
    expect(told(parseGetUsage, text.join('\n')).pp).toEqual([['all', 300, 2]]);
  });
});

describe('cached usage', () => {
  const cache = (fetchedAtMs: unknown): object => ({ fetchedAtMs, utilization: { seven_day: { utilization: 30 } } });

  test('is as old as it says, and its account is the organisation', () => {
    const config = { cachedUsageUtilization: cache(1_918_200_000_000), oauthAccount: { organizationUuid: 'x' } };
    const [reading] = parseClaudeCache(JSON.stringify(config), LOOK).readings;
    expect(reading).toMatchObject({ observed_at: '2030-10-14T09:20:00.000Z', used_pp: 30, source: 'cache' });
    // SHA-256 of "x".
    expect(reading?.account).toBe('2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881');
  });

  test('from after it was read, or from no time, is not used', () => {
    expect(told(parseClaudeCache, cache(1_918_209_600_000))).toEqual({ pp: [], problems: ['clock-skew'] });
    expect(told(parseClaudeCache, cache(null))).toEqual({ pp: [], problems: ['insufficient-data'] });
  });
});

describe('Codex', () => {
  const slot = (percent: unknown, minutes: unknown): object => ({
    used_percent: percent,
    window_minutes: minutes,
    resets_at: IN_3H,
  });

  test.each([
    ['weekly first', { primary: slot(20, 10_080), secondary: slot(3, 300) }],
    ['weekly second', { primary: slot(3, 300), secondary: slot(20, 10_080) }],
  ])('a window is told by its length: %s', (_what, limits) => {
    expect(parseCodexRollout(JSON.stringify(limits), LOOK).parsed).toMatchObject({
      fiveh_pct: 3,
      weekly_pct: 20,
      errors: [],
    });
  });

  test('a slot without a length is no meter', () => {
    expect(told(parseCodexRollout, { primary: slot(3, undefined), secondary: null })).toEqual({
      pp: [],
      problems: ['meter-unknown'],
    });
  });

  test('two slots of one length that differ are both left out', () => {
    expect(told(parseCodexRollout, { primary: slot(3, 300), secondary: slot(20, 300) })).toEqual({
      pp: [],
      problems: ['divergent'],
    });
  });

  test('older rollouts count the seconds that are left from when they were written', () => {
    const limits = { primary: { used_percent: 3, window_minutes: 300, resets_in_seconds: 7200 } };
    const line = { timestamp: '2030-10-14T09:00:00.000Z', payload: { type: 'token_count', rate_limits: limits } };
    const [reading] = parseCodexRollout(JSON.stringify(line), LOOK).readings;
    expect(reading).toMatchObject({ observed_at: '2030-10-14T09:00:00.000Z', resets_at: '2030-10-14T11:00:00.000Z' });
  });

  test('a rollout written before the window ended, read after it, is void', () => {
    const line = {
      timestamp: '2030-10-14T03:00:00Z',
      payload: { rate_limits: { primary: { ...slot(99, 300), resets_at: IN_3H - 14_400 } } },
    };
    expect(told(parseCodexRollout, line)).toEqual({ pp: [['all', 300, null]], problems: ['window-expired'] });
  });

  test('what is left of an individual limit becomes what is used', () => {
    const rateLimits = {
      limitId: 'codex',
      individualLimit: { limit: null, used: null, remainingPercent: 92, resetsAt: IN_3H },
    };
    expect(told(parseCodexAppServer, { result: { rateLimits } }).pp).toEqual([['credits', null, 8]]);
  });

  test('a refusal is one', () => {
    expect(told(parseCodexAppServer, { id: 2, error: { code: -32_600, message: 'not signed in' } })).toEqual({
      pp: [],
      problems: ['vendor-error'],
    });
  });
});

describe('Z.AI', () => {
  const quota = (limit: object): object => ({ code: 200, success: true, data: { limits: [limit] } });
  const five = { type: 'CREDIT_LIMIT', unit: 3, number: 5 };

  test('amounts and percentage that do not fit are both left out', () => {
    expect(told(parseZaiQuota, quota({ ...five, usage: 12_000, currentValue: 1438, percentage: 88 }))).toEqual({
      pp: [],
      problems: ['divergent'],
    });
  });

  test('above the limit it is kept', () => {
    expect(told(parseZaiQuota, quota({ ...five, usage: 100, currentValue: 110, percentage: 100 })).pp).toEqual([
      ['all', 300, 110],
    ]);
  });

  test('no figure at all is neither 0 nor 100', () => {
    expect(told(parseZaiQuota, quota({ ...five, usage: 0, currentValue: 0 }))).toEqual({
      pp: [],
      problems: ['percent-unreadable'],
    });
  });

  test('an unknown unit of time is not guessed', () => {
    expect(told(parseZaiQuota, quota({ ...five, unit: 9, percentage: 5 }))).toEqual({
      pp: [],
      problems: ['meter-unknown', 'insufficient-data'],
    });
  });
});

describe('reports and screens', () => {
  test('a session without tokens leaves no sum', () => {
    const sessions = [{ totalTokens: 5 }, { sessionId: 'b' }];
    expect(parseCodexUsage(JSON.stringify({ sessions }), LOOK).parsed).toMatchObject({
      total_tokens: null,
      errors: ['invalid-sessions'],
    });
  });

  test('prompts of another provider are not prompts of GLM', () => {
    const blocks = [
      { provider: 'glm', prompts_used: 5 },
      { provider: 'codex', prompts_used: 7 },
    ];
    expect(told(parseGlmBlocks, { blocks })).toEqual({ pp: [], problems: ['invalid-blocks'] });
  });

  test('a share that its own count contradicts is not used', () => {
    const screen = 'Token Usage: [##--] 50.1%\nTokens: 44,088 / ~880,000 (1 left)\nSent Messages: 3 messages';
    expect(parseClaudeMonitor(screen, LOOK).parsed).toMatchObject({
      token_usage_pct: null,
      tokens_used: null,
      token_limit: null,
      message_count: 3,
      errors: ['divergent'],
    });
  });

  test('figures of a screen are read where they are wrapped', () => {
    const screen = '│ Token Usage: [##--] 50.\n1% │\n│ Tokens: 44,0\n88 / ~88,000 (1 left) │';
    expect(parseClaudeMonitor(screen, LOOK).parsed).toMatchObject({
      token_usage_pct: 50.1,
      tokens_used: 44_088,
      token_limit: 88_000,
    });
  });

  test.each([
    [{ lane: 'zai', status: 200 }, 100, 0],
    [{ lane: 'ZAI', status: '200' }, 100, 0],
    [{ lane: 'bazaing', status: 200 }, 0, 0],
    [{ model: 'glm-5', status: 429, reason: 'ok' }, 100, 100],
    [{ status: '429', reason: 'routed' }, 0, 100],
    [{ status: 529 }, 0, 100],
    [{ status: 0 }, 0, 100],
    [{ status: 'error', reason: 'ok' }, 0, 100],
    [{ status: 'fallback', reason: 'routed' }, 0, 0],
    [{ status: '' }, 0, 0],
    [{}, 0, 0],
  ])('of a proxy, %j', (event, glm, errors) => {
    const { parsed } = parseProxyTelemetry(JSON.stringify(event), LOOK);
    expect(parsed).toMatchObject({ total: 1, routed_to_glm_pct: glm, error_rate_pct: errors });
  });
});
