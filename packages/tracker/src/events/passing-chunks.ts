import { readSync } from 'node:fs';
import { MAX_LINE_BYTES } from './lines.ts';
import type { Chunk, Span } from './lines.ts';

const LINE_FEED = 0x0a;
/** Small enough to stay in the cache of a processor while it is looked at. */
const BLOCK_BYTES = 64 * 1024;
const EMPTY: Buffer = Buffer.alloc(0);

/**
 * The same as `chunksOf`, in one block that is used again: `data` holds until the next chunk is asked for. For one look at
 * gigabytes, where a new block for each part would cost more than what is done with it. Lines that are longer than `own`,
 * and those in one piece with them, come in another block.
 */
export function* passingChunks(fd: number, { from, to }: Span, own = newBlock()): Generator<Chunk> {
  let block = own;
  /** Bytes of a line that is not whole yet, at the start of the block. */
  let rest = 0;
  let restAt = from;
  let isDropping = false;
  for (let at = from; at < to;) {
    const read = readSync(fd, block, rest, Math.min(block.length - rest, to - at), at);
    if (read === 0) break;
    at += read;
    const filled = rest + read;
    const end = block.subarray(0, filled).lastIndexOf(LINE_FEED) + 1;
    if (isDropping) {
      const lineEnd = block.subarray(0, filled).indexOf(LINE_FEED) + 1;
      rest = 0;
      if (lineEnd === 0) continue;
      isDropping = false;
      const next = at - filled + lineEnd;
      yield { data: EMPTY, offset: restAt, tooLong: next - restAt, ended: true };
      restAt = next;
      // Read again what follows the line.
      at = next;
      continue;
    }
    if (end > 0) yield { data: block.subarray(0, end), offset: restAt, tooLong: 0, ended: true };
    rest = filled - end;
    restAt += end;
    // What was grown for one line is given back with it.
    const next = end > 0 && rest < own.length ? own : block;
    block.copy(next, 0, end, filled);
    block = next;
    if (rest > MAX_LINE_BYTES) {
      isDropping = true;
      rest = 0;
    } else if (rest === block.length) block = grown(block);
  }
  if (isDropping) yield { data: EMPTY, offset: restAt, tooLong: to - restAt, ended: false };
  else if (rest > 0) yield { data: block.subarray(0, rest), offset: restAt, tooLong: 0, ended: false };
}

function newBlock(): Buffer<ArrayBuffer> {
  return Buffer.allocUnsafeSlow(BLOCK_BYTES);
}

function grown(block: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafeSlow(2 * block.length);
  block.copy(larger);
  return larger;
}
