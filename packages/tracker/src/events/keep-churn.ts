import { createHash } from 'node:crypto';
import type { ChurnRecord } from '@ccp/contracts';
import type { Outcome, Problem } from '../problem.ts';
import type { Added, Book } from './book.ts';

/** A row is kept where it says something new about what it measures. */
export interface KeptChurn extends Added {
  /** What of the journal could not be read. */
  readonly unread: readonly Problem[];
}

/**
 * Adds rows of churn.jsonl that say something else than the newest row about the same; the others are known. When it was
 * measured, and under which ids the commits go since the last rebase, is nothing new. `identityOf` names what a row
 * measures, `newestOf` chooses the row that counts.
 */
export async function keepChurn(
  book: Book,
  rows: readonly ChurnRecord[],
  ask: {
    readonly identityOf: (row: ChurnRecord) => string;
    readonly newestOf: (rows: readonly ChurnRecord[]) => readonly ChurnRecord[];
    /** Nothing is written. */
    readonly dryRun: boolean;
  },
): Promise<Outcome<KeptChurn>> {
  const unread: Problem[] = [];
  const kept: ChurnRecord[] = [];
  for (const found of book.rows('churn.jsonl', ['churn'])) {
    if (found.ok) kept.push(found.value.row);
    else unread.push(found.problem);
  }
  const newest = new Map(ask.newestOf(kept).map((row) => [ask.identityOf(row), row]));
  const fresh = rows.flatMap((row) => {
    const before = newest.get(ask.identityOf(row));
    const said = wordsOf(row);
    if (before !== undefined && wordsOf(before) === said) return [];
    // With the row it follows: what was true once, and then was not, may be true again.
    const key = createHash('sha256').update(JSON.stringify([before?.dedupe_key ?? '', said]));
    return [{ ...row, kind: 'churn' as const, dedupe_key: `churn:${key.digest('hex').slice(0, 32)}` }];
  });
  const known = rows.length - fresh.length;
  if (ask.dryRun) return { ok: true, value: { added: fresh.length, known, notes: [], unread } };
  const added = await book.appendNew(fresh);
  if (!added.ok) return added;
  return { ok: true, value: { ...added.value, known: added.value.known + known, unread } };
}

const NOT_SAID: ReadonlySet<string> = new Set([
  ...['kind', 'schema_version', 'tool_version', 'dedupe_key'],
  ...['captured_at', 'commit_start', 'commit_end'],
]);

function wordsOf(row: ChurnRecord): string {
  const entries = Object.entries(row).filter(([name]) => !NOT_SAID.has(name));
  return JSON.stringify(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
