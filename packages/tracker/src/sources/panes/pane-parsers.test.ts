import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Look } from './pane.ts';
import { paneParsers } from './pane-parsers.ts';
import type { PaneName } from './pane-parsers.ts';

const LOOK: Look = { observedAt: '2030-10-14T10:00:00.000Z', timeZone: 'Europe/Berlin' };

/** In the evening: a session of five hours may reset at nine. */
const EVENING: Look = { ...LOOK, observedAt: '2030-10-14T17:00:00.000Z' };

const CODEX_WIDE = `
╭─────────────────────────────────────────────────────────────────────────────╮
│  >_ OpenAI Codex (v0.44.0)                                                  │
│                                                                             │
│  Model:            gpt-5-codex (reasoning low, summaries auto)              │
│  Account:          user@example.com (Pro)                                   │
│                                                                             │
│  Context window:   100% left (2.65K used / 272K)                            │
│  5h limit:         [░░░░░░░░░░░░░░░░░░░░] 1% used (resets 13:01)            │
│  Weekly limit:     [████████████████░░░░] 82% used (resets 21:29 on 19 Oct) │
╰─────────────────────────────────────────────────────────────────────────────╯`;

const CODEX_NARROW = `
│  Context window:   100% left (2.65K used / 272K │
│  5h limit:         [░░░░░░░░░░░░░░░░░░░░] 1% us │
│                    (resets 13:01)               │
│  Weekly limit:     [████████████████░░░░] 82% u │
│                    (resets 21:29 on 19 Oct)     │
╰─────────────────────────────────────────────────╯`;

const CODEX_TOO_NARROW = `
│  Context window:  │
│  5h limit:        │
│                   │
│  Weekly limit:    │
╰───────────────────╯`;

const CLAUDE_WIDE = `
> /usage
──────────────────────────────────────────────────────────────────────────────
 Settings:  Status   Config   Usage   (tab to cycle)

 Current session
 ▌                                                  1% used
 Resets 8:59pm (Europe/Berlin)

 Current week (all models)
 █████████████████████████████████████████████      90% used
 Resets Oct 20, 1:59am (Europe/Berlin)

 Current week (Opus)
                                                    0% used

 Esc to exit`;

const CLAUDE_NARROW = `
 Current session · Resets 9pm
 (Europe/Berlin)
 ▍
 1% used

 Current week (all models) · Resets Oct
  20, 2am (Europe/Berlin)
 ██████████████████████████████████▏
 90% used

 Current week (Opus)

 0% used`;

const MONITOR = `CLAUDE CODE USAGE MONITOR
=========================
Plan: custom | Timezone: Europe/Berlin

Token Usage:    [################--------------] 0.0%
Tokens:         0 / ~153,378 (0 left)
Burn Rate:      0.0 tokens/min
Cost Rate:      $0.00 $/min
Sent Messages:  0 messages`;

const parsedOf = (name: PaneName, text: string, look: Look = LOOK): Readonly<Record<string, unknown>> => ({
  ...paneParsers[name](text, look).parsed,
});

describe('Codex /status', () => {
  test.each([
    ['wide', CODEX_WIDE],
    ['narrow, its words cut by the frame', CODEX_NARROW],
    ['with ANSI colours', CODEX_WIDE.replaceAll('%', '%\u001b[0m').replaceAll('[█', '\u001b[32m[█')],
    ['with CR LF', CODEX_WIDE.replaceAll('\n', '\r\n')],
  ])('%s', (_what, text) => {
    expect(parsedOf('codex', text)).toMatchObject({ fiveh_pct: 1, weekly_pct: 82, errors: [] });
    const { readings } = paneParsers.codex(text, LOOK);
    expect(readings.map(({ window_min: minutes, used_pp: pp, resets_at: at }) => [minutes, pp, at])).toEqual([
      [300, 1, '2030-10-14T11:01:00.000Z'],
      [10_080, 82, '2030-10-19T19:29:00.000Z'],
    ]);
  });

  test('what is left is not what is used', () => {
    expect(parsedOf('codex', CODEX_WIDE.replace('82% used', '82% left'))).toMatchObject({ weekly_pct: 18 });
  });

  test('too narrow to say anything', () => {
    const { parsed, readings } = paneParsers.codex(CODEX_TOO_NARROW, LOOK);
    expect(parsed).toMatchObject({ fiveh_pct: null, weekly_pct: null, errors: ['insufficient-data'] });
    expect(readings).toEqual([]);
  });

  test('of several panes in one paste the last one counts', () => {
    const older = CODEX_WIDE.replace('82% used', '10% used');
    expect(parsedOf('codex', `/status\n${older}\nsome talk\n/status\n${CODEX_WIDE}`)).toMatchObject({
      weekly_pct: 82,
      errors: ['multi-pane-trimmed'],
    });
  });
});

describe('Claude /usage', () => {
  test.each([
    ['wide', CLAUDE_WIDE, '2030-10-14T18:59:00.000Z', '2030-10-19T23:59:00.000Z'],
    ['narrow, resets on wrapped lines', CLAUDE_NARROW, '2030-10-14T19:00:00.000Z', '2030-10-20T00:00:00.000Z'],
  ])('%s', (_what, text, session, week) => {
    expect(parsedOf('claude', text, EVENING)).toMatchObject({
      session_pct: 1,
      all_models_pct: 90,
      opus_pct: 0,
      errors: [],
    });
    const { readings } = paneParsers.claude(text, EVENING);
    expect(
      readings.map(({ scope, window_min: minutes, used_pp: pp, resets_at: at }) => [scope, minutes, pp, at]),
    ).toEqual([
      ['all', 300, 1, session],
      ['all', 10_080, 90, week],
      ['model:opus', 10_080, 0, null],
    ]);
  });

  test.each([' Error: Failed to load usage data', '> /usage\n  ⎿  Status dialog dismissed'])(
    '%s is no usage',
    (text) => {
      const { parsed, readings } = paneParsers.claude(text, EVENING);
      expect({ errors: parsed.errors, readings }).toEqual({ errors: ['usage-not-loaded'], readings: [] });
    },
  );
});

