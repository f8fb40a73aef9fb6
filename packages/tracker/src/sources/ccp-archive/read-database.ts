import { basename } from 'node:path';
import { systemErrorCode } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import type { Fields, Passed } from './archive-turn.ts';
import { unreadable } from './find-archive.ts';
import { problemList } from './problem-list.ts';
import type { FileReport, ReadPart } from './read-log.ts';
import { openToRead } from './sqlite.ts';
import type { ReadDatabase } from './sqlite.ts';
import { TurnList } from './turn-list.ts';
import { judgeRecord } from './usage-record.ts';

/** "CCP1", which our shim writes into its databases; the original program wrote none. */
const APPLICATION_ID = 0x43435031;
/** The newest format whose columns mean what we take them to mean. */
const NEWEST_FORMAT = 1;
const PAGE_ROWS = 5_000;

/** Columns we know; a database may lack some, and their values are then absent. */
const COLUMNS = [
  'ts',
  'rid',
  'model',
  'lane',
  'op',
  'input_tokens',
  'output_tokens',
  'cache_write_tokens',
  'cache_read_tokens',
  'dirty_s',
  'stream_s',
  'ttft_ms',
  'status',
  'ended',
  'err_type',
  'decision',
  'reroute_mode',
  'warn_pct_auto',
  'gap_seconds_p50',
  'gap_seconds_p95',
  'gap_samples',
  'epoch',
  'usage_known',
  'request_id',
  'session_id',
  'agent_id',
];

/**
 * Reads the samples of a router's database, page by page, all from one moment, and changes nothing. Sums of days whose
 * samples are gone are named and not turned into turns.
 */
export async function* readDatabase(file: string, bytes: number): AsyncGenerator<ReadPart, FileReport> {
  const problems = problemList(file);
  const passed: Partial<Record<Passed, number>> = {};
  const turns = new TurnList();
  let lines = 0;
  let count = 0;
  let db: ReadDatabase | null = null;
  try {
    db = openToRead(file);
    const refusal = whyNot(db, file);
    if (refusal !== null) problems.push(refusal);
    else {
      db.exec('BEGIN');
      const early = earlyRows(db);
      for (const rows of pagesOf(db)) {
        turns.begin();
        for (const row of rows) {
          lines += 1;
          const judged = early(row) ? EARLY : judgeRecord(row);
          if (judged.kind === 'turn') turns.addParsed(judged.turn);
          else if (judged.kind === 'passed') passed[judged.why] = (passed[judged.why] ?? 0) + 1;
          else problems.add('line-not-usable', `${basename(file)}, row ${lines}: ${judged.why}`, { line: lines });
        }
        count += turns.length;
        yield { turns, readBytes: Math.min(bytes, lines * BYTES_PER_ROW) };
      }
      const sums = daysWithoutSamples(db, file);
      if (sums !== null) problems.push(sums);
    }
  } catch (error) {
    problems.push(refused(file, error));
  } finally {
    db?.close();
  }
  return { file, kind: 'database', bytes, lines, turns: count, passed, problems: problems.list() };
}

/** Only for showing how far it is. */
const BYTES_PER_ROW = 250;

const EARLY = { kind: 'passed', why: 'early stream lines' } as const;

function whyNot(db: ReadDatabase, file: string): Problem | null {
  const application = db.one('PRAGMA application_id');
  const isOther = application !== 0 && application !== APPLICATION_ID;
  if (isOther || columnsOf(db, 'usage_sample').length === 0) {
    const message = `${file} holds no turns of a router: it has no table usage_sample`;
    const theirs = `${file} is a database of another program`;
    return { code: 'not-a-database', file, message: isOther ? theirs : message, remedy: 'Nothing to do' };
  }
  const format = db.one('PRAGMA user_version');
  if (typeof format !== 'number' || format <= NEWEST_FORMAT) return null;
  const message = `${file} has format ${format}, made by a newer shim; this tracker knows formats up to ${NEWEST_FORMAT}`;
  return { code: 'database-newer', file, message, remedy: 'Use the tracker that came with that shim' };
}

function columnsOf(db: ReadDatabase, table: string): readonly string[] {
  return db.all(`PRAGMA table_info(${table})`).map((row) => String(row['name']));
}

