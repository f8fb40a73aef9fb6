import { fstatSync, readSync } from 'node:fs';

const LINE_FEED = 0x0a;
/** Small enough to stay in the cache of a processor, and that the threads end a file together. */
const PIECE_BYTES = 1024 * 1024;
const LOOK_BYTES = 64 * 1024;

/**
 * Cuts an open file behind line ends, into pieces of about 1 MiB. What is behind the last one is left out: at least the
 * last line, which may not be whole, and all that follows a line of more than 64 KiB at a cut.
 *
 * @returns offsets: each piece goes from one to the next
 */
export function cutsOf(fd: number): readonly number[] {
  const { size } = fstatSync(fd);
  const cuts = [0];
  const look = Buffer.allocUnsafe(LOOK_BYTES);
  for (let at = PIECE_BYTES; at < size; at += PIECE_BYTES) {
    const count = readSync(fd, look, 0, LOOK_BYTES, at);
    const lineEnd = look.subarray(0, count).indexOf(LINE_FEED);
    if (lineEnd === -1) break;
    cuts.push(at + lineEnd + 1);
  }
  return cuts;
}
