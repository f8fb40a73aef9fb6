import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';

const BLOCK_BYTES = 4 * 1024 * 1024;

/** A piece of a log, in order. */
export interface LogBlock {
  readonly bytes: Buffer;
  /** Bytes of the file read so far, as they are on disk. */
  readonly readBytes: number;
}

/** The bytes of a log in large pieces, unpacked where they are gzip. Throws what the system or gzip says. */
export async function* logBlocks(file: string): AsyncGenerator<LogBlock> {
  const fd = openSync(file, 'r');
  try {
    if (!isGzip(fd)) {
      for (let readBytes = 0; ;) {
        const block = Buffer.allocUnsafe(BLOCK_BYTES);
        const size = readSync(fd, block, 0, BLOCK_BYTES, readBytes);
        if (size === 0) return;
        readBytes += size;
        yield { bytes: block.subarray(0, size), readBytes };
      }
    }
  } finally {
    closeSync(fd);
  }
  yield* unpacked(file);
}

/** By its first bytes: a name says less. */
function isGzip(fd: number): boolean {
  const head = Buffer.alloc(2);
  return readSync(fd, head, 0, 2, 0) === 2 && head[0] === 0x1f && head[1] === 0x8b;
}

/** What was unpacked before an error comes before the error: of a file that was cut short the beginning is whole. */
async function* unpacked(file: string): AsyncGenerator<LogBlock> {
  const source = createReadStream(file, { highWaterMark: 256 * 1024 });
  const gunzip = createGunzip({ chunkSize: 1024 * 1024 });
  const ready: Buffer[] = [];
  let error: Error | null = null;
  let over = false;
  let wake = (): void => undefined;
  const fail = (reason: Error): void => {
    error ??= reason;
    over = true;
    wake();
  };
  source.on('error', fail).pipe(gunzip);
  gunzip
    .on('data', (bytes: Buffer) => {
      ready.push(bytes);
      // At the source: what gunzip itself holds back would be dropped with its error.
      if (ready.length >= MOST_READY) source.pause();
      wake();
    })
    .on('error', fail)
    .on('end', () => ((over = true), wake()));
  try {
    for (;;) {
      const bytes = ready.shift();
      if (bytes !== undefined) yield { bytes, readBytes: source.bytesRead };
      else if (over) break;
      else {
        const woken = new Promise<void>((resolve) => (wake = resolve));
        if (source.isPaused()) source.resume();
        await woken;
      }
    }
    if (error !== null) throw error as Error;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

const MOST_READY = 8;
