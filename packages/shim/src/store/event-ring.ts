import { linesOf, type LineBlock } from './line-block.ts';

export interface StoredEvent {
  readonly seq: number;
  /** The JSON text of the line. */
  readonly line: string;
}

/**
 * The newest usage events, for readers of `/v1/events` who come back after a gap. Kept as copies of the blocks that went
 * to disk, and cut into lines only when somebody reads.
 */
export class EventRing {
  readonly #blocks: HeldBlock[] = [];
  readonly #readers = new Set<(events: readonly StoredEvent[]) => void>();
  readonly #size: number;
  readonly #memory = new BlockMemory();
  #held = 0;

  constructor(size = 5_000) {
    this.#size = size;
  }

  push(block: LineBlock): void {
    this.#blocks.push(this.#memory.hold(block));
    this.#held += block.count;
    for (let [oldest] = this.#blocks; oldest && this.#held - oldest.count >= this.#size; [oldest] = this.#blocks) {
      this.#held -= oldest.count;
      this.#memory.letGo(oldest);
      this.#blocks.shift();
    }
    if (this.#readers.size === 0) return;
    const events = eventsOf(block);
    for (const reader of this.#readers) reader(events);
  }

  /** Events after `seq`; `complete` is false when some were already forgotten. */
  after(seq: number): { readonly events: readonly StoredEvent[]; readonly complete: boolean } {
    const first = this.#blocks[0]?.firstSeq ?? seq + 1;
    const wanted = this.#blocks.filter((block) => block.firstSeq + block.count - 1 > seq);
    return { events: wanted.flatMap(eventsOf).filter((event) => event.seq > seq), complete: first <= seq + 1 };
  }

  follow(reader: (events: readonly StoredEvent[]) => void): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }
}

interface Chunk {
  readonly bytes: Buffer;
  used: number;
  blocks: number;
}

interface HeldBlock extends LineBlock {
  readonly chunk: Chunk;
}

/** Several of the largest blocks that usually come. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Blocks one behind the other in chunks that are used again: a buffer for each would live just long enough to be freed
 * by the full collections of V8 only, and call for several of them a second.
 */
class BlockMemory {
  #last: Chunk | null = null;
  #free: Chunk | null = null;

  hold({ firstSeq, count, bytes }: LineBlock): HeldBlock {
    const chunk = this.#chunkFor(bytes.length);
    const from = chunk.used;
    chunk.used += bytes.length;
    chunk.blocks += 1;
    bytes.copy(chunk.bytes, from);
    return { firstSeq, count, bytes: chunk.bytes.subarray(from, chunk.used), chunk };
  }

  letGo({ chunk }: HeldBlock): void {
    chunk.blocks -= 1;
    if (chunk.blocks > 0) return;
    chunk.used = 0;
    if (chunk !== this.#last && chunk.bytes.length === CHUNK_BYTES) this.#free = chunk;
  }

  #chunkFor(bytes: number): Chunk {
    if (this.#last !== null && this.#last.used + bytes <= this.#last.bytes.length) return this.#last;
    const chunk =
      this.#free !== null && bytes <= CHUNK_BYTES
        ? this.#free
        : { bytes: Buffer.allocUnsafeSlow(Math.max(bytes, CHUNK_BYTES)), used: 0, blocks: 0 };
    if (chunk === this.#free) this.#free = null;
    this.#last = chunk;
    return chunk;
  }
}

function eventsOf(block: LineBlock): StoredEvent[] {
  return linesOf(block).map((line, index) => ({ seq: block.firstSeq + index, line }));
}
