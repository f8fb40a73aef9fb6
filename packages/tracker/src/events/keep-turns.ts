import type { TrackerEvent, UsageSample } from '@ccp/contracts';
import type { Outcome, Problem } from '../problem.ts';
import type { Added, Book, NewRow } from './book.ts';
import { readPollPosition, writePollPosition } from './poll-position.ts';
import { glmTurnOf, turnOfSample } from './turn-event.ts';

/**
 * How far behind the newest turn reading begins again. A turn is listed once the shim has it on disk: normally within a
 * tenth of a second, later when its disk refused for a while.
 */
const OVERLAP_S = 60;
/** Clocks of two programs on one machine agree; more than this is worth a word. */
const SKEW_S = 5;

/** One page of turns, as a shim listed them. */
export interface TurnsPage {
  readonly samples: readonly UsageSample[];
  /** What the shim's clock said, epoch seconds. */
  readonly shimTs: number;
  /** When it was received by ours, epoch seconds. */
  readonly receivedTs: number;
  /** The row the shim had stored last when it began to list; null: it does not say. */
  readonly writtenTo: number | null;
}

/** What became of the turns of one look. */
export interface KeptTurns {
  readonly added: number;
  /** Turns that were there already. */
  readonly known: number;
  /** Why the list could not be read to its end; null: it was. What came before is kept, the next look goes on there. */
  readonly unread: Problem | null;
  readonly notes: readonly Problem[];
}

/** Reads pages from a moment on (epoch seconds by the shim's clock), and what was stored after a row whatever its time. */
export type ReadTurns = (sinceTs: number, writtenAfter: number | null) => AsyncIterable<Outcome<TurnsPage>>;

/**
 * Keeps the turns a shim lists, each once: in windows.jsonl, those of GLM also in glm_counts.jsonl. Fails only where they
 * can't be kept.
 */
export async function keepTurns(book: Book, sourceUrl: string, read: ReadTurns): Promise<Outcome<KeptTurns>> {
  const from = readPollPosition(book.dir, sourceUrl);
  let kept: KeptTurns = { added: 0, known: 0, unread: null, notes: [] };
  let until = from?.untilTs ?? 0;
  let writtenTo: number | null | undefined;
  for await (const page of read(Math.max(0, until - OVERLAP_S), from?.writtenTo ?? null)) {
    if (!page.ok) {
      kept = { ...kept, unread: page.problem };
      break;
    }
    const { samples, shimTs, receivedTs } = page.value;
    // Of the first page: what is stored while pages are read is asked for again.
    writtenTo ??= page.value.writtenTo;
    const added = await keepPage(book, page.value);
    if (!added.ok) return added;
    const turns = added.value;
    kept = {
      ...kept,
      added: kept.added + turns.added,
      known: kept.known + turns.known,
      notes: [...kept.notes, ...turns.notes, ...skew(shimTs - receivedTs)],
    };
    // A clock that was ahead and was set back must not hide what comes now.
    until = Math.min(Math.max(until, samples.at(-1)?.ts ?? until), shimTs);
  }
  const position = { untilTs: until, writtenTo: (kept.unread === null ? writtenTo : from?.writtenTo) ?? null };
  if (until === from?.untilTs && position.writtenTo === from.writtenTo) return { ok: true, value: kept };
  const written = writePollPosition(book.dir, sourceUrl, position);
  return { ok: true, value: written.ok ? kept : { ...kept, notes: [...kept.notes, written.problem] } };
}

function keepPage(book: Book, { samples, receivedTs }: TurnsPage): Promise<Outcome<Added>> {
  return addTurnRows(
    book,
    samples.map((sample) => turnOfSample(sample, receivedTs)),
  );
}

/**
 * Adds turns that are not there yet to windows.jsonl, those of GLM also to glm_counts.jsonl: there first, so that a turn
 * that is in windows.jsonl is in both, wherever a process was stopped. Counts those of windows.jsonl.
 */
export async function addTurnRows(book: Book, turns: readonly TrackerEvent[]): Promise<Outcome<Added>> {
  const glm = turns.flatMap((turn) => glmTurnOf(turn) ?? []).map((row) => ({ ...row, kind: 'glm_turn' as const }));
  const counted = await book.appendNew(glm);
  if (!counted.ok) return counted;
  const rows = turns.map((turn) => ({ ...turn, kind: 'turn' as const })) as NewRow[];
  const added = await book.appendNew(rows);
  if (!added.ok) return added;
  return { ok: true, value: { ...added.value, notes: [...added.value.notes, ...counted.value.notes] } };
}

function skew(seconds: number): readonly Problem[] {
  if (Math.abs(seconds) <= SKEW_S) return [];
  const words = `${Math.abs(Math.round(seconds))} s ${seconds > 0 ? 'ahead of' : 'behind'}`;
  const message = `the clock of the shim is ${words} ours, so the times of turns are`;
  return [{ code: 'clock-skew', message, remedy: 'Set the clock, then restart the shim' }];
}
