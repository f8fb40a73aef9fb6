import { statSync } from 'node:fs';
import type { Book, RowIn } from '../events/book.ts';
import type { Cursor } from '../events/cursor.ts';
import type { JournalName } from '../events/journal-files.ts';
import type { Problem } from '../problem.ts';

/** Who is given the rows of a journal. */
export interface RowTaker<Row> {
  readonly take: (row: Row) => void;
  /** What was given counts no more: the file is another one, or a row was taken back. All rows come again. */
  readonly forget: () => void;
}

/** What a journal held at the last look. */
export interface JournalState {
  /** What could not be used, the first ones. */
  readonly problems: readonly Problem[];
  /** Another number: rows were added, or all was read anew. */
  readonly revision: number;
}

/** Reads journals again and again, each time only what was added since, once for all who want the rows. */
export interface JournalFeed {
  /** To be said before the journal is read for the first time. */
  to<Name extends JournalName>(name: Name, taker: RowTaker<RowIn<Name>>): void;
  read(name: JournalName): JournalState;
}

export const KEEP_PROBLEMS = 20;

export function journalFeed(book: Book): JournalFeed {
  const followed = new Map<JournalName, Followed>();
  const of = (name: JournalName): Followed => {
    const known = followed.get(name) ?? followedJournal(book, name);
    followed.set(name, known);
    return known;
  };
  return {
    // The rows of a name are those its taker wants; the map can't say so.
    to: (name, taker) => of(name).to(taker as unknown as RowTaker<unknown>),
    read: (name) => of(name).read(),
  };
}

interface Followed {
  to(taker: RowTaker<unknown>): void;
  read(): JournalState;
}

function followedJournal(book: Book, name: JournalName): Followed {
  const takers: RowTaker<unknown>[] = [];
  let cursor: Cursor | null = null;
  let problems: Problem[] = [];
  let revision = 0;
  let seen: string | null = null;
  return {
    to: (taker) => {
      if (seen !== null) throw new Error(`${name} has been read already; its first rows would be missing`);
      takers.push(taker);
    },
    read: () => {
      const stamp = stampOf(book.pathOf(name));
      // Most looks find nothing new; then the file is not even opened.
      if (stamp === seen) return { problems, revision };
      const found = book.follow(name, cursor);
      if (!found.ok) return { problems: [...problems, found.problem], revision };
      if (found.value.restarted !== null && found.value.restarted !== 'first') {
        for (const { forget } of takers) forget();
        problems = [];
        revision += 1;
      }
      for (const row of found.value.rows) {
        if (row.ok) {
          revision += 1;
          for (const { take } of takers) take(row.value.row);
        } else if (problems.length < KEEP_PROBLEMS) problems.push(row.problem);
      }
      ({ cursor } = found.value);
      // A line that was not whole yet is looked at again.
      seen = found.value.pendingBytes === 0 ? stamp : 'unfinished';
      return { problems, revision };
    },
  };
}

/** Tells one state of a file from another; rows are only ever added, or the file is replaced. */
function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found === undefined ? 'absent' : `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs}`;
}
