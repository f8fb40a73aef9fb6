import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { LogAnswer, LogPiece } from './log-worker.ts';

/** Threads that read pieces of logs beside this one. */
export interface LogThreads {
  /** Answers in the order of the pieces. Rejects when a thread broke down. */
  read(pieces: readonly LogPiece[]): AsyncGenerator<LogAnswer>;
  close(): Promise<void>;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: PromiseWithResolvers[];
}

interface PromiseWithResolvers {
  readonly resolve: (answer: LogAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** More of them would wait for whoever uses the answers. */
const MOST_THREADS = 4;
/** Pieces of each thread that are being read, or are read and not yet used: what is in memory at once. */
const AHEAD = 3;

export function openLogThreads(): LogThreads {
  const count = Math.min(MOST_THREADS, availableParallelism());
  const threads = Array.from({ length: count }, startThread);
  const ask = ({ worker, waiting }: Thread, piece: LogPiece): Promise<LogAnswer> => {
    const asked = new Promise<LogAnswer>((resolve, reject) => waiting.push({ resolve, reject }));
    // Whether it is waited for or not: who asks looks at it when its turn comes.
    asked.catch(() => undefined);
    worker.postMessage(piece);
    return asked;
  };
  return {
    async *read(pieces) {
      const asked: Promise<LogAnswer>[] = [];
      for (let next = 0, answered = 0; answered < pieces.length; answered += 1) {
        for (; next < pieces.length && next < answered + AHEAD * count; next += 1) {
          const [thread, piece] = [threads[next % count], pieces[next]];
          if (thread !== undefined && piece !== undefined) asked.push(ask(thread, piece));
        }
        const answer = await asked.shift();
        if (answer !== undefined) yield answer;
      }
    },
    async close() {
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };
}

function startThread(): Thread {
  const worker = startWorker();
  const waiting: PromiseWithResolvers[] = [];
  const fail = (error: Error): void => {
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  worker
    .on('message', (answer: LogAnswer) => waiting.shift()?.resolve(answer))
    .on('error', fail)
    .on('exit', (code) => fail(new Error(`a thread that read logs ended with ${code}`)));
  return { worker, waiting };
}

function startWorker(): Worker {
  const here = import.meta.url;
  if (!here.endsWith('.ts')) return new Worker(new URL('./log-worker.js', here));
  // From source a worker needs a loader of its own: it does not inherit the one of its parent.
  const entry = JSON.stringify(new URL('./log-worker.ts', here).href);
  const program = `import('tsx/esm/api').then(({ register }) => { register(); return import(${entry}); })`;
  return new Worker(program, { eval: true, execArgv: ['--conditions=source'] });
}
