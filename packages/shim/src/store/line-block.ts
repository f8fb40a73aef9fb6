import type { LinePiece, SharedFields } from '../exchange.ts';

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

/** A call for so few would cost more than they do. */
const MOST_BY_BYTE = 48;
const ZERO = 0x30;
/** Larger ones are rare, and the engine is faster with them. */
const MOST_BY_DIGIT = 2 ** 31 - 1;
const MOST_DIGITS = 10;

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
  /** Number of the block that is being gathered. */
  #block = 0;

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

  /**
   * One line: `head`, what it shares with other lines if anything, `tail`. Pieces are written one behind the other: joining
   * them first would make garbage of each line.
   */
  add(head: readonly LinePiece[], shared: SharedFields | null = null, tail: readonly LinePiece[] = []): void {
    this.#pieces(head);
    if (shared !== null) this.#shared(shared);
    this.#pieces(tail);
    this.#reserve(1);
    this.#buffer[this.#at] = 0x0a;
    this.#at += 1;
    this.#count += 1;
    this.#seq += 1;
  }

  #shared(shared: SharedFields): void {
    const { written } = shared;
    if (written === null || written.block !== this.#block) {
      const from = this.#at;
      this.#pieces(shared.pieces);
      shared.written = { block: this.#block, from, to: this.#at };
      return;
    }
    const { from, to } = written;
    this.#reserve(to - from);
    this.#buffer.copyWithin(this.#at, from, to);
    this.#at += to - from;
  }

  #pieces(pieces: readonly LinePiece[]): void {
    for (let index = 0; index < pieces.length; index += 1) {
      const piece = pieces[index] ?? '';
      if (typeof piece === 'string') this.#text(piece);
      else if (typeof piece === 'number') this.#number(piece);
      else this.#bytes(piece);
    }
  }

  #bytes(bytes: Uint8Array): void {
    const size = bytes.length;
    this.#reserve(size);
    const to = this.#buffer;
    const from = this.#at;
    this.#at = from + size;
    if (size > MOST_BY_BYTE) to.set(bytes, from);
    else for (let at = 0; at < size; at += 1) to[from + at] = bytes[at] ?? 0;
  }

  #text(text: string): void {
    this.#reserve(text.length * MOST_BYTES_PER_UNIT);
    this.#at += this.#buffer.write(text, this.#at);
  }

  /** As JSON has it. Counts, which nearly all are, go digit by digit: no text is made of them. */
  #number(value: number): void {
    if (!(value >= 0 && value <= MOST_BY_DIGIT) || value !== Math.floor(value)) {
      this.#text(Number.isFinite(value) ? `${value}` : 'null');
      return;
    }
    this.#reserve(MOST_DIGITS);
    const to = this.#buffer;
    let end = this.#at + 1;
    for (let bound = 10; value >= bound; bound *= 10) end += 1;
    let rest = value;
    for (let at = end - 1; at >= this.#at; at -= 1) {
      // Below 2^31: the engine keeps to whole numbers.
      const tenth = (rest / 10) | 0;
      to[at] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.#at = end;
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
    this.#block += 1;
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
