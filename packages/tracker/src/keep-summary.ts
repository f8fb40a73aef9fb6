import { getRandomValues } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MetricsSummary } from '@ccp/contracts';
import type { Book } from './events/book.ts';
import { journalNames, layoutOf } from './events/journal-files.ts';
import type { JournalName } from './events/journal-files.ts';
import { withLock } from './events/journal-lock.ts';
import { readyToRead } from './events/learner.ts';
import { rowAt } from './events/row-at.ts';
import type { RowOf } from './events/row-families.ts';
import type { RowSink } from './events/scan-rows.ts';
import { lookOfSummary, readRecords, readSummary, summaryLock, writeSummary } from './events/summary-store.ts';
import type { RecordsFile } from './events/summary-store.ts';
import { tailRows } from './events/tail-rows.ts';
import type { Position } from './events/tail-rows.ts';
import { systemErrorCode } from './problem.ts';
import type { Outcome, Problem } from './problem.ts';
import type { PriceMap } from './rollups/cost/price-map.ts';
import { newestTime } from './rollups/summary/newest-time.ts';
import type { NewestTime } from './rollups/summary/newest-time.ts';
import { newestMs } from './rollups/summary/packed-turns.ts';
import type { PackedTurns } from './rollups/summary/packed-turns.ts';
import { summaryFold, timeOf } from './rollups/summary/summary-fold.ts';
import type { FoldState, SummaryFold } from './rollups/summary/summary-fold.ts';
import { factsOf } from './rollups/summary/turn-facts.ts';
import type { TurnFacts } from './rollups/summary/turn-facts.ts';
import { isWritten, unwritable, writeFiles, writtenNow } from './summary-files.ts';
import type { Written } from './summary-files.ts';

export interface SummaryOptions {
  readonly prices: PriceMap;
  /** Zone to use where the kept state names none, or another one is asked for. */
  readonly tz: string;
  /** Whether `tz` was asked for: a state of another zone is then given up. */
  readonly isTzChosen: boolean;
}

/** What a look at the journals came to. */
export interface Refreshed {
  /** Null: nothing had been added, so nothing was read or written. */
  readonly summary: MetricsSummary | null;
  /** Rows that could not be used, of those that were read. */
  readonly notes: readonly Problem[];
}

/** Keeps metrics_summary.json and progress.log.md of a data folder up to date. */
export interface SummaryKeeper {
  /** Reads what was added to the journals since the last time, by whomever; `anew` reads all of them. */
  refresh(how?: 'added' | 'anew'): Promise<Outcome<Refreshed>>;
}

const WINDOWS = 'windows.jsonl';
/** Another tracker may be reading everything for the first time. */
const WAIT_MS = 60_000;

/** What is kept of a journal. */
interface JournalState {
  readonly position: Position | null;
  /** Time of its newest row (ISO 8601). */
  readonly newestAt: string;
}

type Journals = Readonly<Partial<Record<JournalName, JournalState>>>;

interface State {
  readonly journals: Journals;
  readonly fold: FoldState;
  readonly written: Written;
}

/** Where a keeper stands. */
interface Standing {
  readonly state: State | null;
  /** Null: not made yet of `state`. */
  readonly fold: SummaryFold | null;
  readonly records: RecordsFile | null;
  /** How the state file looked when it was read or written; null: there was none. */
  readonly look: string | null;
}

/** What is kept does not fit the journals or is damaged: they have to be read from their beginning. */
class Unfit extends Error {}

