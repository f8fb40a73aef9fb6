import { linesOf, type LineBlock } from './line-block.ts';
import type { LogFile, LogPlace } from './log-file.ts';

export interface StoredEvent {
  readonly seq: number;
  /** The JSON text of the line. */
  readonly line: string;
}

/** What lies in a file. */
interface HeldBlock {
  readonly firstSeq: number;
  count: number;
  readonly file: LogFile;
  readonly from: number;
  bytes: number;
}

/** Files whose lines are known of, so that few are held open where they are tiny. */
const MOST_FILES = 4;
/** Neighbours are held as one up to this size. */
const MERGED_BYTES = 64 * 1024;

/**
 * The newest usage events, for readers of `/v1/events` who come back after a gap. They are on disk before anybody hears of
 * them, and stay in the system's memory for a while: only where they lie is kept, and they are read when somebody asks. A copy
 * of every line made the relay beside it slower than writing the line did.
 */
export class EventRing {
  readonly #blocks: HeldBlock[] = [];
  readonly #readers = new Set<(events: readonly StoredEvent[]) => void>();
  readonly #size: number;
  #held = 0;

  constructor(size = 5_000) {
    this.#size = size;
  }

  /** `place`: where the bytes of the block lie. */
  push(block: LineBlock, place: LogPlace): void {
    this.#held += block.count;
    this.#hold(block, place);
    const isTooMuch = (oldest: HeldBlock): boolean => this.#held - oldest.count >= this.#size;
    for (let [oldest] = this.#blocks; oldest && isTooMuch(oldest); [oldest] = this.#blocks) this.#forget();
    if (this.#readers.size === 0) return;
    const events = eventsOf(block);
    for (const reader of this.#readers) reader(events);
  }

  /** Events after `seq`; `complete` is false when some were already forgotten, or are no more where they lay. */
  after(seq: number): { readonly events: readonly StoredEvent[]; readonly complete: boolean } {
    const first = this.#blocks[0]?.firstSeq ?? seq + 1;
    const wanted = this.#blocks.filter((block) => block.firstSeq + block.count - 1 > seq);
    const found = wanted.map(read);
    // Behind the last one that is lost there is no hole.
    const lost = found.lastIndexOf(null);
    const events = found.slice(lost + 1).flatMap((some) => some ?? []);
    return { events: events.filter((event) => event.seq > seq), complete: lost < 0 && first <= seq + 1 };
  }

  follow(reader: (events: readonly StoredEvent[]) => void): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  /** Lets all files go. */
  close(): void {
    while (this.#blocks.length > 0) this.#forget();
  }

  #hold({ firstSeq, count, bytes: { length: bytes } }: LineBlock, { file, from }: LogPlace): void {
    const last = this.#blocks.at(-1);
    const isNext = last?.file === file && last.from + last.bytes === from && last.firstSeq + last.count === firstSeq;
    if (last !== undefined && isNext && last.bytes + bytes <= MERGED_BYTES && last.count + count <= this.#size / 10) {
      last.bytes += bytes;
      last.count += count;
      return;
    }
    this.#blocks.push({ firstSeq, count, file: file.keep(), from, bytes });
    if (last?.file !== file) while (new Set(this.#blocks.map((one) => one.file)).size > MOST_FILES) this.#forget();
  }

  #forget(): void {
    const oldest = this.#blocks.shift();
    this.#held -= oldest?.count ?? 0;
    oldest?.file.letGo();
  }
}

/** Null: somebody has changed the file. */
function read({ firstSeq, count, file, from, bytes }: HeldBlock): StoredEvent[] | null {
  const found = file.read(from, bytes);
  if (found === null) return null;
  const events = eventsOf({ firstSeq, count, bytes: found });
  const isIt = events.length === count && events[0]?.line.startsWith(`{"seq":${firstSeq},`) === true;
  return isIt ? events : null;
}

function eventsOf(block: LineBlock): StoredEvent[] {
  return linesOf(block).map((line, index) => ({ seq: block.firstSeq + index, line }));
}
