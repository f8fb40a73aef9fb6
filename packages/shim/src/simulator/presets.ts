import type { Behaviour, Rule } from './script.ts';

export interface Preset {
  readonly summary: string;
  readonly behaviour: Behaviour;
  readonly books: 'full' | 'totals';
}

/** Ready-made behaviours, by the name the command line takes. */
export const presets: Readonly<Record<string, Preset>> = {
  healthy: {
    summary: 'thinking and text at reading pace, meters that move, nothing goes wrong',
    books: 'full',
    behaviour: { turn: conversation(15, 250), rules: varied(), meters: meters(0.12, 0.05) },
  },
  busy: {
    summary: 'half-used windows that fill up, now and then a 429 or 529',
    books: 'full',
    behaviour: {
      turn: conversation(8, 350),
      rules: [
        { match: { every: 17 }, then: { act: 'overloaded' } },
        { match: { every: 23 }, then: { act: 'reject', kind: 'per_minute', reset_in_s: 3 } },
        { match: { every: 61 }, then: { act: 'reject', kind: 'request_scoped' } },
        ...varied(),
      ],
      meters: { ...meters(0.55, 0.38), enforce: true },
      key_limits: { requests: 4000, input_tokens: 2_000_000, output_tokens: 400_000 },
    },
  },
  tool: {
    summary: 'a Bash call when the client offers the tool, text once its result is there',
    books: 'full',
    behaviour: { turn: { ...conversation(5, 60), tool: 'first-bash' } },
  },
  'bench-json': {
    summary: 'a small answer at once (also when a stream is asked for); totals only',
    books: 'totals',
    behaviour: { turn: { text_chunks: 8, usage: { input: 200, output: 64 } } },
  },
  'bench-burst-500': {
    summary: 'a stream of exactly 500 events in as few writes as possible; totals only',
    books: 'totals',
    behaviour: { turn: fiveHundredEvents() },
  },
  'bench-paced': {
    summary: 'the same 500 events, 50 a second; totals only',
    books: 'totals',
    behaviour: { turn: { ...fiveHundredEvents(), pace_ms: 20 } },
  },
  chaos: {
    summary: 'every kind of failure in turn, good answers between',
    books: 'full',
    behaviour: { turn: { ...conversation(1, 5), ping_every: 3 }, rules: mishaps() },
  },
};

function conversation(pace_ms: number, ttft_ms: number): Behaviour['turn'] & object {
  return {
    thinking_chunks: 6,
    text_chunks: 36,
    chunk_text: 'One step after the other. ',
    usage: { input: 1800, output: 460, cache_write_5m: 900, cache_write_1h: 0, cache_read: 14_000 },
    pace_ms,
    ttft_ms,
  };
}

/** Some turns longer, some shorter, so that charts show something other than one line. */
function varied(): Rule[] {
  const long = { thinking_chunks: 20, text_chunks: 110, usage: { input: 5200, output: 1700, cache_read: 61_000 } };
  const short = { thinking_chunks: 0, text_chunks: 9, usage: { input: 420, output: 70, cache_write_5m: 0 } };
  return [
    { match: { every: 5 }, then: { act: 'turn', turn: long } },
    { match: { every: 3 }, then: { act: 'turn', turn: short } },
  ];
}

function meters(fiveHour: number, week: number) {
  return {
    five_hour: { start: fiveHour, per_output_token: 0.000_002, resets_in_s: 9000 },
    seven_day: { start: week, per_output_token: 0.000_000_2, resets_in_s: 320_000 },
  };
}

/** message_start, block start and stop, message_delta and message_stop are five of them. */
function fiveHundredEvents() {
  return {
    text_chunks: 495,
    chunk_text: 'and one more ',
    ping_every: 0,
    usage: { input: 1200, output: 990, cache_read: 8000 },
  };
}

function mishaps(): Rule[] {
  const acts: Rule['then'][] = [
    { act: 'overloaded' },
    { act: 'error_in_stream', after_events: 7 },
    { act: 'reject', kind: 'bare' },
    { act: 'truncate', after_events: 9, how: 'eof' },
    { act: 'error', status: 500 },
    { act: 'turn', turn: { split: 'random', crlf: true, zero_start: true } },
    { act: 'truncate', after_events: 12, how: 'reset' },
    { act: 'reject', kind: 'request_scoped' },
    { act: 'error_first' },
    { act: 'turn', turn: { split: 'byte', cumulative_deltas: 3, event_names: false } },
    { act: 'reset_before_headers' },
    { act: 'silence', where: 'mid_stream', after_events: 6, for_ms: 1500 },
    { act: 'error', status: 503 },
    { act: 'turn', turn: { content_encoding: 'gzip' } },
    { act: 'reject', kind: 'per_minute', reset_in_s: 2 },
    { act: 'close_after_headers' },
    {
      act: 'error',
      status: 502,
      headers: { 'content-type': 'text/html' },
      body: '<html><h1>502 Bad Gateway</h1></html>',
    },
    { act: 'turn', turn: { no_request_id: true, omit_events: ['message_delta'] } },
  ];
  // Every other request is a good one.
  const every = acts.length * 2;
  return acts.map((then, index) => ({ match: { every, from: index * 2 + 2 }, then }));
}
