import { existsSync, fstatSync, statSync } from 'node:fs';
import type { Problem } from '../problem.ts';
import { layoutOf } from './journal-files.ts';
import type { JournalName } from './journal-files.ts';
import { linesFromEnd, readBlock } from './lines.ts';
import { unreadable, withFile } from './open-file.ts';
import { rowOf } from './read-rows.ts';

/** Rows that are looked at. */
const LAST_ROWS = 20;
/** A lock is held for milliseconds. */
const OLD_LOCK_MS = 30_000;

/** What a short look at the end of a journal finds: whether it can be read, is whole there, and is not locked for good. */
export function tailProblems(name: JournalName, path: string): readonly Problem[] {
  const found = withFile<readonly Problem[]>(path, (fd) => {
    const { size } = fstatSync(fd);
    const problems: Problem[] = [];
    if (size > 0 && readBlock(fd, size - 1, size)[0] !== 0x0a)
      problems.push({
        code: 'torn-tail',
        file: path,
        message: `the last row of ${path} has no end: its writer was stopped, or is writing it now`,
        remedy: 'The next append closes it; nothing before it is lost',
      });
    let left = LAST_ROWS;
    for (const line of linesFromEnd(fd, size)) {
      if ((left -= 1) < 0) break;
      const read = rowOf(line, layoutOf(name));
      const isTorn = problems.length > 0 && left === LAST_ROWS - 1;
      if (read.ok || isTorn) continue;
      const message = `${path}, at byte ${line.offset}: ${read.problem.message}`;
      problems.push({ code: read.problem.code, file: path, message, remedy: 'tracker verify names every such row' });
    }
    return { ok: true, value: problems };
  });
  const ofFile = found === null ? [] : found.ok ? found.value : [found.problem];
  return [...ofFile, ...oldLock(`${path}.lock`)];
}

function oldLock(file: string): readonly Problem[] {
  try {
    const age = existsSync(file) ? Date.now() - statSync(file).mtimeMs : 0;
    if (age < OLD_LOCK_MS) return [];
    const message = `${file} has been there for ${Math.round(age / 1000)} s: its writer was killed`;
    return [{ code: 'journal-locked', file, message, remedy: 'The next append removes it; nothing needs to be done' }];
  } catch (error) {
    const problem = unreadable(file, error);
    return problem === null ? [] : [problem];
  }
}
