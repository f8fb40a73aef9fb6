import { statSync } from 'node:fs';
import type { Problem } from '../../problem.ts';
import type { ArchiveTurns } from './archive-turn.ts';
import { findArchive } from './find-archive.ts';
import { PlainLines } from './plain-lines.ts';
import { readDatabase } from './read-database.ts';
import { readLog } from './read-log.ts';
import type { FileReport } from './read-log.ts';
import { readMetrics } from './read-metrics.ts';

/** Some turns, and how far the reading is. */
export interface ArchivePart {
  /** They hold until the next part is asked for. */
  readonly turns: ArchiveTurns;
  readonly file: string;
  readonly readBytes: number;
  readonly ofBytes: number;
}

/** What an archive came to. */
export interface ArchiveReport {
  readonly files: readonly FileReport[];
  /** Of the folders; those of a file are in its report. */
  readonly problems: readonly Problem[];
}

/**
 * Reads what the roots of routers hold: logs, then databases, then summaries. The same turn may come more than once, from
 * a log and a database: its key tells.
 */
export async function* readArchive(roots: readonly string[]): AsyncGenerator<ArchivePart, ArchiveReport> {
  const found = roots.map(findArchive);
  const logs = [...new Set(found.flatMap((one) => one.logs))];
  const databases = [...new Set(found.flatMap((one) => one.databases))];
  const sizes = new Map([...logs, ...databases].map((file) => [file, sizeOf(file)]));
  const ofBytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const files: FileReport[] = [];
  let before = 0;
  const plain = new PlainLines();
  for (const [file, size] of sizes) {
    const reading = logs.includes(file) ? readLog(file, { plain }) : readDatabase(file, size);
    let next = await reading.next();
    for (; next.done !== true; next = await reading.next()) {
      const { turns, readBytes } = next.value;
      yield { turns, file, readBytes: before + readBytes, ofBytes };
    }
    files.push(next.value);
    before += size;
  }
  const metrics = [...new Set(found.flatMap((one) => one.metrics))].map(readMetrics);
  return {
    files: [...files, ...metrics],
    problems: found.flatMap(({ problems }) => problems),
  };
}

/** 0 for what can't be looked at: reading it will say why. */
function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}
