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

/** A part of a line: text, or the UTF-8 of a text that stands in many lines. */
export type LinePiece = string | Uint8Array;

/** UTF-8 needs at most this many bytes for one UTF-16 unit. */
const MOST_BYTES_PER_UNIT = 3;

/**
 * Gathers lines in one buffer that is used over and over: a line kept as a string until the next flush is copied by the
 * garbage collector twice and costs more than everything else that is written about a request.
 */
export class LineGatherer {
  readonly #pool = new BufferPool();
  #buffer = this.#pool.take(0);
  #at = 0;
  #count = 0;
  #seq = 0;

  /** The number the next line will get. */
  get nextSeq(): number {
    return this.#seq + 1;
  }

  get bytes(): number {
    return this.#at;
  }

  get count(): number {
    return this.#count;
  }

  /** One line, in pieces that are written one behind the other: joining them first would make garbage of each line. */
  add(pieces: readonly LinePiece[]): void {
    for (const piece of pieces) {
      if (typeof piece === 'string') {
        this.#reserve(piece.length * MOST_BYTES_PER_UNIT + 1);
        this.#at += this.#buffer.write(piece, this.#at);
      } else {
        this.#reserve(piece.length);
        this.#buffer.set(piece, this.#at);
        this.#at += piece.length;
      }
    }
    this.#reserve(1);
    this.#buffer[this.#at] = 0x0a;
    this.#at += 1;
    this.#count += 1;
    this.#seq += 1;
  }

  /** What was gathered; null when nothing was. Its memory should be given back once nobody needs it. */
  take(): GatheredBlock | null {
    if (this.#count === 0) return null;
    const memory = this.#buffer;
    const block = {
      firstSeq: this.#seq - this.#count + 1,
      count: this.#count,
      bytes: memory.subarray(0, this.#at),
      memory,
    };
    this.#buffer = this.#pool.take(this.#at);
    this.#at = 0;
    this.#count = 0;
    return block;
  }

  giveBack({ memory }: GatheredBlock): void {
    this.#pool.give(memory);
  }

  #reserve(bytes: number): void {
    const size = this.#at + bytes;
    if (size <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(size, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}
