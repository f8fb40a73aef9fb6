import { createReadStream, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';

const LINE_FEED = 0x0a;

/** A piece of a log, in order. */
export interface LogBlock {
  /** What was kept of the block before, then new bytes. Written over when the next one is asked for. */
  readonly bytes: Buffer;
  /** Bytes of the file read so far, as they are on disk. */
  readonly readBytes: number;
  /** No more will come, because the file ends here or because of the error that is then thrown. */
  readonly isLast: boolean;
}

/** Takes how many bytes at the end of a block are to begin the next one. */
export type LogBlocks = AsyncGenerator<LogBlock, void, number> | Generator<LogBlock, void, number>;

/**
 * The bytes of an open log in large pieces, unpacked where they are gzip. Throws what the system or gzip says.
 *
 * @param own where they are put, if they are not gzip and as long as they fit; its length is a power of 2
 */
export function logBlocks({ fd, file }: { readonly fd: number; readonly file: string }, own: Buffer): LogBlocks {
  return isGzip(fd) ? joined(file) : plainBlocks(fd, own);
}

function* plainBlocks(fd: number, own: Buffer): Generator<LogBlock, void, number> {
  let buffer = own;
  let held = 0;
  for (let readBytes = 0; ;) {
    if (held === buffer.length) buffer = Buffer.concat([buffer], 2 * held);
    let size = 0;
    let error: unknown;
    try {
      size = readSync(fd, buffer, held, buffer.length - held, readBytes);
    } catch (reason) {
      error = reason;
    }
    readBytes += size;
    const end = held + size;
    held = yield { bytes: buffer.subarray(0, end), readBytes, isLast: size === 0 };
    if (error !== undefined) throw error;
    if (size === 0) return;
    // What was grown for one line is given back behind its end.
    const next = held < own.length && buffer[end - held - 1] === LINE_FEED ? own : buffer;
    buffer.copy(next, 0, end - held, end);
    buffer = next;
  }
}

async function* joined(file: string): LogBlocks {
  let rest: Buffer = Buffer.alloc(0);
  let readBytes = 0;
  let error: unknown;
  try {
    for await (const block of unpacked(file)) {
      readBytes = block.readBytes;
      const bytes = rest.length === 0 ? block.bytes : Buffer.concat([rest, block.bytes]);
      const kept = yield { bytes, readBytes, isLast: false };
      rest = bytes.subarray(bytes.length - kept);
    }
  } catch (reason) {
    error = reason;
  }
  yield { bytes: rest, readBytes, isLast: true };
  if (error !== undefined) throw error;
}

/** By its first bytes: a name says less. */
function isGzip(fd: number): boolean {
  const head = Buffer.alloc(2);
  return readSync(fd, head, 0, 2, 0) === 2 && head[0] === 0x1f && head[1] === 0x8b;
}

/** What was unpacked before an error comes before the error: of a file that was cut short the beginning is whole. */
async function* unpacked(file: string): AsyncGenerator<Pick<LogBlock, 'bytes' | 'readBytes'>> {
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
