import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Transform } from 'node:stream';
import { inflateNow } from '../content-encoding.ts';
import { membersOfLast, topLevelSpans, valueAt } from '../json-spans.ts';
import { SseTap } from './sse-tap.ts';
import { count, mergeUsage, noUsage, type UsageSoFar } from './usage-fields.ts';
import { UsageForms } from './usage-forms.ts';

/** What a body told us. */
export interface MeterReading {
  readonly usage: UsageSoFar;
  readonly firstDeltaMs: number | null;
  /** The provider finished what it had to say. */
  readonly finished: boolean;
  /** Of an error in a stream; a document's error is in its status. */
  readonly errorType: string | null;
}

/** Looks at a body as it passes. Never changes or delays it. */
export interface BodyMeter {
  feed(bytes: Buffer, nowMs: number): void;
  /**
   * Called once after the last byte; may answer later when bytes are still being inflated on the side.
   *
   * @param isWhole false: the body may have been cut off
   */
  finish(done: (reading: MeterReading) => void, isWhole?: boolean): void;
}

export function meterFor(contentType: string, contentEncoding: string): BodyMeter {
  if (!contentType.startsWith('text/event-stream')) return new JsonMeter(contentEncoding);
  return contentEncoding === '' || contentEncoding === 'identity'
    ? new StreamMeter()
    : new InflatingMeter(contentEncoding);
}

class StreamMeter implements BodyMeter {
  readonly #tap = new SseTap();

  feed(bytes: Buffer, nowMs: number): void {
    this.#tap.feed(bytes, nowMs);
  }

  finish(done: (reading: MeterReading) => void): void {
    const { usage, firstDeltaMs, sawStop, errorType } = this.#tap;
    done({ usage, firstDeltaMs, finished: sawStop, errorType });
  }
}

/** A stream the provider compressed although it was asked not to. */
class InflatingMeter implements BodyMeter {
  readonly #inner = new StreamMeter();
  readonly #inflate: Transform | null;
  #nowMs = 0;

  constructor(encoding: string) {
    this.#inflate = inflaterFor(encoding);
    this.#inflate?.on('data', (plain: Buffer) => this.#inner.feed(plain, this.#nowMs));
    // Undecodable bytes are relayed all the same; the usage stays unknown.
    this.#inflate?.on('error', () => undefined);
  }

  feed(bytes: Buffer, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#inflate?.write(bytes);
  }

  finish(done: (reading: MeterReading) => void): void {
    if (this.#inflate === null || this.#inflate.destroyed) return this.#inner.finish(done);
    // 'close' comes after the last data and also after an error.
    this.#inflate.once('close', () => this.#inner.finish(done));
    this.#inflate.end();
  }
}

/** An answer that is one JSON document: its usage is read when it is whole. */
class JsonMeter implements BodyMeter {
  #chunks: Buffer[] = [];
  #bytes = 0;
  readonly #encoding: string;

  constructor(encoding: string) {
    this.#encoding = encoding;
  }

  feed(bytes: Buffer): void {
    this.#bytes += bytes.length;
    // A larger document is no message; it is relayed and not read.
    if (this.#bytes > JSON_LIMIT) this.#chunks = [];
    else this.#chunks.push(bytes);
  }

  finish(done: (reading: MeterReading) => void, isWhole = false): void {
    const usage = noUsage();
    const whole = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    const plain = whole === undefined ? null : inflateNow(whole, this.#encoding, JSON_LIMIT * 2);
    if (plain !== null) readUsage(plain, usage, isWhole);
    done({ usage, firstDeltaMs: null, finished: true, errorType: null });
  }
}

const JSON_LIMIT = 32 * 1024 * 1024;

function readUsage(text: Buffer, usage: UsageSoFar, isWhole: boolean): void {
  try {
    const last = isWhole ? (forms.read(text) ?? lastCounts(text)) : null;
    if (last === null) mergeUsage(usage, usageOf(text));
    else setCounts(usage, last);
  } catch {
    // No JSON, or no object: it tells no usage.
  }
}

const forms = new UsageForms();
const USAGE_KEY = Buffer.from('"usage"');
const COUNTS = ['input_tokens', 'output_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'];

/** The values of {@link COUNTS} in a usage object near the end, without parsing the rest; null where one is no count. */
function lastCounts(text: Buffer): readonly number[] | null {
  const found = membersOfLast(text, USAGE_KEY, COUNTS);
  const spans = found?.spans.filter((span) => span !== null) ?? [];
  if (found === null || spans.length < COUNTS.length) return null;
  const counts = spans.map((span) => count(valueAt(text, span))).filter((value) => value !== null);
  // What stands in for a count that is none is elsewhere in the object.
  if (counts.length < COUNTS.length) return null;
  forms.learn(text, found.keyAt, spans);
  return counts;
}

/** In the order of {@link COUNTS}. */
function setCounts(usage: UsageSoFar, counts: readonly number[]): void {
  usage.input = counts[0] ?? null;
  usage.output = counts[1] ?? null;
  usage.cacheRead = counts[2] ?? null;
  usage.cacheWrite = counts[3] ?? null;
}

function usageOf(text: Buffer): unknown {
  const spans = topLevelSpans(text, WANTED);
  if (spans === null) return (JSON.parse(text.toString()) as Record<string, unknown>)['usage'];
  const [span] = spans;
  return span ? valueAt(text, span) : null;
}

const WANTED = ['usage'];

function inflaterFor(encoding: string): Transform | null {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
    case 'deflate':
      return createInflate({ finishFlush: constants.Z_SYNC_FLUSH });
    case 'br':
      return createBrotliDecompress();
    default:
      return null;
  }
}
