import type { TurnFacts } from '../rollups/summary/turn-facts.ts';

/** A turn of ours, as far as a summary needs it, and where the line after it begins. */
export interface OwnTurn {
  readonly facts: TurnFacts;
  /** When the row was written (ISO 8601). */
  readonly capturedAt: string;
  readonly next: number;
}

/** A text without escapes, in ASCII: the bytes between its quotes are what it says. */
const TEXT = '[ !#-\\[\\]-~]*';
/** A whole number that a number holds exactly. */
const COUNT = '(?:0|[1-9]\\d{0,14})';
/** A number from 0. */
const AMOUNT = `${COUNT}(?:\\.\\d{1,20})?`;
/** From 0 to 1. */
const SHARE = '(?:0|1|0\\.\\d{1,20})';
/** As `Date.toISOString` prints the days there are; the 29th of February is left to the contract. */
const DAY = '(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)';
const TIME = `\\d{4}-${DAY}T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d\\.\\d{3}Z`;

/** A field that may be absent. */
const maybe = (name: string, value: string): string => `(?:,"${name}":${value})?`;

const DECISION = [
  `"reroute_mode":"${TEXT}"`,
  maybe('reroute_decision', `"${TEXT}"`),
  maybe('warn_pct_auto', `(?:null|${SHARE})`),
  maybe('gap_seconds_p50', `(?:null|-?${AMOUNT})`),
  maybe('gap_seconds_p95', `(?:null|-?${AMOUNT})`),
  maybe('gap_samples', `(?:null|${AMOUNT})`),
].join('');

/** The line our own writer makes of a turn of the shim, or of another program's log (see stamp.ts and turn-event.ts). */
const LINE = new RegExp(
  [
    `\\{"kind":"turn","schema_version":"${TEXT}","tool_version":"${TEXT}","type":"turn","event_id":"${TEXT}"`,
    `,"captured_at":"(${TIME})","source":"(${TEXT})"`,
    `,"turn":\\{"turn_id":"${TEXT}","session_id":"(${TEXT})","model":"(${TEXT})","subagent":"${TEXT}"`,
    `,"tokens_in":(${COUNT}),"tokens_out":(${COUNT})`,
    maybe('cache_write_tokens', `(${COUNT})`),
    maybe('cache_write_1h_tokens', `(${COUNT})`),
    maybe('cache_read_tokens', `(${COUNT})`),
    maybe('epoch', `"${TEXT}"`),
    maybe('ended', `"${TEXT}"`),
    maybe('usage_known', '(?:true|false)'),
    maybe('stream_s', `(?:null|${AMOUNT})`),
    `,"input_kind":"${TEXT}","latency_ms":(?:null|${AMOUNT}),"attribution":\\{"\\4":1\\},"capacity_used":null`,
    `,"ts":(${AMOUNT})`,
    maybe('lane', `"${TEXT}"`),
    maybe('rid', `"${TEXT}"`),
    `,"request_id":(?:null|"(${TEXT})")`,
    maybe('status', COUNT),
    maybe('ttft_ms', `(?:null|${AMOUNT})`),
    // Where a turn of a log says it.
    maybe('usage_known', '(?:true|false)'),
    '\\}',
    maybe('decision', `\\{(?:${DECISION})?\\}`),
    `,"dedupe_key":"(${TEXT})"\\}\\n`,
  ].join(''),
  'y',
);

/**
 * Reads a turn of ours without the detour over a JSON object: what matches is valid by the contract and says exactly what
 * JSON and contract would find in it. Null means "read it the long way", not "invalid".
 *
 * @param text bytes of a journal as latin1, so that positions are those of bytes
 */
export function ownTurnAt(text: string, from: number): OwnTurn | null {
  LINE.lastIndex = from;
  const found = LINE.exec(text);
  if (found === null) return null;
  // By number and index: names and destructuring cost as much again as the match.
  const key = found[12] ?? '';
  const facts: TurnFacts = {
    id: found[11] ?? key,
    source: found[2] ?? '',
    sessionId: found[3] ?? '',
    model: found[4] ?? '',
    ts: Number(found[10]),
    input: Number(found[5]),
    output: Number(found[6]),
    cacheWrite: countOf(found[7]),
    cacheWrite1h: countOf(found[8]),
    cacheRead: countOf(found[9]),
    attribution: null,
    measured: null,
  };
  return { facts, capturedAt: found[1] ?? '', next: LINE.lastIndex };
}

function countOf(digits: string | undefined): number {
  return digits === undefined ? 0 : Number(digits);
}
