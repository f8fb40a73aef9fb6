import { LogRows } from './log-rows.ts';
import type { RowSink } from './log-rows.ts';

/** Who takes the lines of a log, in their order. Offsets are those in the bytes that were handed in. */
export interface LineSink extends RowSink {
  emptyLine(): void;
}

const LINE_FEED = 0x0a;
/** Of so many lines one may be odd. If there are more, what was learned is of other logs. */
const ODD_OF = 8;

/** Reads whole lines of logs, one log after the other; what it learns of one serves for the next. */
export class PlainLines {
  /** Null: nothing was to be read, or what was learned is not of use. */
  #rows: LogRows | null = null;
  #lines = 0;
  #odd = 0;

  /** Where lines are best put. The same until the next log is begun. */
  get block(): Buffer<ArrayBuffer> {
    return this.#reader.scanner.block;
  }

  begin(): void {
    if (this.#odd > this.#lines / ODD_OF) this.#rows = null;
    this.#lines = 0;
    this.#odd = 0;
  }

  /** Reads whole lines, `[from, to)` of some bytes: those in `block` where they are, others there. */
  read(bytes: Buffer, from: number, to: number, sink: LineSink): void {
    const { block } = this;
    if (bytes.buffer === block.buffer) {
      const shift = block.byteOffset - bytes.byteOffset;
      this.#read({ from: from - shift, to: to - shift, shift }, sink);
      return;
    }
    for (let at = from; at < to;) {
      // As many as fit; one that does not fit alone is no record of a program we know.
      const fits = bytes.subarray(at, Math.min(to, at + block.length)).lastIndexOf(LINE_FEED);
      const next = fits >= 0 ? at + fits + 1 : bytes.indexOf(LINE_FEED, at) + 1;
      if (fits >= 0) this.#read({ from: 0, to: bytes.copy(block, 0, at, next), shift: at }, sink);
      else {
        this.#lines += 1;
        this.#odd += 1;
        sink.oddLine(at, next - 1);
      }
      at = next;
    }
  }

  /** Lines in the block. */
  #read({ from, to, shift }: Span, sink: LineSink): void {
    const rows = this.#reader;
    const { scanner } = rows;
    for (let at = from; at < to;) {
      const count = scanner.scan(at, to);
      rows.take(count, shift, sink);
      at = scanner.stop;
      this.#lines += count;
      if (count > 0) continue;
      const lineEnd = scanner.block.indexOf(LINE_FEED, at);
      this.#lines += 1;
      if (lineEnd === at) sink.emptyLine();
      else {
        this.#odd += 1;
        if (sink.oddLine(at + shift, lineEnd + shift)) rows.learn(at, lineEnd + 1);
      }
      at = lineEnd + 1;
    }
  }

  get #reader(): LogRows {
    return (this.#rows ??= new LogRows());
  }
}

interface Span {
  readonly from: number;
  readonly to: number;
  /** Added to offsets in the block. */
  readonly shift: number;
}
