import { createReadStream } from 'node:fs';

export interface LogLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** False: the file ends in the middle of it. */
  readonly whole: boolean;
  /** Bytes of the file up to its end. */
  readonly endByte: number;
}

/** No log line is this long; a file without line ends must not fill the memory. */
const MOST_BYTES = 16 * 1024 * 1024;

/** The lines of a file of any size, read piece by piece. A line that is too long comes as its beginning. */
export async function* linesOfFile(path: string): AsyncGenerator<LogLine> {
  let parts: Buffer[] = [];
  let held = 0;
  let number = 1;
  let endByte = 0;
  const take = (): string => {
    const text = Buffer.concat(parts).toString('utf8');
    parts = [];
    held = 0;
    return text;
  };
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
    const bytes = chunk as Buffer;
    let from = 0;
    for (let to = bytes.indexOf(0x0a); to >= 0; to = bytes.indexOf(0x0a, from)) {
      parts.push(bytes.subarray(from, to));
      endByte += to + 1 - from;
      from = to + 1;
      yield { number, text: take(), whole: true, endByte };
      number += 1;
    }
    endByte += bytes.length - from;
    if (held >= MOST_BYTES) continue;
    parts.push(bytes.subarray(from));
    held += bytes.length - from;
  }
  if (held > 0) yield { number, text: take(), whole: false, endByte };
}
