import {
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  readSync,
  readdirSync,
  renameSync,
  rm,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { LineGatherer, type GatheredBlock, type LineBlock } from './line-block.ts';
import type { LineBuffer } from './line-buffer.ts';
import { LogFile, type LogPlace } from './log-file.ts';

export interface LogOptions {
  readonly folder: string;
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly maxAgeMs: number;
  readonly now: () => number;
}

export interface LogStatus {
  readonly path: string;
  readonly ok: boolean;
  readonly error: string | null;
  readonly writes: number;
  readonly writeErrors: number;
  /** Lines waiting because the disk refuses them. */
  readonly pendingLines: number;
}

/** Lines wait at most this long before they are on disk. */
export const FLUSH_MS = 100;
/** …or until this much has gathered: memory that the processor's caches hold until it is written. */
const FLUSH_BYTES = 64 * 1024;
/** While the disk refuses, keep this much and then drop the oldest, loudly. */
const PENDING_BYTES = 64 * 1024 * 1024;
const RETRY_MS = 1_000;

/**
 * `usage.jsonl`: appended in batches off the hot path, rotated by size and age into `archive/`. A disk that refuses
 * (full, read-only) stops nothing: lines wait in memory and go out when it recovers.
 */
export class UsageLog {
  readonly path: string;
  readonly #options: LogOptions;
  #file: LogFile | null = null;
  #bornMs = 0;
  readonly #gathered = new LineGatherer();
  /** Blocks that are due, oldest first. */
  #due: GatheredBlock[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #error: string | null = null;
  #writes = 0;
  #writeErrors = 0;
  #dropped = 0;
  readonly #onDurable: (block: LineBlock, place: LogPlace) => void;

  /**
   * `onDurable` hears of lines when they are on disk, in order, and where they lie; their memory is used again. Never
   * throws: `status` says what is wrong.
   */
  constructor(options: LogOptions, onDurable: (block: LineBlock, place: LogPlace) => void) {
    this.#options = options;
    this.#onDurable = onDurable;
    this.path = join(options.folder, 'usage.jsonl');
    try {
      this.#open();
    } catch (error) {
      this.#failed(error as Error);
    }
  }

  /** The number the next line will have: they count from 1 and have no gaps but for lines that were lost. */
  get nextSeq(): number {
    return this.#gathered.nextSeq;
  }

  /** Where the next line is written, a JSON text without a newline; see {@link LineGatherer}. */
  begin(): LineBuffer {
    return this.#gathered.begin();
  }

  /** The line is complete. */
  end(): void {
    this.#gathered.end();
    if (this.#gathered.bytes >= FLUSH_BYTES) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  status(): LogStatus {
    return {
      path: this.path,
      ok: this.#error === null,
      error:
        this.#error === null ? null : this.#dropped > 0 ? `${this.#error}; ${this.#dropped} lines lost` : this.#error,
      writes: this.#writes,
      writeErrors: this.#writeErrors,
      pendingLines: this.#due.reduce((sum, block) => sum + block.count, this.#gathered.count),
    };
  }

  /** Writes what is left. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#gather();
      while (this.#due.length > 0) this.#writeNext(this.#end());
    } catch (error) {
      this.#failed(error as Error);
    }
    clearTimeout(this.#timer);
    this.#letGo();
  }

  /** One block: what has gathered while the disk refused goes out in several turns of the event loop. */
  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#gather();
    // With trouble behind it an empty log is looked at as well: it says when the trouble is over.
    if (this.#due.length === 0 && this.#error === null) return;
    try {
      this.#writeNext(this.#place());
    } catch (error) {
      this.#failed(error as Error);
      return;
    }
    this.#error = null;
    if (this.#due.length > 0) this.#timer = setTimeout(() => this.#flush(), 0);
  }

  #gather(): void {
    const block = this.#gathered.take();
    if (block === null) return;
    this.#due.push(block);
    let waiting = this.#due.reduce((sum, one) => sum + one.bytes.length, 0);
    while (waiting > PENDING_BYTES) {
      const oldest = this.#due.shift();
      if (oldest === undefined) break;
      waiting -= oldest.bytes.length;
      this.#dropped += oldest.count;
    }
  }

  /**
   * The oldest block that is due, if any. At once and not by another thread: it goes into the system's memory, which takes
   * less than waking one, and leaves the processor's caches to the relay. The database does the same.
   */
  #writeNext({ file, from }: LogPlace): void {
    const [block] = this.#due;
    if (block === undefined) return;
    try {
      writeAllSync(file.fd, block.bytes);
    } catch (error) {
      // It may have left half a line: the file is opened anew, which mends its tail.
      takeBack(file.fd, from);
      this.#letGo();
      throw error;
    }
    this.#due.shift();
    this.#writes += block.count;
    this.#dropped = 0;
    this.#onDurable(block, { file, from });
    this.#gathered.giveBack(block);
  }

  #failed(error: Error): void {
    this.#writeErrors += 1;
    this.#error = `${(error as NodeJS.ErrnoException).code ?? error.name}: can't write ${this.path}`;
    this.#timer ??= setTimeout(() => this.#flush(), RETRY_MS);
    this.#timer.unref();
  }

  #open(): LogPlace {
    mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 });
    const file = new LogFile(this.path);
    const { fd } = file;
    const { size } = fstatSync(fd);
    const last = Buffer.alloc(1);
    const isHalf = size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
    if (isHalf) writeSync(fd, '\n');
    this.#file = file;
    this.#bornMs = size === 0 ? this.#options.now() : (firstLineMs(fd) ?? this.#options.now());
    return { file, from: isHalf ? size + 1 : size };
  }

  /**
   * Where the next block goes: to the end of the file, or of a new one where it has become too large or too old. Age is
   * that of the oldest line: the time of last change never ages on a file that is appended to.
   */
  #place(): LogPlace {
    const place = this.#end();
    const { maxBytes, maxAgeMs, now } = this.#options;
    if (place.from === 0 || (place.from < maxBytes && now() - this.#bornMs < maxAgeMs)) return place;
    try {
      this.#archive();
    } catch {
      // The file grows past its size rather than hold back what is to be written.
    }
    return this.#file === null ? this.#open() : place;
  }

  /** The end of the file that has the name. */
  #end(): LogPlace {
    const file = this.#file;
    if (file === null) return this.#open();
    const { nlink, size } = fstatSync(file.fd);
    if (nlink > 0) return { file, from: size };
    // Somebody deleted the file: what is written to it now would be gone with it.
    this.#letGo();
    return this.#open();
  }

  #letGo(): void {
    this.#file?.letGo();
    this.#file = null;
  }

  #archive(): void {
    const { maxFiles, folder, now } = this.#options;
    const archive = join(folder, 'archive');
    mkdirSync(archive, { recursive: true, mode: 0o700 });
    let at = now();
    const target = (): string => join(archive, `usage-${stampOf(at)}.jsonl`);
    while (existsSync(target())) at += 1;
    renameSync(this.path, target());
    this.#letGo();
    const old = readdirSync(archive)
      .filter((name) => /^usage-\d{8}T\d+Z\.jsonl$/.test(name))
      .toSorted();
    // Off the loop: taking a file off the disk can take milliseconds, and nobody waits for it.
    for (const name of old.slice(0, Math.max(0, old.length - maxFiles)))
      rm(join(archive, name), { force: true }, () => undefined);
  }
}

function stampOf(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]/g, '').replace('.', '');
}

/** Lines that went out in part would be there twice once the rest is written again. */
function takeBack(fd: number, size: number): void {
  try {
    ftruncateSync(fd, size);
  } catch {
    // Half a line is mended when the file is opened again.
  }
}

function firstLineMs(fd: number): number | null {
  const head = Buffer.alloc(256);
  const length = readSync(fd, head, 0, head.length, 0);
  const seconds = Number(/"ts":\s*(\d+(?:\.\d+)?)/.exec(head.toString('utf8', 0, length))?.[1]);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
}

function writeAllSync(fd: number, bytes: Buffer): void {
  for (let from = 0; from < bytes.length;) from += writeSync(fd, bytes, from);
}
