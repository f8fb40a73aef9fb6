/**
 * Reads the few fields of a usage log's line that say whether it is a turn and which one, without parsing it: a pass over
 * its bytes. What it accepts JSON.parse accepts with the same values; whatever is not plain (an escape, a byte beyond
 * ASCII, something nested, a wanted field twice or of another type) is `UNSURE` and left to the parser.
 */
export const UNSURE = 0;
export const TURN = 1;
export const DECISION = 2;
export const EARLY = 3;
export const OTHER = 4;

/** What was read of a turn. Reused between calls: take what you need of it. */
export interface Scan {
  ts: number;
  status: number;
  inputTokens: number;
  outputTokens: number;
  /** `[start, end)` of texts in the bytes. */
  ridStart: number;
  ridEnd: number;
  modelStart: number;
  modelEnd: number;
  /** Where the value of `status` stands. */
  statusAt: number;
}

export function newScan(): Scan {
  return {
    ts: 0,
    status: 0,
    inputTokens: 0,
    outputTokens: 0,
    ridStart: 0,
    ridEnd: 0,
    modelStart: 0,
    modelEnd: 0,
    statusAt: 0,
  };
}

const KEYS = ['ts', 'rid', 'model', 'status', 'event', 'reason', 'ended', 'op', 'input_tokens', 'output_tokens'];
/** In place of the two above in lines of older writers. */
const OLDER_KEYS = ['in_tokens', 'out_tokens'];
const [TS, RID, MODEL, STATUS, EVENT, REASON, ENDED, INPUT, OUTPUT] = [0, 1, 2, 3, 4, 5, 6, 8, 9];
const NOT_WANTED = -1;

/** Wanted keys by their length: at most two each, so the first byte tells. */
const BY_LENGTH: readonly (readonly { readonly index: number; readonly bytes: Uint8Array }[])[] = Array.from(
  { length: 32 },
  (_, length) =>
    [...KEYS, ...OLDER_KEYS].flatMap((name, index) =>
      name.length === length ? [{ index, bytes: Uint8Array.from(Buffer.from(name)) }] : [],
    ),
);

/** The kind of line in `[from, to)`, which begins with `{` and ends with `}`. Of a decision line only its beginning is read. */
export function scanRecord(bytes: Uint8Array, from: number, to: number, scan: Scan): number {
  let at = from + 1;
  let seen = 0;
  let kind = TURN;
  scan.inputTokens = scan.outputTokens = 0;
  for (;;) {
    if (bytes[at] !== QUOTE) return UNSURE;
    const keyAt = at + 1;
    at = plainTextEnd(bytes, keyAt);
    if (at < 0 || bytes[at + 1] !== COLON) return UNSURE;
    const wanted = wantedKey(bytes, keyAt, at);
    const valueAt = at + 2;
    const first = bytes[valueAt] as number;
    let isText = false;
    if (first === QUOTE) {
      isText = true;
      const end = plainTextEnd(bytes, valueAt + 1);
      if (end < 0) return UNSURE;
      at = end + 1;
    } else if (first === MINUS || (first >= ZERO && first <= NINE)) {
      at = numberEnd(bytes, valueAt);
    } else {
      at = wordEnd(bytes, valueAt, first);
    }
    if (at < 0) return UNSURE;
    if (wanted !== NOT_WANTED) {
      if (wanted > OUTPUT || (seen & (1 << wanted)) !== 0) return UNSURE;
      seen |= 1 << wanted;
      switch (wanted) {
        case TS: {
          const ts = isText ? NaN : decimal(bytes, valueAt, at);
          if (!(ts > 0 && ts <= MOST_TS)) return UNSURE;
          scan.ts = ts;
          break;
        }
        case STATUS:
          scan.statusAt = valueAt;
          if (first === MINUS) return at === valueAt + 2 && bytes[valueAt + 1] === ONE ? DECISION : UNSURE;
          scan.status = isText ? NaN : decimal(bytes, valueAt, at);
          if (!Number.isInteger(scan.status)) return UNSURE;
          break;
        case INPUT:
        case OUTPUT: {
          const tokens = isText || first === MINUS ? NaN : decimal(bytes, valueAt, at);
          if (!Number.isInteger(tokens)) return UNSURE;
          if (wanted === INPUT) scan.inputTokens = tokens;
          else scan.outputTokens = tokens;
          break;
        }
        case RID:
        case MODEL:
          if (!isText || at - valueAt <= 2) return UNSURE;
          if (wanted === RID) {
            scan.ridStart = valueAt + 1;
            scan.ridEnd = at - 1;
          } else {
            scan.modelStart = valueAt + 1;
            scan.modelEnd = at - 1;
          }
          break;
        default:
          if (isText) kind = kindBy(kind, meaningOf(wanted, bytes, valueAt + 1, at - 1));
      }
    }
    if (bytes[at] === COMMA) at += 1;
    else if (bytes[at] === CLOSE) return at + 1 === to && (kind !== TURN || (seen & NEEDED) === NEEDED) ? kind : UNSURE;
    else return UNSURE;
  }
}

