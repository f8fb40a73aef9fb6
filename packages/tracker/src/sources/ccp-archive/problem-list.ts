import { basename } from 'node:path';
import type { Problem } from '../../problem.ts';

/** Problems of one file: the first ones by name, the others by number. */
export interface ProblemList {
  readonly count: number;
  add(code: Problem['code'], message: string, at: { readonly line?: number; readonly remedy?: string }): void;
  push(problem: Problem): void;
  list(): readonly Problem[];
}

const MOST_NAMED = 1_000;

export function problemList(file: string): ProblemList {
  const named: Problem[] = [];
  let count = 0;
  const push = (problem: Problem): void => {
    count += 1;
    if (named.length < MOST_NAMED) named.push(problem);
  };
  return {
    get count() {
      return count;
    },
    push,
    add: (code, message, at) => push({ code, file, message, ...at }),
    list: () => {
      const more = count - named.length;
      if (more === 0) return named;
      return [...named, { code: 'line-not-usable', file, message: `${basename(file)}: ${more} more lines like these` }];
    },
  };
}
