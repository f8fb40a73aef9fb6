import { homedir } from 'node:os';
import type { Command } from 'commander';
import { openBook } from '../events/book.ts';
import type { Book } from '../events/book.ts';
import { dataDir } from '../events/data-dir.ts';
import type { JournalName, KindIn } from '../events/journal-files.ts';
import type { KeptRow } from '../events/read-rows.ts';
import type { RowOf } from '../events/row-families.ts';
import type { Outcome, Problem } from '../problem.ts';

export interface BookOptions {
  readonly dataDir?: string;
}

export const DATA_DIR_HELP = 'where journals are kept (TRACKER_DATA_DIR, default $XDG_DATA_HOME/ccp/tracker)';

/** Adds the option that says where the journals are. */
export function withBookOptions(command: Command): Command {
  return command.option('--data-dir <dir>', DATA_DIR_HELP);
}

export function bookOf(options: BookOptions): Book {
  return openBook(dataDir(options.dataDir, process.env, homedir()));
}

/** Rows of some kinds, and what of the journal could not be used. Absent rows are none. */
export interface Collected<Row> {
  readonly rows: readonly Row[];
  readonly problems: readonly Problem[];
}

/** Every row of some kinds of a journal that satisfies `accept`. */
export function collect<Name extends JournalName, Kind extends KindIn<Name>>(
  book: Book,
  name: Name,
  kinds: readonly Kind[],
  accept: (row: RowOf<Kind>) => boolean = () => true,
): Collected<RowOf<Kind>> {
  const kept = collectKept(book, name, kinds, accept);
  return { rows: kept.rows.map(({ row }) => row), problems: kept.problems };
}

/** The same, each with the place where it stands. */
export function collectKept<Name extends JournalName, Kind extends KindIn<Name>>(
  book: Book,
  name: Name,
  kinds: readonly Kind[],
  accept: (row: RowOf<Kind>) => boolean = () => true,
): Collected<KeptRow<RowOf<Kind>>> {
  const rows: KeptRow<RowOf<Kind>>[] = [];
  const problems: Problem[] = [];
  for (const found of book.rows(name, kinds)) {
    if (!found.ok) problems.push(found.problem);
    else if (accept(found.value.row)) rows.push(found.value);
  }
  return { rows, problems };
}

/** The rows one after the other, for what need not hold all of them; problems are added to the list. */
export function* usable<Row>(found: Iterable<Outcome<KeptRow<Row>>>, problems: Problem[]): Generator<Row> {
  for (const one of found) {
    if (one.ok) yield one.value.row;
    else problems.push(one.problem);
  }
}

export type { Book };
