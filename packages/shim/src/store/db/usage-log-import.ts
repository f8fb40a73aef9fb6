import { setTimeout as sleep } from 'node:timers/promises';
import type { WriteMode } from './batch-writer.ts';
import { fragmentsOf } from './json-fragments.ts';
import { linesOfFile } from './log-lines.ts';
import { loggedSample } from './logged-sample.ts';
import type { Sample } from './sample.ts';
import type { SampleSink } from './sample-sink.ts';
import { sqliteFailure } from './sqlite-failure.ts';

export interface ImportProblem {
  readonly file: string;
  /** From 1; 0: the file as a whole. */
  readonly line: number;
  readonly message: string;
}

export interface ImportReport {
  readonly lines: number;
  readonly inserted: number;
  readonly already: number;
  /** Values that are no finished exchange, or that may be counted already in sums whose samples are gone. */
  readonly skipped: number;
  readonly problems: readonly ImportProblem[];
  /** Problems beyond those listed. */
  readonly moreProblems: number;
}

export interface ImportProgress {
  readonly file: string;
  readonly bytes: number;
  readonly lines: number;
}

export interface ImportOptions {
  readonly onProgress?: (progress: ImportProgress) => void;
  /**
   * `samples_only`: for a database put together again from a damaged one, whose sums may know more than its samples.
   * They are brought into line at the end.
   */
  readonly mode?: WriteMode;
}

/** One short transaction each. */
const CHUNK_SAMPLES = 500;
const MOST_PROBLEMS = 1_000;
const RETRY_MS = 100;
const MOST_RETRIES = 300;

/**
 * Puts the samples of usage logs into a database, through the code that writes live ones. What is there already (same
 * `ts` and `rid`) is not counted again, so it can be repeated. What can't be used is named and the rest goes on.
 */
export async function importUsageLogs(
  sink: SampleSink,
  files: readonly string[],
  options: ImportOptions = {},
): Promise<ImportReport> {
  const tally = new Tally();
  let chunk: Sample[] = [];
  const put = async (): Promise<void> => {
    const samples = chunk;
    chunk = [];
    const { inserted, already, tooOld } = await patiently(() => sink.insert(samples, options.mode));
    tally.inserted += inserted;
    tally.already += already;
    tally.skipped += tooOld;
  };
  for (const file of files) {
    try {
      for await (const { number, text, whole, endByte } of linesOfFile(file)) {
        tally.lines += 1;
        for (const sample of samplesIn(tally, text, { file, line: number, whole })) chunk.push(sample);
        if (chunk.length < CHUNK_SAMPLES) continue;
        await put();
        options.onProgress?.({ file, bytes: endByte, lines: tally.lines });
      }
    } catch (error) {
      // Of the file only: what the database refuses is nothing to go on after.
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
      tally.problem({ file, line: 0, message: `can't be read: ${(error as Error).message}` });
    }
  }
  if (chunk.length > 0) await put();
  if (options.mode === 'samples_only') await settled(sink);
  return tally.report();
}

interface Place {
  readonly file: string;
  readonly line: number;
  readonly whole: boolean;
}

function samplesIn(tally: Tally, text: string, { file, line, whole }: Place): Sample[] {
  const samples: Sample[] = [];
  const { values, badAt } = text.trim() === '' ? NOTHING : fragmentsOf(text);
  for (const column of badAt) {
    const message = whole ? `no JSON at column ${column}` : `the last line was torn at column ${column}`;
    tally.problem({ file, line, message });
  }
  for (const value of values) {
    const logged = loggedSample(value);
    if (logged.kind === 'sample') samples.push(logged.sample);
    else if (logged.kind === 'skipped') tally.skipped += 1;
    else tally.problem({ file, line, message: logged.words });
  }
  return samples;
}

const NOTHING = { values: [], badAt: [] };

/** Lets others write between two steps; begins again when somebody holds the lock for long. */
async function settled(sink: SampleSink): Promise<void> {
  await patiently(async () => {
    for (const _step of sink.settle()) await sleep(0);
  });
}

async function patiently<T>(work: () => T | Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (sqliteFailure(error).kind !== 'busy' || tries >= MOST_RETRIES) throw error;
    }
    await sleep(RETRY_MS);
  }
}

class Tally {
  lines = 0;
  inserted = 0;
  already = 0;
  skipped = 0;
  readonly #problems: ImportProblem[] = [];
  #moreProblems = 0;

  problem(problem: ImportProblem): void {
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push(problem);
    else this.#moreProblems += 1;
  }

  report(): ImportReport {
    const { lines, inserted, already, skipped } = this;
    return { lines, inserted, already, skipped, problems: this.#problems, moreProblems: this.#moreProblems };
  }
}
