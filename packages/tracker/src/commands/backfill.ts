import type { Command } from 'commander';
import type { NewRow } from '../events/book.ts';
import { turnOfLog } from '../events/log-turn-event.ts';
import type { LogTurn } from '../sources/log-turn.ts';
import { readTranscripts } from '../sources/claude-log/read-transcripts.ts';
import { bookOf, withBookOptions } from './book-options.ts';
import type { BookOptions } from './book-options.ts';
import { EXIT } from './exit-codes.ts';
import { timeS } from './option-values.ts';
import { note, refuse, say, sayJson } from './told.ts';

interface Options extends BookOptions {
  readonly claudeHome: readonly string[];
  readonly since?: number;
  readonly until?: number;
  readonly dryRun?: true;
  readonly json?: true;
}

/** Rows written at once: one lock and one sync each. */
const BATCH = 5_000;

/** `tracker backfill`: turns of logs that were written before there was a tracker. */
export function addBackfill(program: Command, done: (code: number) => void): void {
  const command = program
    .command('backfill')
    .description('read old logs and keep the turns in them; what is there already is not added again')
    .requiredOption(
      '--claude-home <dir...>',
      'folders that hold projects/ with transcripts of Claude Code, such as ~/.claude',
    )
    .option('--since <time>', 'turns from this day or time on (ISO 8601)', timeS)
    .option('--until <time>', 'turns before this day or time (ISO 8601)', timeS)
    .option('--dry-run', 'read and say what would be added; write nothing')
    .option('--json', 'print the summary as JSON');
  withBookOptions(command).action(async (options: Options) => done(await backfill(options)));
}

async function backfill(options: Options): Promise<number> {
  const { since = -Infinity, until = Infinity, claudeHome, dryRun } = options;
  const read = readTranscripts(claudeHome, { onProgress: progress });
  clearProgress();
  const wanted = read.turns.filter(({ ts }) => ts >= since && ts < until);
  const book = bookOf(options);
  let added = 0;
  let known = 0;
  const keys = book.knownKeys('windows.jsonl');
  if (!keys.ok) return refuse(keys.problem);
  for (let at = 0; at < wanted.length; at += BATCH) {
    const turns = wanted.slice(at, at + BATCH);
    if (dryRun) {
      const fresh = turns.filter(({ key }) => !keys.value.has(key)).length;
      added += fresh;
      known += turns.length - fresh;
      continue;
    }
    const kept = await book.appendNew(rowsOf(turns));
    if (!kept.ok) return refuse(kept.problem);
    added += kept.value.added;
    known += kept.value.known;
  }
  note(read.problems);
  const summary = {
    files: read.files,
    lines: read.lines,
    bytes: read.bytes,
    turns: read.turns.length,
    outside: read.turns.length - wanted.length,
    added,
    known,
    problems: read.problems.length,
    dry_run: dryRun === true,
  };
  if (options.json) sayJson({ ...summary, problem_list: read.problems });
  else say(sentence(summary));
  if (read.files > 0) return EXIT.ok;
  return read.problems.length > 0 ? EXIT.failure : EXIT.noData;
}

function rowsOf(turns: readonly LogTurn[]): readonly NewRow[] {
  const nowTs = Date.now() / 1000;
  return turns.map((turn) => turnOfLog(turn, nowTs) as NewRow);
}

interface Summary {
  readonly files: number;
  readonly lines: number;
  readonly turns: number;
  readonly outside: number;
  readonly added: number;
  readonly known: number;
  readonly problems: number;
  readonly dry_run: boolean;
}

function sentence({ files, lines, turns, outside, added, known, problems, dry_run: dry }: Summary): string {
  const verb = dry ? 'would be added' : 'added';
  const rest = [
    `${known} known`,
    ...(outside > 0 ? [`${outside} outside the time`] : []),
    ...(problems > 0 ? [`${problems} problems`] : []),
  ];
  return `${turns} turns in ${files} files (${lines} lines): ${added} ${verb}, ${rest.join(', ')}`;
}

function progress({ files, of }: { readonly files: number; readonly of: number }): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${files}/${of} files`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}
