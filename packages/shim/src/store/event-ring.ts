import { linesOf, type LineBlock } from './line-block.ts';

export interface StoredEvent {
  readonly seq: number;
  /** The JSON text of the line. */
  readonly line: string;
}

/**
 * The newest usage events, for readers of `/v1/events` who come back after a gap. Kept as the blocks that went to disk
 * and cut into lines only when somebody reads.
 */
export class EventRing {
  readonly #blocks: LineBlock[] = [];
  readonly #readers = new Set<(events: readonly StoredEvent[]) => void>();
  readonly #size: number;
  #held = 0;

  constructor(size = 5_000) {
    this.#size = size;
  }

  push(block: LineBlock): void {
    this.#blocks.push(block);
    this.#held += block.count;
    for (let [oldest] = this.#blocks; oldest && this.#held - oldest.count >= this.#size; [oldest] = this.#blocks) {
      this.#held -= oldest.count;
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

function eventsOf(block: LineBlock): StoredEvent[] {
  return linesOf(block).map((line, index) => ({ seq: block.firstSeq + index, line }));
}
