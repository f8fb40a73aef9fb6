import type {
  Behaviour,
  KeyLimitScript,
  Match,
  MeterScript,
  Rule,
  TokenUsage,
  Turn,
  WindowScript,
  ZaiQuotaScript,
} from './script.ts';
import { either, fail, flag, join, list, mapOf, number, oneOf, shape, taggedBy, text, whole } from './checks.ts';
import type { Check } from './checks.ts';
import { rejectKinds } from './rejections.ts';

export type { Behaviour } from './script.ts';

/**
 * Reads a scenario: the wall between a file and the simulator.
 * @throws {BehaviourError} naming the path inside the scenario and the allowed values.
 */
export function parseBehaviour(value: unknown): Behaviour {
  behaviour(value, '');
  const parsed = value as Behaviour;
  parsed.rules?.forEach((rule, index) => {
    if (rule.then.act === 'slow_accept' && rule.match?.model !== undefined) {
      fail(
        `rules[${String(index)}].match.model`,
        'slow_accept decides before the body is read; match path, header, nth or every',
      );
    }
  });
  return parsed;
}

/** Longest wait a timer can hold, in ms; beyond it Node fires at once. */
const LONGEST_WAIT_MS = 2_147_483_647;
const waitMs = number(0, LONGEST_WAIT_MS);

const usage = shape({
  input: whole(0),
  output: whole(0),
  cache_write_5m: whole(0),
  cache_write_1h: whole(0),
  cache_read: whole(0),
} satisfies Record<keyof TokenUsage, Check>);

const tool = shape({ name: text, input: mapOf(() => undefined) }, ['name', 'input']);

// Paces under a millisecond cannot be kept by a timer and would silently turn into something else.
const paceMs = either(oneOf(0), number(1, LONGEST_WAIT_MS), 'a number of milliseconds: 0 (all at once) or from 1');

const turn = shape({
  model: text,
  thinking_chunks: whole(0, 1_000_000),
  text_chunks: whole(0, 1_000_000),
  chunk_text: text,
  tools: whole(0, 1000),
  tool: either(oneOf('first-bash'), tool, '"first-bash" or {"name": ..., "input": {...}}'),
  usage,
  zero_start: flag,
  delta_usage: oneOf('full', 'output_only'),
  cumulative_deltas: whole(1, 1000),
  pace_ms: paceMs,
  ttft_ms: waitMs,
  ping_every: whole(0),
  crlf: flag,
  event_names: flag,
  split: either(
    oneOf('event', 'byte', 'random', 'coalesce'),
    whole(1),
    'event, byte, random, coalesce or a number of bytes',
  ),
  content_encoding: oneOf('gzip', 'br', 'deflate'),
  stop_reason: text,
  no_request_id: flag,
  extra_frames: list(shape({ after_event: whole(0), frame: text }, ['after_event', 'frame'])),
  omit_events: list(text),
} satisfies Record<keyof Turn, Check>);

const match: Check = (value, at) => {
  matchShape(value, at);
  const { nth, every, from } = value as Match;
  if (nth !== undefined && every !== undefined) fail(join(at, 'every'), 'cannot be combined with nth; choose one');
  if (from !== undefined && every === undefined) fail(join(at, 'from'), 'needs every beside it');
};

const matchShape = shape({
  path: text,
  model: text,
  nth: whole(1),
  every: whole(1),
  from: whole(1),
  header: mapOf(text),
} satisfies Record<keyof Match, Check>);

const headerValues: Check = (value, at) => {
  mapOf(text)(value, at);
  for (const [name, one] of Object.entries(value as Record<string, string>)) {
    if (!/^[!#$%&'*+.^_`|~\w-]+$/u.test(name) || !/^[\t\x20-\x7e]*$/u.test(one))
      fail(join(at, name), 'is not a legal HTTP header');
  }
};

const error = { type: text, message: text };
const cut = oneOf('close', 'reset');
const afterEvents = whole(0);

const act = taggedBy('act', {
  turn: shape({ act: text, turn }),
  reject: shape(
    {
      act: text,
      kind: oneOf(...rejectKinds),
      reset_in_s: number(0),
      retry_after_s: number(0),
      should_retry: flag,
      status: oneOf(400, 402, 429),
    },
    ['kind'],
  ),
  overloaded: shape({ act: text, retry_after_s: number(0), message: text }),
  error: shape({ act: text, status: whole(400, 599), headers: headerValues, body: text, ...error }, ['status']),
  error_in_stream: shape({ act: text, after_events: afterEvents, turn, ...error }),
  error_first: shape({ act: text, turn, ...error }),
  truncate: shape({ act: text, after_events: afterEvents, how: oneOf('eof', 'close', 'reset'), turn }),
  reset_before_headers: shape({ act: text, how: cut }),
  close_after_headers: shape({ act: text, how: cut, turn }),
  silence: shape(
    {
      act: text,
      where: oneOf('before_headers', 'after_headers', 'mid_stream'),
      after_events: afterEvents,
      for_ms: waitMs,
      turn,
    },
    ['where'],
  ),
  slow_accept: shape({ act: text, delay_ms: waitMs }, ['delay_ms']),
  huge: shape({ act: text, bytes: whole(1), turn }, ['bytes']),
} satisfies Record<Rule['then']['act'], Check>);

/** Beyond forty days nobody believes a reset anyway. */
const skewS = number(-3_456_000, 3_456_000);

const skews: Check = (value, at) => {
  list(skewS)(value, at);
  if ((value as readonly number[]).length === 0) fail(at, 'needs at least one number of seconds');
};

const rule = shape({ match, times: whole(1), then: act } satisfies Record<keyof Rule, Check>, ['then']);

const window = shape(
  { start: number(0), per_output_token: number(0), resets_in_s: number(1) } satisfies Record<keyof WindowScript, Check>,
  ['start', 'per_output_token', 'resets_in_s'],
);

const behaviour = shape({
  seed: whole(0),
  turn,
  rules: list(rule),
  meters: shape({ five_hour: window, seven_day: window, enforce: flag } satisfies Record<keyof MeterScript, Check>),
  key_limits: shape({ requests: whole(1), input_tokens: whole(1), output_tokens: whole(1) } satisfies Record<
    keyof KeyLimitScript,
    Check
  >),
  zai_quota: shape({
    tokens_5h: whole(1),
    tokens_week: whole(1),
    percent_only: flag,
    authorization: oneOf('raw', 'bearer'),
  } satisfies Record<keyof ZaiQuotaScript, Check>),
  clock_skew_s: (value, at) => (Array.isArray(value) ? skews : skewS)(value, at),
} satisfies Record<keyof Behaviour, Check>);
