import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { appendLines } from '../events/append.ts';
import type { Cursor } from '../events/cursor.ts';
import { withLock } from '../events/journal-lock.ts';
import { replaceFile } from '../events/replace-file.ts';
import { systemErrorCode } from '../problem.ts';
import type { Outcome, Problem } from '../problem.ts';
import { linesOf, sizeOf, TailReader } from './queue-file.ts';
import type { Tail } from './queue-file.ts';
import { isQueueRow } from './queue-row.ts';
import type { Outgoing, QueueRow } from './queue-row.ts';

export interface QueueOptions {
  readonly file: string;
  /** Bytes the file may have; beyond it nothing is added. */
  readonly maxBytes: number;
  readonly now: () => Date;
  /** Where numbering goes on when the file has none: the stream, and the last number that was sent. */
  readonly origin: () => { readonly stream: string; readonly ackedSeq: number };
}

export interface QueueStatus {
  readonly bytes: number;
  readonly maxBytes: number;
  readonly pending: number;
  /** ISO 8601; null: nothing waits. */
  readonly oldestAt: string | null;
  readonly lastSeq: number;
}

/** What is to be added, made from what is there already. */
export interface Addition {
  readonly rows: readonly Outgoing[];
  /** The journal has been looked through up to here. */
  readonly cursor?: Cursor;
}

/**
 * What waits to be sent: append-only JSON lines, 0600, one write per row, one writer at a time, on the disk before a call
 * returns. A row leaves the file only after it was acknowledged.
 */
export interface Queue {
  readonly file: string;
  /** Adds what `make` gives, durably. Refused whole when there is no room. @returns how many rows */
  add(make: (tail: Tail) => Outcome<Addition>): Promise<Outcome<number>>;
  /** Rows after a number, in order; also those that were sent and are still there. */
  rows(afterSeq: number): Generator<QueueRow>;
  status(ackedSeq: number): QueueStatus;
  /** Takes out rows up to `ackedSeq` that were queued before a time. */
  compact(ackedSeq: number, queuedBefore: Date): Promise<Outcome<null>>;
}

export function openQueue(options: QueueOptions): Queue {
  const { file, maxBytes, now, origin } = options;
  const reader = new TailReader(file);
  const add: Queue['add'] = async (make) => {
    let count = 0;
    const written = await appendLines(file, () => {
      const tail = reader.read();
      const made = make(tail);
      if (!made.ok) return made;
      const { rows, cursor } = made.value;
      const from = origin();
      const stream = tail.stream ?? from.stream;
      const firstSeq = Math.max(tail.lastSeq, stream === from.stream ? from.ackedSeq : 0) + 1;
      const lines = rows.map((row, index) => {
        const isLast = index === rows.length - 1 && cursor !== undefined;
        const line = { seq: firstSeq + index, stream, queued_at: now().toISOString(), ...row };
        return lineOf(isLast ? { ...line, mark: cursor } : line);
      });
      if (rows.length === 0 && cursor !== undefined) lines.push(lineOf({ mark: cursor }));
      const bytes = lines.reduce((sum, line) => sum + line.length, 0);
      if (rows.length > 0 && sizeOf(file) + bytes > maxBytes) return { ok: false, problem: full(file, maxBytes) };
      count = rows.length;
      return { ok: true, value: lines };
    });
    return written.ok ? { ok: true, value: count } : written;
  };
  function* rows(afterSeq: number): Generator<QueueRow> {
    for (const row of linesOf(file, afterSeq)) if (row !== null && isQueueRow(row) && row.seq > afterSeq) yield row;
  }
  return {
    file,
    add,
    rows,
    status: (ackedSeq) => {
      let pending = 0;
      let oldestAt: string | null = null;
      for (const row of rows(ackedSeq)) {
        pending += 1;
        oldestAt ??= row.queued_at;
      }
      return { bytes: sizeOf(file), maxBytes, pending, oldestAt, lastSeq: Math.max(reader.read().lastSeq, ackedSeq) };
    },
    compact: (ackedSeq, queuedBefore) =>
      compact(file, reader, (row) => row.seq > ackedSeq || Date.parse(row.queued_at) >= queuedBefore.getTime()),
  };
}

async function compact(file: string, reader: TailReader, keep: (row: QueueRow) => boolean): Promise<Outcome<null>> {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const locked = await withLock(`${file}.lock`, (): Outcome<null> => {
      const tail = reader.read();
      const kept: string[] = [];
      let gone = 0;
      for (const row of linesOf(file)) {
        if (row !== null && isQueueRow(row) && keep(row)) kept.push(JSON.stringify(row));
        else gone += 1;
      }
      // Its mark went with the row that carried it.
      const mark = tail.cursor === null ? [] : [JSON.stringify({ mark: tail.cursor })];
      if (gone <= mark.length) return { ok: true, value: null };
      return replaceFile(file, [...kept, ...mark].map((line) => `${line}\n`).join(''));
    });
    return locked.ok ? locked.value : locked;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return { ok: false, problem: { code: 'journal-unwritable', file, message: `${file} cannot be written (${code})` } };
  }
}

function lineOf(row: object): Buffer {
  return Buffer.from(`${JSON.stringify(row)}\n`);
}

function full(file: string, maxBytes: number): Problem {
  return {
    code: 'queue-full',
    file,
    message: `the queue has no room: it may have ${maxBytes} bytes, and what is in it has not been sent. Nothing was dropped: the journals have it`,
    remedy: 'Send it with tracker upload, or allow more with tracker privacy retention --queue-bytes N',
  };
}