export function summaryKeeper(book: Book, options: SummaryOptions): SummaryKeeper {
  const { dir } = book;
  let standing: Standing | null = null;

  const latest = (): Standing => {
    if (standing === null || standing.look !== lookOfSummary(dir)) standing = load(dir, options);
    return standing;
  };
  const refresh = (anew: boolean): Outcome<Refreshed> => {
    const before = anew ? forgotten(latest()) : latest();
    // Until the next one is on disk there is none to go on with.
    standing = null;
    const read = readAdded(book, before, options);
    if (!read.ok) return read;
    const { told, fold, journals, notes } = read.value;
    if (!told && isWritten(dir, before.state?.written ?? null, options.prices)) {
      standing = before;
      return { ok: true, value: { summary: null, notes } };
    }
    const summary = writeFiles(dir, {
      fold: fold(),
      newestAts: Object.values(journals).map(({ newestAt }) => newestAt),
      prices: options.prices,
    });
    if (!summary.ok) return summary;
    const { known } = fold();
    const fresh = known.takeRecords().map((words) => new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
    const state = { journals, fold: fold().toJSON(), written: writtenNow(dir, options.prices) };
    const after = read.value.restarted ? null : before.records;
    const stored = writeSummary<State>(dir, { state, fresh, after });
    if (!stored.ok) return stored;
    standing = { ...stored.value, fold: fold() };
    return { ok: true, value: { summary: summary.value, notes } };
  };

  return {
    async refresh(how = 'added') {
      // There is nothing to add up, and a look must not make a folder.
      if (how === 'added' && !existsSync(dir)) return { ok: true, value: { summary: null, notes: [] } };
      try {
        mkdirSync(join(dir, 'state'), { recursive: true, mode: 0o700 });
        const work = (): Outcome<Refreshed> => {
          try {
            return refresh(how === 'anew');
          } catch (error) {
            if (!(error instanceof Unfit)) throw error;
            return refresh(true);
          }
        };
        const covered = how === 'anew' ? 0 : latest().state?.journals[WINDOWS]?.position?.cursor.offset;
        await readyToRead(book.pathOf(WINDOWS), covered);
        const locked = await withLock(summaryLock(dir), work, { waitMs: WAIT_MS });
        return locked.ok ? locked.value : locked;
      } catch (error) {
        const code = systemErrorCode(error);
        if (code === undefined) throw error;
        return { ok: false, problem: unwritable(dir, code) };
      }
    },
  };
}

/** How far each journal was read when the files of sums were written, in bytes; null: nothing is kept of that. */
export function summaryCovers(dir: string): Readonly<Partial<Record<JournalName, number>>> | null {
  const stored = readSummary<State>(dir);
  if (stored === null) return null;
  const journals = Object.entries(stored.state.journals) as [JournalName, JournalState][];
  return Object.fromEntries(journals.map(([name, { position }]) => [name, position?.cursor.offset ?? 0]));
}

/** What is on disk, as far as it is of the zone that is asked for. */
function load(dir: string, { tz, isTzChosen }: SummaryOptions): Standing {
  const stored = readSummary<State>(dir);
  const look = lookOfSummary(dir);
  if (stored === null || (isTzChosen && stored.state.fold.tz !== tz))
    return { state: null, fold: null, records: null, look };
  return { ...stored, fold: null };
}

/** Nothing is known but the zone. */
function forgotten({ state, look }: Standing): Standing {
  const zone = state === null ? null : { ...state, journals: {}, written: { priceMap: '', looks: [] } };
  return { state: zone, fold: null, records: null, look };
}

interface Read {
  /** Whether any row was added or has to be forgotten. */
  readonly told: boolean;
  readonly restarted: boolean;
  readonly fold: () => SummaryFold;
  readonly journals: Journals;
  readonly notes: readonly Problem[];
}

function readAdded(book: Book, before: Standing, options: SummaryOptions): Outcome<Read> {
  const recall = (place: number): TurnFacts => {
    const found = rowAt<RowOf<'turn'>>({ path: book.pathOf(WINDOWS), layout: layoutOf(WINDOWS) }, place);
    const facts = found.ok && found.value !== null ? factsOf(found.value) : null;
    if (facts === null) throw new Unfit(`no turn stands at byte ${place} any more`);
    return facts;
  };
  const tz = before.state?.fold.tz ?? options.tz;
  let fold = before.fold;
  let restarted = false;
  const foldNow = (): SummaryFold => (fold ??= foldOf(book.dir, before, recall) ?? newFold(tz, recall));
  const journals: Partial<Record<JournalName, JournalState>> = {};
  const notes: Problem[] = [];
  let told = false;
  for (const name of journalNames) {
    const kept = before.state?.journals[name] ?? null;
    let newest = newestTime(kept?.newestAt);
    const begin = (from: 'start' | 'position'): RowSink => {
      if (from === 'start') newest = newestTime();
      if (name !== WINDOWS) return timesOnly(newest, notes);
      if (from === 'start') {
        fold = newFold(tz, recall);
        restarted = true;
      }
      return everything(foldNow(), newest, notes);
    };
    const file = { path: book.pathOf(name), layout: layoutOf(name) };
    const tailed = tailRows(file, kept?.position ?? null, begin);
    if (!tailed.ok) return tailed;
    told ||= tailed.value.told !== 'nothing';
    journals[name] = { position: tailed.value.position, newestAt: newest.at() };
  }
  return { ok: true, value: { told, restarted, fold: foldNow, journals, notes } };
}

function newFold(tz: string, recall: (place: number) => TurnFacts): SummaryFold {
  const [first = 0, second = 0] = getRandomValues(new Uint32Array(2));
  return summaryFold({ tz, seeds: [first, second], recall });
}

/** The fold as it was kept; null: nothing was. */
function foldOf(dir: string, { state, records }: Standing, recall: (place: number) => TurnFacts): SummaryFold | null {
  if (state === null || records === null) return null;
  const kept = readRecords(dir, records);
  if (kept === null) throw new Unfit(`${records.name} is damaged`);
  const { fold } = state;
  const { tz, seeds } = fold;
  const next = summaryFold({ tz, seeds, recall, state: fold });
  const isWhole = next.known.load(new Uint32Array(kept.buffer, kept.byteOffset, kept.byteLength / 4));
  if (!isWhole) throw new Unfit(`${records.name} has records that do not count`);
  return next;
}

function everything(fold: SummaryFold, newest: NewestTime, notes: Problem[]): RowSink {
  return {
    seeds: fold.seeds,
    expect: (turns) => fold.known.reserve(turns),
    turns(turns) {
      newest.see(newestAt(turns));
      fold.turns(turns);
    },
    row(row, offset) {
      newest.see(timeOf(row));
      fold.row(row, offset);
    },
    problem: (problem) => void notes.push(problem),
  };
}

function timesOnly(newest: NewestTime, notes: Problem[]): RowSink {
  return {
    seeds: [0, 0],
    expect: () => undefined,
    turns: (turns) => newest.see(newestAt(turns)),
    row: (row) => newest.see(timeOf(row)),
    problem: (problem) => void notes.push(problem),
  };
}

function newestAt(turns: PackedTurns): string {
  return new Date(newestMs(turns)).toISOString();
}
