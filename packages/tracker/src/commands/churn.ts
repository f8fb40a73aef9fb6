import type { Command } from 'commander';
import type { ChurnRecord, WindowRecord } from '@ccp/contracts';
import { keepChurn } from '../events/keep-churn.ts';
import { printable } from '../printable.ts';
import type { Outcome, Problem } from '../problem.ts';
import { turnsIn } from '../rollups/churn/interaction.ts';
import type { InteractionTurn } from '../rollups/churn/interaction.ts';
import { churnIdentity, newestChurn } from '../rollups/churn/quality.ts';
import { distinctEvents } from '../rollups/report/report-turn.ts';
import { newestRecords } from '../rollups/windows/points.ts';
import { namedCommit, openRepository } from '../sources/git/repository.ts';
import { churnLines } from '../views/text/churn.ts';
import { bookOf, collect, usable, withBookOptions } from './book-options.ts';
import type { Book, BookOptions } from './book-options.ts';
import { EXIT } from './exit-codes.ts';
import { churnRows, measureChurn } from './measure-churn.ts';
import { amount, timeS } from './option-values.ts';
import { addToLedger, readLedger } from './churn-ledger.ts';
import { draw, note, refuse, say, sayJson } from './told.ts';

interface Options extends BookOptions {
  readonly repo: string;
  readonly rev: string;
  readonly window?: string;
  readonly since?: number;
  readonly until?: number;
  readonly commitStart?: string;
  readonly commitEnd?: string;
  readonly paths?: readonly string[];
  readonly withGenerated?: true;
  readonly features?: number;
  readonly provider?: string;
  readonly methodology?: string;
  readonly notes?: string;
  readonly ledgerPath?: string;
  readonly importLedger?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

/** `tracker churn`: what the commits of a window changed, and what became of their lines. */
export function addChurn(program: Command, done: (code: number) => void): void {
  const command = program
    .command('churn')
    .description('read a git history: what each window changed, what is left of its lines, and its quality')
    .option('--repo <dir>', 'folder in the repository', '.')
    .option('--rev <revision>', 'branch or commit that is measured', 'HEAD')
    .option('--window <id>', 'this window only')
    .option('--since <time>', 'commits that reached the branch from this day or time on (ISO 8601)', timeS)
    .option('--until <time>', 'commits that reached it before this day or time (ISO 8601)', timeS)
    .option('--commit-start <commit>', 'count every commit after this one for the window, tagged or not')
    .option('--commit-end <commit>', 'up to this one (default: the revision measured)')
    .option('--paths <path...>', 'files and folders that count')
    .option('--with-generated', 'count lock files, and what .gitattributes calls generated or vendored, too')
    .option('--features <n>', 'features of the window, instead of those that are tagged', amount)
    .option('--provider <name>', 'provider that built them')
    .option('--methodology <word>', 'way of working')
    .option('--notes <text>', 'free words')
    .option('--ledger-path <file>', 'add new rows to this CSV ledger too')
    .option('--import-ledger <file>', 'read no repository, but the rows of a CSV ledger')
    .option('--dry-run', 'measure and print; write nothing')
    .option('--json', 'print the rows as JSON');
  withBookOptions(command).action(async (options: Options) => {
    if (options.window === undefined && (options.commitStart ?? options.features) !== undefined) {
      command.error('error: --commit-start and --features are of one window: give --window');
    }
    done(await (options.importLedger === undefined ? churn(options) : importLedger(options, options.importLedger)));
  });
}

async function churn(options: Options): Promise<number> {
  const { repo, rev, window } = options;
  const repository = await openRepository(repo, rev);
  if (!repository.ok) return refused(repository.problem);
  const book = bookOf(options);
  const records = collect(book, 'windows.jsonl', ['window']);
  const newest = newestRecords(records.rows);
  const range = await rangeOf(options, newest, repository.value.tip);
  if (!range.ok) return refused(range.problem);
  const nowTs = Date.now() / 1000;
  const measured = await measureChurn(repository.value, {
    ...(window !== undefined && { window }),
    ...(options.since !== undefined && { sinceTs: options.since }),
    ...(options.until !== undefined && { untilTs: options.until }),
    ...(range.value !== null && { range: range.value }),
    ...(options.paths !== undefined && { paths: options.paths }),
    withGenerated: options.withGenerated === true,
    nowTs,
    onProgress: progress,
  });
  clearProgress();
  if (!measured.ok) return refused(measured.problem);
  note([...records.problems, ...measured.value.problems]);
  if (measured.value.windows.length === 0) return refused(nothingTagged(options));
  const { features, provider, methodology, paths, notes } = options;
  const problems: Problem[] = [];
  const rows = churnRows(measured.value, {
    capturedAt: new Date(nowTs * 1000).toISOString(),
    records: newest,
    turnsOf: turnsOf(book, newest, problems),
    ...(range.value !== null && { range: range.value }),
    ...(features !== undefined && { features }),
    ...(provider !== undefined && { provider }),
    ...(methodology !== undefined && { methodology }),
    ...(paths !== undefined && { paths }),
    ...(notes !== undefined && { notes }),
  });
  note(problems);
  return keep(book, rows, options);
}

async function importLedger(options: Options, file: string): Promise<number> {
  const read = readLedger(file);
  if (!read.ok) return refuse(read.problem);
  const { rows, problems } = read.value;
  note(problems);
  if (rows.length > 0) return keep(bookOf(options), rows, options);
  return problems.length > 0 ? EXIT.failure : EXIT.noData;
}

/** Writes what is new, and prints all of it. */
async function keep(book: Book, rows: readonly ChurnRecord[], options: Options): Promise<number> {
  const dryRun = options.dryRun === true;
  const kept = await keepChurn(book, rows, { identityOf: churnIdentity, newestOf: newestChurn, dryRun });
  if (!kept.ok) return refuse(kept.problem);
  note([...kept.value.notes, ...kept.value.unread]);
  const ledger = options.ledgerPath;
  const noted = ledger === undefined || dryRun ? null : addToLedger(ledger, rows);
  if (noted !== null && !noted.ok) return refuse(noted.problem);
  const { added, known } = kept.value;
  if (options.json) sayJson({ added, known, dry_run: dryRun, rows });
  else {
    draw((width) => churnLines(rows, width));
    say(
      `${added} ${added === 1 ? 'row' : 'rows'} ${dryRun ? 'would be added' : 'added'} to churn.jsonl, ${known} known`,
    );
    if (noted !== null) say(`${noted.value} ${noted.value === 1 ? 'row' : 'rows'} added to ${printable(ledger ?? '')}`);
  }
  return EXIT.ok;
}

/** Turns are read once, and only where a window has times. */
function turnsOf(
  book: Book,
  records: readonly WindowRecord[],
  problems: Problem[],
): (record: WindowRecord) => readonly InteractionTurn[] {
  if (records.length === 0) return () => [];
  const turns = distinctEvents(usable(book.rows('windows.jsonl', ['turn']), problems)).flatMap(
    ({ turn }): InteractionTurn[] => {
      if (turn?.ts === undefined || turn.ts === null) return [];
      const { ts, session_id: sessionId, subagent: agent, latency_ms: latencyMs } = turn;
      return [{ ts, sessionId, agent, latencyMs }];
    },
  );
  return (record) => turnsIn(record, turns);
}

/** The commits a person or the window's row names; null: those that are tagged. */
async function rangeOf(
  { repo, window, commitStart, commitEnd }: Options,
  records: readonly WindowRecord[],
  tip: string,
): Promise<Outcome<{ readonly start: string; readonly end: string } | null>> {
  const record = records.find((row) => row.window === window);
  const start = commitStart ?? record?.commit_start;
  if (window === undefined || start === undefined) return { ok: true, value: null };
  const from = await namedCommit(repo, start);
  if (!from.ok) return from;
  const named = commitEnd ?? record?.commit_end;
  const to = named === undefined ? ({ ok: true, value: tip } as const) : await namedCommit(repo, named);
  return to.ok ? { ok: true, value: { start: from.value, end: to.value } } : to;
}

function nothingTagged({ repo, window }: Options): Problem {
  const of = window === undefined ? '' : ` of ${window}`;
  return {
    code: window === undefined ? 'no-tagged-commits' : 'missing-commit-range',
    file: repo,
    message: `no commit${of} is tagged, and no range of commits is named (decision=missing-commit-range(commit_start))`,
    remedy: 'Tag commits with xfeat::<Feature>::<Window>::<Stage>, or give --window ID --commit-start COMMIT',
  };
}

const NO_DATA: ReadonlySet<string> = new Set(['unborn-head', 'no-tagged-commits', 'missing-commit-range']);

function refused(problem: Problem): number {
  refuse(problem);
  return NO_DATA.has(problem.code) ? EXIT.noData : EXIT.failure;
}

function progress(done: number, of: number, what: string): void {
  if (!process.stderr.isTTY || done % 500 !== 0) return;
  process.stderr.write(`\r${done}${of > 0 ? `/${of}` : ''} ${what}\u001b[K`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}
