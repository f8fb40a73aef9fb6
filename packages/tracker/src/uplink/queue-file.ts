import { closeSync, fstatSync, openSync } from 'node:fs';
import type { Cursor } from '../events/cursor.ts';
import { linesForward } from '../events/lines.ts';
import { systemErrorCode } from '../problem.ts';
import { isQueueRow, parseQueueLine } from './queue-row.ts';
import type { QueueLine } from './queue-row.ts';

/** What stands at the end of the queue. */
export interface Tail {
  readonly stream: string | null;
  readonly lastSeq: number;
  /** How far the journal has been looked through; null: not at all. */
  readonly cursor: Cursor | null;
  /** Ids of events after that cursor: they are in already, though their batch was cut off. */
  readonly idsSinceCursor: ReadonlySet<string>;
  /** Id of the newest summary; null: none. */
  readonly summaryId: string | null;
}

interface Building {
  stream: string | null;
  lastSeq: number;
  cursor: Cursor | null;
  idsSinceCursor: Set<string>;
  summaryId: string | null;
}

/** Reads what was added since it last looked, so that adding one row does not read all others. */
export class TailReader {
  readonly #file: string;
  #ino = '';
  #offset = 0;
  #tail = nothing();

  constructor(file: string) {
    this.#file = file;
  }

  read(): Tail {
    const fd = opened(this.#file);
    if (fd === null) {
      this.#reset('');
      return this.#tail;
    }
    try {
      const { dev, ino, size } = fstatSync(fd, { bigint: true });
      const name = `${dev} ${ino}`;
      const to = Number(size);
      if (name !== this.#ino || to < this.#offset) this.#reset(name);
      for (const { bytes, next } of linesForward(fd, { from: this.#offset, to })) {
        const line = parseQueueLine(bytes);
        // The next writer closes a last line that lacks its end, so what it says counts. Until then it may be cut off.
        if (next === null) return line === null ? this.#tail : withLine(copyOf(this.#tail), line);
        if (line !== null) withLine(this.#tail, line);
        this.#offset = next;
      }
      return this.#tail;
    } finally {
      closeSync(fd);
    }
  }

  #reset(ino: string): void {
    this.#ino = ino;
    this.#offset = 0;
    this.#tail = nothing();
  }
}

function nothing(): Building {
  return { stream: null, lastSeq: 0, cursor: null, idsSinceCursor: new Set(), summaryId: null };
}

function copyOf(tail: Building): Building {
  return { ...tail, idsSinceCursor: new Set(tail.idsSinceCursor) };
}

function withLine(tail: Building, line: QueueLine): Building {
  if (isQueueRow(line)) {
    tail.stream = line.stream;
    tail.lastSeq = line.seq;
    if (line.route === 'metrics') tail.summaryId = line.id;
    else tail.idsSinceCursor.add(line.id);
  }
  if (line.mark !== undefined) {
    tail.cursor = line.mark;
    tail.idsSinceCursor.clear();
  }
  return tail;
}

/** Every line of a queue file; null for one that is none. Rows up to a number are passed over without being read. */
export function* linesOf(file: string, afterSeq = 0): Generator<QueueLine | null> {
  const fd = opened(file);
  if (fd === null) return;
  try {
    for (const { bytes } of linesForward(fd, { from: 0, to: fstatSync(fd).size })) {
      if (afterSeq === 0 || seqOf(bytes) > afterSeq) yield parseQueueLine(bytes);
    }
  } finally {
    closeSync(fd);
  }
}

const SEQ = Buffer.from('{"seq":');

/** The number a line begins with; infinite where it does not. */
function seqOf(bytes: Buffer): number {
  if (!bytes.subarray(0, SEQ.length).equals(SEQ)) return Infinity;
  const seq = Number.parseInt(bytes.toString('latin1', SEQ.length, SEQ.length + 16), 10);
  return Number.isNaN(seq) ? Infinity : seq;
}

function opened(file: string): number | null {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Bytes of a file; 0: it is not there. */
export function sizeOf(file: string): number {
  const fd = opened(file);
  if (fd === null) return 0;
  try {
    return fstatSync(fd).size;
  } finally {
    closeSync(fd);
  }
}

/** What stands at the end of a queue file now. */
export function tailOf(file: string): Tail {
  return new TailReader(file).read();
}