function* pagesOf(db: ReadDatabase): Generator<readonly Fields[]> {
  const present = new Set(columnsOf(db, 'usage_sample'));
  const columns = COLUMNS.filter((name) => present.has(name)).join(', ');
  const sql = `SELECT rowid AS row, ${columns} FROM usage_sample WHERE rowid > ? ORDER BY rowid LIMIT ${PAGE_ROWS}`;
  for (let after = Number.MIN_SAFE_INTEGER; ;) {
    const rows = db.all(sql, after);
    if (rows.length > 0) yield rows;
    const last = rows.at(-1)?.['row'];
    if (rows.length < PAGE_ROWS || typeof last !== 'number') return;
    after = last;
  }
}

/**
 * The original program had a command that put every line of a log into its database: also the one it wrote when a stream
 * began. Such a row has no tokens and no times of a stream, and the finished exchange follows under its id.
 */
function earlyRows(db: ReadDatabase): (row: Fields) => boolean {
  const twice = db.all(
    `SELECT rid, max(ts) AS last FROM usage_sample WHERE rid <> '' AND op = 'stream' GROUP BY rid HAVING count(*) > 1`,
  );
  const last = new Map(twice.map(({ rid, last: ts }) => [rid, ts]));
  return (row) => {
    if (row['status'] === -1) return false;
    if (row['input_tokens'] || row['output_tokens'] || row['ttft_ms'] || row['err_type'] || row['epoch']) return false;
    const ts = last.get(row['rid']);
    return typeof ts === 'number' && typeof row['ts'] === 'number' && row['ts'] < ts;
  };
}

/** The original program deleted samples after a week and kept sums per day. */
function daysWithoutSamples(db: ReadDatabase, file: string): Problem | null {
  const columns = new Set(columnsOf(db, 'usage_rollup_day'));
  if (!['date', 'count', 'in_tokens', 'out_tokens'].every((name) => columns.has(name))) return null;
  const [sums] = db.all(
    `SELECT count(DISTINCT date) AS days, total(count) AS turns, min(date) AS first, max(date) AS last
     FROM usage_rollup_day WHERE date NOT IN (SELECT DISTINCT date(ts, 'unixepoch') FROM usage_sample)`,
  );
  if (sums === undefined || !sums['days']) return null;
  const { days, turns, first, last } = sums as { days: number; turns: number; first: string; last: string };
  const message = `${basename(file)} has only sums for ${days} days (${first} to ${last}, ${turns} exchanges): their samples were deleted, so there are no turns to add`;
  return { code: 'sums-without-turns', file, message, remedy: 'Look for the usage logs of those days' };
}

function refused(file: string, error: unknown): Problem {
  const { errcode } = error as { readonly errcode?: unknown };
  const words = error instanceof Error ? error.message : String(error);
  // The higher bits say more about the same thing: https://sqlite.org/rescode.html
  const result =
    typeof errcode === 'number' ? errcode & 0xff : (BY_WORDS.find(([part]) => words.includes(part))?.[1] ?? 0);
  const remedy = REMEDIES[result];
  if (remedy !== undefined) return { ...remedy, file, message: `${file}: ${words}` };
  const code = systemErrorCode(error);
  if (code === undefined) throw error;
  if (!code.includes('SQLITE')) return unreadable(file, code);
  const message = `${file} cannot be read: ${words}`;
  return { code: 'database-damaged', file, message, remedy: 'Copy it to a folder of your own and read that' };
}

/** Some calls of the packaged engine throw with the words only. */
const BY_WORDS: readonly (readonly [string, number])[] = [
  ['is locked', 5],
  ['malformed', 11],
  ['unable to open', 14],
  ['not a database', 26],
];

const LOCKED = { code: 'database-locked', remedy: 'Run it again when the program that has it open is done' } as const;
const DAMAGED = {
  code: 'database-damaged',
  remedy: 'Its usage logs hold the same turns; sqlite3 FILE .recover may save rows',
} as const;

const REMEDIES: Readonly<Record<number, Pick<Problem, 'code' | 'remedy'>>> = {
  5: LOCKED,
  6: LOCKED,
  11: DAMAGED,
  14: { code: 'file-unreadable', remedy: 'Check its mode and that of its folder, or copy it to a folder of your own' },
  26: { code: 'not-a-database', remedy: 'Look for the usage logs of that time' },
};