describe('machine output', () => {
  test('prompts of GLM are added up; one block without a number leaves no sum', () => {
    const blocks = [{ prompts_used: 70 }, { prompts_used: 48 }];
    expect(parsedOf('glm', JSON.stringify({ blocks }))).toMatchObject({ prompts_used: 118, errors: [] });
    expect(parsedOf('glm', JSON.stringify({ blocks: [...blocks, {}] }))).toMatchObject({
      prompts_used: null,
      errors: ['invalid-blocks'],
    });
    expect(parsedOf('glm', '{"blocks":[]}')).toMatchObject({ errors: ['no-blocks'] });
    expect(parsedOf('glm', '{"blocks":7}')).toMatchObject({ errors: ['invalid-blocks'] });
    expect(parsedOf('glm', '{')).toMatchObject({ prompts_used: null, errors: ['invalid-json'] });
  });

  test('ccusage of Codex: sessions, days, week', () => {
    const sessions = {
      sessions: [{ totalTokens: 1, lastActivity: '2030-10-01' }, { totalTokens: 2 }],
      totals: { totalTokens: 7_372_723_263 },
    };
    expect(parsedOf('codex-ccusage', JSON.stringify(sessions))).toMatchObject({
      scope: 'session',
      entries: 2,
      total_tokens: 7_372_723_263,
      latest: '2030-10-01',
    });
    const days = { days: [{ date: '2030-10-14', tokens: 123_456, percent: 12.5 }], resetAt: 'soon' };
    expect(parsedOf('codex-ccusage', JSON.stringify(days))).toMatchObject({
      scope: 'daily',
      total_tokens: 123_456,
      percent_used: 12.5,
      reset_at: 'soon',
    });
    const week = { currentWeek: { percentUsed: 9.2, tokensUsed: 987_654_321 } };
    expect(parsedOf('codex-ccusage', JSON.stringify(week))).toMatchObject({
      scope: 'weekly',
      total_tokens: 987_654_321,
      percent_used: 9.2,
    });
    expect(parsedOf('codex-ccusage', '{"days":[]}')).toMatchObject({ total_tokens: null, errors: ['no-days'] });
    expect(parsedOf('codex-ccusage', '{}', { ...LOOK, scope: 'weekly' })).toMatchObject({ errors: ['invalid-week'] });
    expect(parsedOf('codex-ccusage', '{}')).toMatchObject({ errors: ['invalid-sessions'] });
  });

  test('claude-monitor', () => {
    expect(parsedOf('claude-monitor', MONITOR)).toEqual({
      token_usage_pct: 0,
      tokens_used: 0,
      token_limit: 153_378,
      burn_rate_per_min: 0,
      cost_rate_per_min: 0,
      message_count: 0,
      errors: [],
    });
    expect(parsedOf('claude-monitor', 'nothing here').errors).toEqual([
      'token-usage-missing',
      'token-count-missing',
      'insufficient-data',
    ]);
  });

  test('proxy telemetry: the lane zai is GLM, and a 429 is an error whatever its reason says', () => {
    const events = [
      { lane: 'zai', model: 'claude-haiku', status: 200, latency_ms: 100 },
      { lane: 'anthropic', model: 'glm-4.6', status: 429, reason: 'ok', latency_ms: 300 },
      { lane: 'anthropic', model: 'claude-sonnet', reason: 'routed', latency_ms: 500 },
      { lane: 'anthropic', model: 'claude-sonnet', status: '', latency_ms: 'slow' },
    ];
    expect(parsedOf('proxy-telemetry', [...events.map((event) => JSON.stringify(event)), 'junk'].join('\n'))).toEqual({
      total: 4,
      routed_to_glm_pct: 50,
      latency_p50_ms: 300,
      latency_p95_ms: 480,
      error_rate_pct: 25,
      errors: ['json-parse:5', 'latency:invalid'],
    });
    expect(parsedOf('proxy-telemetry', '').errors).toEqual(['empty-text', 'no-events']);
  });

  test('statusline: a window that is not there is not 0', () => {
    const line = { rate_limits: { five_hour: { used_percentage: 41, resets_at: 1_918_300_000 } } };
    const { readings } = paneParsers.statusline(JSON.stringify(line), LOOK);
    expect(readings.map(({ window_min: minutes, used_pp: pp }) => [minutes, pp])).toEqual([[300, 41]]);
  });
});

test.each(Object.keys(paneParsers) as PaneName[])(
  '%s never throws, and never gives a reading without words for trouble',
  (name) => {
    const piece = fc.oneof(
      fc.string({ maxLength: 40, unit: 'binary' }),
      fc.json({ maxDepth: 3 }),
      fc.constantFrom(
        '5h limit: [',
        '82% used',
        'Current week',
        'Resets 9pm',
        '\u001b[2K',
        '\r',
        '│',
        '{"rate_limits":',
        '"blocks":[',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (parts) => {
        const { parsed, readings, problems } = paneParsers[name](parts.join('\n'), LOOK);
        for (const { used_pp: pp } of readings) expect(pp === null || pp === undefined || pp >= 0).toBe(true);
        if (readings.length === 0 && name !== 'proxy-telemetry' && name !== 'codex-ccusage')
          expect(problems.length + parsed.errors.length).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  },
);
