import { mergeUsage, noUsage, type UsageSoFar } from './usage-fields.ts';

/**
 * Reads what matters from an Anthropic event stream as its bytes pass: usage, the first content delta, the stop and an
 * error. A byte scan over lines: only the few events that can change the books are turned into text and parsed, since
 * parsing every delta costs more than relaying it. Exact for any cut of the bytes and for LF, CR LF and CR endings.
 */
export class SseTap {
  readonly usage: UsageSoFar = noUsage();
  /** The `nowMs` of the bytes that completed the first content delta; null before. */
  firstDeltaMs: number | null = null;
  sawStop = false;
  /** `error.type` of an in-stream error; null without one. */
  errorType: string | null = null;

  #event: EventKind = UNNAMED;
  #hasData = false;
  #text: string[] = [];
  /** The line that is not over yet: `open` until its field is known, then kept or skipped. */
  #pieces: Buffer[] = [];
  #rest: 'open' | 'kept' | 'skipped' = 'open';
  #afterCr = false;
  #atStart = true;
  #nowMs = 0;

  feed(chunk: Buffer, nowMs: number): void {
    this.#nowMs = nowMs;
    let from = 0;
    if (this.#atStart && chunk.length > 0) {
      this.#atStart = false;
      if (chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) from = 3;
    }
    if (this.#afterCr && chunk.length > 0) {
      if (chunk[from] === LF) from += 1;
      this.#afterCr = false;
    }
    // Providers end lines with LF; the search for CR runs once per chunk and finds none.
    if (chunk.indexOf(CR, from) < 0) this.#feedLf(chunk, from);
    else this.#feedAny(chunk, from);
  }

  #feedLf(chunk: Buffer, start: number): void {
    let from = start;
    for (;;) {
      const end = chunk.indexOf(LF, from);
      if (end < 0) break;
      this.#endLine(chunk, from, end);
      from = end + 1;
    }
    this.#keepRest(chunk, from);
  }

  #feedAny(chunk: Buffer, start: number): void {
    let from = start;
    for (let at = start; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte !== LF && byte !== CR) continue;
      this.#endLine(chunk, from, at);
      if (byte === CR) {
        if (at + 1 === chunk.length) this.#afterCr = true;
        else if (chunk[at + 1] === LF) at += 1;
      }
      from = at + 1;
    }
    this.#keepRest(chunk, from);
  }

  /** A line that is not over yet is kept only while it could matter. */
  #keepRest(chunk: Buffer, from: number): void {
    if (from >= chunk.length || this.#rest === 'skipped') return;
    this.#pieces.push(chunk.subarray(from));
    if (this.#rest === 'kept') return;
    const line = this.#joined();
    this.#pieces = [line];
    if (line.length < FIELD_BYTES) return;
    this.#rest = this.#matters(line) ? 'kept' : 'skipped';
    if (this.#rest === 'skipped') this.#pieces = [];
  }

  #endLine(chunk: Buffer, from: number, end: number): void {
    const rest = this.#rest;
    this.#rest = 'open';
    if (rest === 'skipped') return;
    if (this.#pieces.length === 0) {
      this.#line(chunk, from, end);
    } else {
      this.#pieces.push(chunk.subarray(from, end));
      const line = this.#joined();
      this.#pieces = [];
      this.#line(line, 0, line.length);
    }
  }

  #joined(): Buffer {
    const [only] = this.#pieces;
    return this.#pieces.length === 1 && only !== undefined ? only : Buffer.concat(this.#pieces);
  }

  #line(bytes: Buffer, from: number, end: number): void {
    if (from === end) {
      this.#dispatch();
    } else if (isField(bytes, from, end, EVENT)) {
      this.#event = eventKind(bytes, valueStart(bytes, from + EVENT.length, end), end);
    } else if (isField(bytes, from, end, DATA)) {
      this.#hasData = true;
      if (isRead(this.#event)) this.#text.push(bytes.toString('utf8', valueStart(bytes, from + DATA.length, end), end));
    }
  }

  /** Could the rest of this line change anything? */
  #matters(line: Buffer): boolean {
    if (isField(line, 0, line.length, EVENT)) return true;
    if (!isField(line, 0, line.length, DATA)) return false;
    this.#hasData = true;
    return isRead(this.#event);
  }

  /** A blank line ends an event; one without data is no event (WHATWG HTML §9.2.6). */
  #dispatch(): void {
    const kind = this.#event;
    const text = this.#text;
    const hasData = this.#hasData;
    this.#event = UNNAMED;
    this.#hasData = false;
    if (text.length > 0) this.#text = [];
    if (!hasData) return;
    if (kind === CONTENT_DELTA) this.firstDeltaMs ??= this.#nowMs;
    else if (kind === STOP) this.sawStop = true;
    else if (isRead(kind)) this.#read(text.join('\n'));
  }

  #read(text: string): void {
    let data: Record<string, unknown>;
    try {
      data = JSON.parse(text) as Record<string, unknown>;
    } catch {
      return;
    }
    switch (data?.['type']) {
      case 'message_start':
        mergeUsage(this.usage, (data['message'] as Record<string, unknown> | undefined)?.['usage']);
        break;
      case 'message_delta':
        mergeUsage(this.usage, data['usage']);
        break;
      case 'content_block_delta':
        this.firstDeltaMs ??= this.#nowMs;
        break;
      case 'message_stop':
        this.sawStop = true;
        break;
      case 'error': {
        const type = (data['error'] as Record<string, unknown> | undefined)?.['type'];
        this.errorType = typeof type === 'string' ? type : 'api_error';
        break;
      }
      default:
    }
  }
}

type EventKind = typeof UNNAMED | typeof DULL | typeof CONTENT_DELTA | typeof STOP | typeof USAGE | typeof ERROR;
/** No `event:` line: the type is in the data. */
const UNNAMED = 0;
const DULL = 1;
const CONTENT_DELTA = 2;
const STOP = 3;
const USAGE = 4;
const ERROR = 5;

const LF = 0x0a;
const CR = 0x0d;
const EVENT = Buffer.from('event');
const DATA = Buffer.from('data');
/** Enough of a line to know its field. */
const FIELD_BYTES = 6;
const KINDS: readonly (readonly [Buffer, EventKind])[] = [
  [Buffer.from('content_block_delta'), CONTENT_DELTA],
  [Buffer.from('message_start'), USAGE],
  [Buffer.from('message_delta'), USAGE],
  [Buffer.from('message_stop'), STOP],
  [Buffer.from('error'), ERROR],
];

/** Events whose data is read; of the others only the arrival counts. */
function isRead(kind: EventKind): boolean {
  return kind === UNNAMED || kind === USAGE || kind === ERROR;
}

function eventKind(bytes: Buffer, from: number, end: number): EventKind {
  for (const [name, kind] of KINDS) {
    if (end - from === name.length && bytes.compare(name, 0, name.length, from, end) === 0) return kind;
  }
  return from === end ? UNNAMED : DULL;
}

/** Is the line `name` or `name:…`? */
function isField(bytes: Buffer, from: number, end: number, name: Buffer): boolean {
  const size = name.length;
  if (end - from < size) return false;
  for (let index = 0; index < size; index += 1) {
    if (bytes[from + index] !== name[index]) return false;
  }
  return end - from === size || bytes[from + size] === 0x3a;
}

/** After the colon and one optional space. */
function valueStart(bytes: Buffer, afterName: number, end: number): number {
  if (afterName >= end) return end;
  const start = afterName + 1;
  return start < end && bytes[start] === 0x20 ? start + 1 : start;
}
