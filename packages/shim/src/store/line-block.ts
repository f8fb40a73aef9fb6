/** Lines that go to disk together, as they will stand there. */
export interface LineBlock {
  /** Number of the first line; the others follow. */
  readonly firstSeq: number;
  readonly count: number;
  /** UTF-8, every line with its newline. */
  readonly bytes: Buffer;
}

export function linesOf(block: LineBlock): string[] {
  return block.bytes.toString('utf8', 0, block.bytes.length - 1).split('\n');
}

/** UTF-8 needs at most this many bytes for one UTF-16 unit. */
const MOST_BYTES_PER_UNIT = 3;

/**
 * Gathers lines in one buffer that is used over and over: a line kept as a string until the next flush is copied by the
 * garbage collector twice and costs more than everything else that is written about a request.
 */
export class LineGatherer {
  #buffer = Buffer.allocUnsafeSlow(64 * 1024);
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
  add(pieces: readonly string[]): void {
    for (const piece of pieces) {
      this.#reserve(piece.length * MOST_BYTES_PER_UNIT + 1);
      this.#at += this.#buffer.write(piece, this.#at);
    }
    this.#reserve(1);
    this.#buffer[this.#at] = 0x0a;
    this.#at += 1;
    this.#count += 1;
    this.#seq += 1;
  }

  /** What was gathered, copied out; null when nothing was. */
  take(): LineBlock | null {
    if (this.#count === 0) return null;
    const bytes = Buffer.from(this.#buffer.subarray(0, this.#at));
    const block = { firstSeq: this.#seq - this.#count + 1, count: this.#count, bytes };
    this.#at = 0;
    this.#count = 0;
    return block;
  }

  #reserve(bytes: number): void {
    const size = this.#at + bytes;
    if (size <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(size, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}
