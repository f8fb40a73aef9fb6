import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { journalNames } from '../../events/journal-files.ts';
import { tailProblems } from '../../events/tail-problems.ts';
import { PROGRESS_FILE, SUMMARY_FILE } from '../../summary-files.ts';
import type { Book } from '../book-options.ts';
import { good, ofProblem, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** A tracker that polls keeps a reading at least that often, as meters that stand still are written down again. */
const QUIET_S = 3600;

/** The ends of all journals, when the shim was read last, and whether the sums are up to date. The rest is for verify. */
export function journalFindings(book: Book, nowTs: number): Finding[] {
  const present = journalNames.filter((name) => existsSync(book.pathOf(name)));
  if (present.length === 0)
    return [warn('journals', `${book.dir} holds none yet`, 'tracker poll --watch begins them; it has to keep running')];
  const problems = present.flatMap((name) => tailProblems(name, book.pathOf(name)));
  const bytes = present.reduce(
    (sum, name) => sum + (statSync(book.pathOf(name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
  const whole = `the ends of ${present.length} journals (${Math.ceil(bytes / 2 ** 20)} MiB) are whole; tracker verify reads all of them`;
  return [
    ...(problems.length === 0 ? [good('journals', whole)] : problems.map((one) => judged(one))),
    pollFinding(book, nowTs),
    sumsFinding(book.dir),
  ];
}

function judged(problem: ReturnType<typeof tailProblems>[number]): Finding {
  return ofProblem('journals', problem.code === 'journal-unreadable' ? 'bad' : 'warn', problem);
}

function pollFinding(book: Book, nowTs: number): Finding {
  const remedy = 'tracker poll --watch, in a terminal or a service of its own';
  const newest = book.newest('ccc_snapshot');
  if (!newest.ok) return ofProblem('poll', 'bad', newest.problem);
  const { row } = newest.value;
  if (row === null) return warn('poll', 'the shim was never read', remedy);
  const ageS = nowTs - Date.parse(row.captured_at) / 1000;
  const turn = book.newest('turn');
  const seen = turn.ok ? Date.parse(turn.value.row?.captured_at ?? '') / 1000 : NaN;
  const quietS = Math.min(ageS, Number.isNaN(seen) ? Infinity : nowTs - seen);
  if (quietS < -QUIET_S) return warn('poll', `the newest row is of the future (${row.captured_at})`, 'set the clock');
  if (quietS > QUIET_S) return warn('poll', `nothing new was kept since ${row.captured_at}`, remedy);
  return good('poll', `the newest state of the shim is of ${row.captured_at}`);
}

function sumsFinding(dir: string): Finding {
  const missing = [SUMMARY_FILE, PROGRESS_FILE].filter((file) => !existsSync(join(dir, file)));
  if (missing.length === 0) return good('sums', `${SUMMARY_FILE} and ${PROGRESS_FILE} are there`);
  return warn('sums', `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing`, 'tracker rollup');
}
