import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

const LINE_FEED = 0x0a;
const BLOCK_BYTES = 256 * 1024;

/** Non-blank lines of a file in order, numbered from 1. Split as bytes, so a torn character spoils its own line only. */
export async function* linesForward(file: string): AsyncGenerator<{ readonly bytes: Buffer; readonly line: number }> {
  let line = 1;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: BLOCK_BYTES }) as AsyncIterable<Buffer>) {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let at = data.indexOf(LINE_FEED); at !== -1; at = data.indexOf(LINE_FEED, from)) {
      const bytes = data.subarray(from, at);
      if (!isBlank(bytes)) yield { bytes, line };
      line += 1;
      from = at + 1;
    }
    rest = data.subarray(from);
  }
  if (!isBlank(rest)) yield { bytes: rest, line };
}

/** Non-blank lines of a file, the last one first, each with the offset it starts at. Reads no more than is asked for. */
export async function* linesFromEnd(file: string): AsyncGenerator<{ readonly bytes: Buffer; readonly offset: number }> {
  const handle = await open(file, 'r');
  try {
    let { size: blockEnd } = await handle.stat();
    let tail: Buffer = Buffer.alloc(0);
    while (blockEnd > 0) {
      const blockStart = Math.max(0, blockEnd - BLOCK_BYTES);
      const data = Buffer.concat([await readBlock(handle, blockStart, blockEnd), tail]);
      let lineEnd = data.length;
      while (lineEnd > 0) {
        const at = data.lastIndexOf(LINE_FEED, lineEnd - 1);
        if (at === -1) break;
        const bytes = data.subarray(at + 1, lineEnd);
        if (!isBlank(bytes)) yield { bytes, offset: blockStart + at + 1 };
        lineEnd = at;
      }
      tail = data.subarray(0, lineEnd);
      blockEnd = blockStart;
    }
    if (!isBlank(tail)) yield { bytes: tail, offset: 0 };
  } finally {
    await handle.close();
  }
}

/** Number of the line that starts at `offset`, counted from 1. Reads everything before it. */
export async function lineAt(file: string, offset: number): Promise<number> {
  if (offset === 0) return 1;
  let line = 1;
  for await (const chunk of createReadStream(file, { end: offset - 1 }) as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1)) line += 1;
  }
  return line;
}

async function readBlock(handle: FileHandle, start: number, end: number): Promise<Buffer> {
  const block = Buffer.alloc(end - start);
  let filled = 0;
  while (filled < block.length) {
    const { bytesRead } = await handle.read(block, filled, block.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return block.subarray(0, filled);
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte <= 0x20);
}
