import { join } from 'node:path';
import type { Outcome, Problem } from '../problem.ts';
import { addBatch, toBatches } from './add-rows.ts';
import { follow } from './cursor.ts';
import type { Cursor, Followed } from './cursor.ts';
import { journalOf, layoutOf } from './journal-files.ts';
import type { JournalName, KindIn, WrittenKind } from './journal-files.ts';
import { eventKey, openKeyIndex } from './known-keys.ts';
import type { KeyIndex, KeyOf, KnownKeys } from './known-keys.ts';
import { newestRow, readRows } from './read-rows.ts';
import type { JournalFile, KeptRow, Newest } from './read-rows.ts';
import type { RowOf } from './row-families.ts';
import { takeBack } from './take-back.ts';

/** Rows of one journal. */
export type RowIn<Name extends JournalName> = { [Kind in KindIn<Name>]: RowOf<Kind> }[KindIn<Name>];

/** A row that can be added: of a kind that has a journal. */
export type NewRow = RowIn<JournalName>;

/** What became of rows that were to be added. */
export interface Added {
  readonly added: number;
  /** Rows left out because a row with their key is there already. */
  readonly known: number;
  /** What had to be repaired first. */
  readonly notes: readonly Problem[];
}

/** All journals of one data folder. Every row is checked by its contract on its way in and on its way out. */
export interface Book {
  readonly dir: string;
  /** Path of a journal. */
  pathOf(name: JournalName): string;
  /** Adds one row to the journal of its kind, durably. */
  append<Kind extends WrittenKind>(kind: Kind, row: Omit<RowOf<Kind>, 'kind'>): Promise<Outcome<Added>>;
  /**
   * Adds rows, each to the journal of its kind, in order: one write per row, one lock and one sync per batch. No row is
   * written when one of them is not valid. A disk that fills up half-way leaves the rows before; use `appendNew` to go on.
   */
  appendMany(rows: readonly NewRow[]): Promise<Outcome<Added>>;
  /**
   * The same, without rows whose key is in the file or twice in `rows`. Looking and adding happen under one lock, so two
   * processes that see the same rows add each once.
   */
  appendNew(rows: readonly NewRow[], keyOf?: KeyOf): Promise<Outcome<Added>>;
  /** Every row of a journal, oldest first, or only some kinds; problems with file and line. One pass. */
  rows<Name extends JournalName, Kind extends KindIn<Name> = KindIn<Name>>(
    name: Name,
    kinds?: readonly Kind[],
  ): Generator<Outcome<KeptRow<RowOf<Kind>>>>;
  /** The newest row of a kind that satisfies `accept`, read from the end. */
  newest<Kind extends WrittenKind>(kind: Kind, accept?: (row: RowOf<Kind>) => boolean): Outcome<Newest<RowOf<Kind>>>;
  /** What was added to a journal since the cursor. */
  follow<Name extends JournalName>(name: Name, cursor: Cursor | null): Outcome<Followed<RowIn<Name>>>;
  /** Keys of the rows of a journal, brought up to date. */
  knownKeys(name: JournalName, keyOf?: KeyOf): Outcome<KnownKeys>;
  /**
   * Takes a row back: readers pass it over from now on, and every row before now that is the same to the byte. False: it
   * was taken back before.
   */
  takeBack(target: KeptRow<NewRow>, reason?: string): Promise<Outcome<boolean>>;
}

/** Opens the journals of a folder, which need not be there yet. `now` gives the time of tombstones. */
export function openBook(dir: string, now: () => Date = () => new Date()): Book {
  const indexes = new Map<string, Map<KeyOf, KeyIndex>>();
  const pathOf = (name: JournalName): string => join(dir, name);
  const fileOf = (name: JournalName): JournalFile => ({ path: pathOf(name), layout: layoutOf(name) });
  const indexOf = (name: JournalName, keyOf: KeyOf): KeyIndex => {
    const ofFile = indexes.get(name) ?? new Map<KeyOf, KeyIndex>();
    const index = ofFile.get(keyOf) ?? openKeyIndex(fileOf(name), keyOf);
    indexes.set(name, ofFile.set(keyOf, index));
    return index;
  };
  const add = async (rows: readonly NewRow[], keyOf: KeyOf | null): Promise<Outcome<Added>> => {
    const batches = toBatches(rows, pathOf, keyOf);
    if (!batches.ok) return batches;
    let sum: Added = { added: 0, known: 0, notes: [] };
    for (const { name, lines } of batches.value) {
      const added = await addBatch(pathOf(name), lines, keyOf === null ? null : indexOf(name, keyOf));
      if (!added.ok) return added;
      sum = {
        added: sum.added + added.value.added,
        known: sum.known + added.value.known,
        notes: [...sum.notes, ...added.value.notes],
      };
    }
    return { ok: true, value: sum };
  };
  return {
    dir,
    pathOf,
    append: (kind, row) => add([{ ...row, kind } as unknown as NewRow], null),
    appendMany: (rows) => add(rows, null),
    appendNew: (rows, keyOf = eventKey) => add(rows, keyOf),
    rows: (name, kinds) => readRows(fileOf(name), kinds === undefined ? null : new Set(kinds)),
    newest: (kind, accept = () => true) => newestRow(fileOf(journalOf(kind)), new Set([kind]), accept),
    follow: (name, cursor) => follow(fileOf(name), cursor),
    knownKeys: (name, keyOf = eventKey) => indexOf(name, keyOf).refresh(),
    takeBack: (target, reason) =>
      takeBack(fileOf(journalOf(target.row.kind)), target, { createdAt: now().toISOString(), reason }),
  };
}