const NEEDED = (1 << TS) | (1 << RID) | (1 << MODEL) | (1 << STATUS);
/** As the reader of whole records has it. */
const MOST_TS = 1e10;

/** A decision line stays one, whatever else it says; an early one is told before another request. */
function kindBy(kind: number, meaning: number): number {
  if (meaning === UNSURE || kind === DECISION) return kind;
  return kind === EARLY && meaning === OTHER ? kind : meaning;
}

/** What a text makes of a line under the right key. */
function meaningOf(key: number, bytes: Uint8Array, start: number, end: number): number {
  if (key === EVENT) return is(bytes, start, end, WORD_DECISION) ? DECISION : UNSURE;
  if (key === ENDED) return is(bytes, start, end, WORD_PENDING) ? DECISION : UNSURE;
  if (key === REASON) return is(bytes, start, end, WORD_STREAMING) ? EARLY : UNSURE;
  return is(bytes, start, end, WORD_COUNT_TOKENS) || is(bytes, start, end, WORD_MODELS) ? OTHER : UNSURE;
}

const word = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const WORD_DECISION = word('decision');
const WORD_PENDING = word('pending');
const WORD_STREAMING = word('streaming');
const WORD_COUNT_TOKENS = word('count_tokens');
const WORD_MODELS = word('models');

/** Whether the bytes in `[start, end)` are these. */
export function is(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  if (end - start !== wanted.length) return false;
  for (let index = 0; index < wanted.length; index += 1) if (bytes[start + index] !== wanted[index]) return false;
  return true;
}

function wantedKey(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length >= BY_LENGTH.length) return NOT_WANTED;
  const candidates = BY_LENGTH[length] as (typeof BY_LENGTH)[number];
  for (let index = 0; index < candidates.length; index += 1) {
    const candidate = candidates[index] as (typeof candidates)[number];
    if (bytes[start] === candidate.bytes[0] && is(bytes, start, end, candidate.bytes)) return candidate.index;
  }
  return NOT_WANTED;
}

/** Offset of the quote that ends a text without escapes, beyond-ASCII bytes and control characters; -1: it is no such. */
function plainTextEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  // Ends with the line at the latest: a line feed is no text, nor is what is behind the bytes.
  while (PLAIN[bytes[at] as number] === 1) at += 1;
  return bytes[at] === QUOTE ? at : -1;
}

/** 1 for what may stand in a text as it is. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== 0x22 && byte !== 0x5c ? 1 : 0,
);

/** Offset behind a number as JSON writes them; -1: it is none. */
function numberEnd(bytes: Uint8Array, from: number): number {
  let at = bytes[from] === MINUS ? from + 1 : from;
  const digitsAt = at;
  at = digitsEnd(bytes, at);
  if (at === digitsAt || (bytes[digitsAt] === ZERO && at > digitsAt + 1)) return -1;
  if (bytes[at] === DOT) {
    const fraction = at + 1;
    at = digitsEnd(bytes, fraction);
    if (at === fraction) return -1;
  }
  // With an exponent: rare, and left to the parser.
  return bytes[at] === UPPER_E || bytes[at] === LOWER_E ? -1 : at;
}

function digitsEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  for (; ; at += 1) {
    const byte = bytes[at] as number;
    if (!(byte >= ZERO && byte <= NINE)) return at;
  }
}

/** Offset behind `true`, `false` or `null`; -1: it is none of them. */
function wordEnd(bytes: Uint8Array, at: number, first: number): number {
  if (first === LOWER_N) return is(bytes, at, at + 4, WORD_NULL) ? at + 4 : -1;
  if (first === LOWER_T) return is(bytes, at, at + 4, WORD_TRUE) ? at + 4 : -1;
  return first === LOWER_F && is(bytes, at, at + 5, WORD_FALSE) ? at + 5 : -1;
}

const WORD_NULL = word('null');
const WORD_TRUE = word('true');
const WORD_FALSE = word('false');

/**
 * The number in a span that {@link numberEnd} accepted. A whole number below 2^53 divided by a power of ten below 10^23 is
 * rounded once, so it is the number the text names; NaN for what is longer.
 */
function decimal(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  let scale = 1;
  let isFraction = false;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] as number;
    if (byte === DOT) isFraction = true;
    else if (byte === MINUS) return NaN;
    else {
      value = value * 10 + (byte - ZERO);
      if (isFraction) scale *= 10;
    }
  }
  return value <= Number.MAX_SAFE_INTEGER && scale <= 1e22 ? value / scale : NaN;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const ONE = 0x31;
const NINE = 0x39;
const COLON = 0x3a;
const UPPER_E = 0x45;
const LOWER_E = 0x65;
const LOWER_F = 0x66;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;
const CLOSE = 0x7d;
