// What the two providers of the soak do.
const TURN = {
  text_chunks: 10,
  usage: { input: 900, output: 220, cache_write_5m: 300, cache_write_1h: 0, cache_read: 9000 },
};
const METERS = {
  five_hour: { start: 0.1, per_output_token: 2e-9, resets_in_s: 9000 },
  seven_day: { start: 0.1, per_output_token: 2e-10, resets_in_s: 300_000 },
};
/** Now and then a rejection of each kind, so that rests begin and end all the time. */
export const PREFERRED = {
  turn: { ...TURN, pace_ms: 5 },
  meters: METERS,
  rules: [
    { match: { every: 997 }, then: { act: 'reject', kind: 'five_hour', reset_in_s: 2 } },
    { match: { every: 499 }, then: { act: 'reject', kind: 'per_minute', reset_in_s: 1 } },
    { match: { every: 211 }, then: { act: 'overloaded' } },
    { match: { every: 307 }, then: { act: 'truncate', after_events: 4 } },
    { match: { every: 401 }, then: { act: 'reset_before_headers' } },
    { match: { every: 173 }, then: { act: 'reject', kind: 'request_scoped' } },
  ],
};
export const OTHER = { turn: { ...TURN, pace_ms: 2 }, rules: [{ match: { every: 301 }, then: { act: 'overloaded' } }] };
