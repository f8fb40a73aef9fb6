import { close, openSync, readSync } from 'node:fs';

/** An open log, which may be moved or deleted meanwhile; closed when the last one who needs it lets it go. */
export class LogFile {
  readonly fd: number;
  #users = 1;

  /** Opens it to be appended to. Throws with what the file system said. */
  constructor(path: string) {
    this.fd = openSync(path, 'a+', 0o600);
  }

  /** One more needs it. */
  keep(): this {
    this.#users += 1;
    return this;
  }

  letGo(): void {
    this.#users -= 1;
    // Off the loop: with its last descriptor a file that was deleted goes off the disk, which can take milliseconds.
    if (this.#users === 0) close(this.fd, () => undefined);
  }

  /** So many bytes from there on; null where they are no more. */
  read(from: number, bytes: number): Buffer | null {
    const buffer = Buffer.allocUnsafe(bytes);
    try {
      for (let at = 0; at < bytes;) {
        const read = readSync(this.fd, buffer, at, bytes - at, from + at);
        if (read === 0) return null;
        at += read;
      }
    } catch {
      return null;
    }
    return buffer;
  }
}

/** Where a block begins. */
export interface LogPlace {
  readonly file: LogFile;
  readonly from: number;
}
