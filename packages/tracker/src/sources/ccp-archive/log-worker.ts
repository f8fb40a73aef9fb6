// A thread that reads pieces of logs.
import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { LinePacker } from './packed-lines.ts';
import type { PackedLines } from './packed-lines.ts';
import { plainLines } from './plain-lines.ts';

/** Whole lines of an open file: a descriptor is the same in all threads of a process. */
export interface LogPiece {
  readonly fd: number;
  readonly from: number;
  readonly to: number;
}

/** Null: the file has become shorter. */
export type LogAnswer = PackedLines | null;

const lines = plainLines();
let block = Buffer.alloc(0);

parentPort?.on('message', (piece: LogPiece) => {
  const answer = read(piece);
  parentPort?.postMessage(answer, answer === null ? [] : [answer.numbers.buffer]);
});

function read({ fd, from, to }: LogPiece): LogAnswer {
  const size = to - from;
  if (block.length < size) block = Buffer.alloc(size);
  for (let filled = 0; filled < size;) {
    const count = readSync(fd, block, filled, size - filled, from + filled);
    if (count === 0) return null;
    filled += count;
  }
  const packer = new LinePacker();
  lines.read(block.subarray(0, size), packer);
  return packer.packed();
}
