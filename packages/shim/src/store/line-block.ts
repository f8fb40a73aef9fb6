import { LineBuffer } from './line-buffer.ts';

/** Lines that go to disk together, as they will stand there. */
export interface LineBlock {
  /** Number of the first line; the others follow. */
  readonly firstSeq: number;
  readonly count: number;
  /** UTF-8, every line with its newline. */
  readonly bytes: Buffer;
}

/** A block in memory that is used again. */
export interface GatheredBlock extends LineBlock {
  /** What `bytes` is the beginning of. */
  readonly memory: Buffer;
}

export function linesOf(block: LineBlock): string[] {
  return block.bytes.toString('utf8', 0, block.bytes.length - 1).split('\n');
}

/**
 * Buffers that are used again. New ones for each block would live just long enough to be freed by the full collections
 * of V8 only, which they would call for several times a second.
 */
class BufferPool {
  readonly #free: Buffer[] = [];

  /** One of at least so many bytes, with whatever is in it. */
  take(bytes: number): Buffer {
    const fits = this.#free.findIndex(({ length }) => length >= bytes);
    const [found] = fits < 0 ? [] : this.#free.splice(fits, 1);
    return found ?? Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(Math.max(bytes, LEAST_BYTES))));
  }

  /** Nobody looks at it any more. */
  give(buffer: Buffer): void {
    if (this.#free.length < MOST_FREE) this.#free.push(buffer);
  }
}

const LEAST_BYTES = 64 * 1024;
const MOST_FREE = 4;

/**
 * Gathers lines in memory that is used over and over: a line kept as a string until the next flush is copied by the
 * garbage collector twice and costs more than everything else that is written about a request.
 */
export class LineGatherer {
  readonly #pool = new BufferPool();
  readonly #lines = new LineBuffer(this.#pool.take(0));
  /** Behind the last whole line. */
  #end = 0;
  #count = 0;
  #seq = 0;

  /** The number the next line will get. */
  get nextSeq(): number {
    return this.#seq + 1;
  }

  get bytes(): number {
    return this.#end;
  }

  get count(): number {
    return this.#count;
  }

  /** Where the next line is written. What was left of one that never came to its end is forgotten. */
  begin(): LineBuffer {
    this.#lines.cut(this.#end);
    return this.#lines;
  }

  /** The line is complete. */
  end(): void {
    this.#lines.byte(NEWLINE);
    this.#end = this.#lines.length;
    this.#count += 1;
    this.#seq += 1;
  }

  /** What was gathered; null when nothing was. Its memory should be given back once nobody needs it. */
  take(): GatheredBlock | null {
    if (this.#count === 0) return null;
    const size = this.#end;
    const memory = this.#lines.exchange(this.#pool.take(size));
    const firstSeq = this.#seq - this.#count + 1;
    const block = { firstSeq, count: this.#count, bytes: memory.subarray(0, size), memory };
    this.#end = 0;
    this.#count = 0;
    return block;
  }

  giveBack({ memory }: GatheredBlock): void {
    this.#pool.give(memory);
  }
}

const NEWLINE = 0x0a;
