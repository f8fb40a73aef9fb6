import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseBehaviour } from './behaviour.ts';
import { presets } from './presets.ts';

const FILES = new URL('../../../../fixtures/shim/scenarios/', import.meta.url);
const files = readdirSync(FILES).filter((name) => name.endsWith('.json'));

describe('scenarios', () => {
  test.each(files)('file %s can be played', (name) => {
    expect(() => parseBehaviour(JSON.parse(readFileSync(new URL(name, FILES), 'utf8')))).not.toThrow();
  });

  test.each(Object.entries(presets))('preset %s survives its way through a file', (_name, { behaviour }) => {
    expect(parseBehaviour(JSON.parse(JSON.stringify(behaviour)))).toEqual(behaviour);
  });

  test.each([
    [[], 'the scenario: [] is not an object'],
    [{ trun: {} }, 'trun: unknown key; allowed: seed, turn, rules, meters, key_limits'],
    [{ turn: { pace_ms: -1 } }, 'turn.pace_ms: -1 is not a number of milliseconds: 0 (all at once) or from 1'],
    [{ turn: { pace_ms: 0.4 } }, 'turn.pace_ms: 0.4 is not'],
    [{ turn: { ttft_ms: 1e12 } }, 'turn.ttft_ms: 1000000000000 is not a number from 0 to 2147483647'],
    [{ turn: { split: 'letter' } }, 'turn.split: "letter" is not event, byte, random, coalesce or a number of bytes'],
    [{ turn: { usage: { output: 1.5 } } }, 'turn.usage.output: 1.5 is not a whole number from 0'],
    [{ turn: { tool: { name: 'Bash' } } }, 'turn.tool: {"name":"Bash"} is not "first-bash" or'],
    [{ rules: {} }, 'rules: {} is not a list'],
    [{ rules: [{}] }, 'rules[0].then: is missing'],
    [{ rules: [{ then: { act: 'boom' } }] }, 'rules[0].then.act: "boom" is not one of turn, reject, overloaded'],
    [{ rules: [{ then: { act: 'reject' } }] }, 'rules[0].then.kind: is missing'],
    [{ rules: [{ then: { act: 'reject', kind: 'x' } }] }, 'rules[0].then.kind: "x" is not one of five_hour, weekly'],
    [
      { rules: [{ then: { act: 'error', status: 200 } }] },
      'rules[0].then.status: 200 is not a whole number from 400 to 599',
    ],
    [
      { rules: [{ then: { act: 'error', status: 500, headers: { a: 'b\r\nc: d' } } }] },
      'then.headers.a: is not a legal HTTP',
    ],
    [
      { rules: [{ match: { nth: 1, every: 2 }, then: { act: 'turn' } }] },
      'rules[0].match.every: cannot be combined with nth',
    ],
    [{ rules: [{ match: { from: 2 }, then: { act: 'turn' } }] }, 'rules[0].match.from: needs every'],
    [
      { rules: [{ match: { model: 'x' }, then: { act: 'slow_accept', delay_ms: 1 } }] },
      'rules[0].match.model: slow_accept',
    ],
    [{ meters: { five_hour: { start: 0.1 } } }, 'meters.five_hour.per_output_token: is missing'],
    [{ clock_skew_s: '2h' }, 'clock_skew_s: "2h" is not a number from -3456000 to 3456000'],
    [{ clock_skew_s: [] }, 'clock_skew_s: needs at least one number of seconds'],
    [{ clock_skew_s: [0, 1e9] }, 'clock_skew_s[1]: 1000000000 is not a number from'],
    [{ zai_quota: { tokens_5h: 0 } }, 'zai_quota.tokens_5h: 0 is not a whole number from 1'],
    [{ zai_quota: { authorization: 'basic' } }, 'zai_quota.authorization: "basic" is not one of raw, bearer'],
    [{ zai_quota: { tokens_month: 5 } }, 'zai_quota.tokens_month: unknown key; allowed: tokens_5h, tokens_week'],
  ])('%j is refused by path and allowed values', (scenario, message) => {
    expect(() => parseBehaviour(scenario)).toThrow(message);
  });
});
