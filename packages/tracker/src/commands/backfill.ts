import { homedir } from 'node:os';
import type { Command } from 'commander';
import { claudeHomes } from '../sources/claude-log/claude-homes.ts';
import { codexHomes } from '../sources/codex-log/codex-homes.ts';
import { backfillArchive } from './backfill-archive.ts';
import { backfillClaude } from './backfill-claude.ts';
import { backfillCodex } from './backfill-codex.ts';
import type { BackfillResult, BackfillSource } from './backfill-source.ts';
import { snapshotOf, whyNotSummary, writeSummary } from './backfill-summary.ts';
import type { SummaryOptions } from './backfill-summary.ts';
import { bookOf, withBookOptions } from './book-options.ts';
import type { BookOptions } from './book-options.ts';
import { EXIT } from './exit-codes.ts';
import { timeS } from './option-values.ts';
import { pricesOf, withPrices } from './price-options.ts';
import type { PriceOptions } from './price-options.ts';
import { note, refuse, say, sayJson } from './told.ts';

interface Options extends BookOptions, SummaryOptions, PriceOptions {
  /** True: the usual ones. */
  readonly claudeHome?: readonly string[] | true;
  readonly codexHome?: readonly string[] | true;
  readonly since?: number;
  readonly until?: number;
  readonly dryRun?: true;
  readonly json?: true;
}

/** `tracker backfill`: turns of logs that were written before there was a tracker. */
export function addBackfill(program: Command, done: (code: number) => void): void {
  const command = program
    .command('backfill')
    .description('read old logs and keep the turns in them; what is there already is not added again')
    .option(
      '--claude-home [dir...]',
      'transcripts of Claude Code: folders that hold projects/ (default CLAUDE_CONFIG_DIR, else ~/.claude)',
    )
    .option(
      '--codex-home [dir...]',
      'rollouts of Codex: folders that hold sessions/ (default CODEX_HOME, else ~/.codex)',
    )
    .option('--ccp-root <dir...>', 'folders that hold logs/ and results/ of a router, old or ours')
    .option('--since <time>', 'turns from this day or time on (ISO 8601)', timeS)
    .option('--until <time>', 'turns before this day or time (ISO 8601)', timeS)
    .option('--output <file>', 'write there what the journals then come to')
    .option('--usage-json <file>', 'an answer of /v1/usage, for how models are served (with --output)')
    .option('--dry-run', 'read and say what would be added; write nothing')
    .option('--json', 'print the summary as JSON');
  withPrices(withBookOptions(command)).action(async (options: Options) => {
    const sources = sourcesOf(options);
    if (sources.length === 0) command.error('error: say what to read: --claude-home, --codex-home, --ccp-root');
    const unusable = whyNotSummary(options, bookOf(options));
    if (unusable !== null) command.error(`error: ${unusable}`);
    done(await backfill(options, sources));
  });
}

/** One line per kind of log, in the order in which they are read. */
function sourcesOf({ claudeHome, codexHome, ccpRoot }: Options): readonly BackfillSource[] {
  const { env } = process;
  return [
    ...(claudeHome === undefined ? [] : [backfillClaude(given(claudeHome) ?? claudeHomes(env, homedir()))]),
    ...(codexHome === undefined ? [] : [backfillCodex(given(codexHome) ?? codexHomes(env, homedir()))]),
    ...(ccpRoot === undefined ? [] : [backfillArchive(ccpRoot)]),
  ];
}

/** Null: the option stands without a folder. */
function given(folders: readonly string[] | true): readonly string[] | null {
  return folders === true ? null : folders;
}

async function backfill(options: Options, sources: readonly BackfillSource[]): Promise<number> {
  const { since = -Infinity, until = Infinity, dryRun = false } = options;
  const snapshot = snapshotOf(options);
  if (!snapshot.ok) return refuse(snapshot.problem);
  const book = bookOf(options);
  const prices = pricesOf(options, book.dir);
  if (!prices.ok) return refuse(prices.problem);
  const context = { book, sinceTs: since, untilTs: until, dryRun, progress };
  const results: BackfillResult[] = [];
  for (const source of sources) {
    results.push(await source(context));
    clearProgress();
  }
  const problems = results.flatMap((result) => result.problems);
  note(problems, '--json lists all of them');
  if (options.json) sayJson(toJson(results, dryRun));
  else for (const result of results) say(sentence(result, dryRun));
  const failures = results.flatMap(({ failure }) => failure ?? []);
  if (options.output !== undefined && !dryRun && failures.length === 0) {
    const metrics = results.flatMap((result) => result.metrics ?? []);
    const written = writeSummary(options.output, { book, snapshot: snapshot.value, metrics, prices: prices.value });
    if (written.ok) note(written.value);
    else failures.push(written.problem);
  }
  for (const failure of failures) refuse(failure);
  if (failures.length > 0) return EXIT.failure;
  if (results.some(({ turns, readings = 0 }) => turns + readings > 0)) return EXIT.ok;
  return problems.length > 0 ? EXIT.failure : EXIT.noData;
}

/** Sums over all sources, and each source. */
function toJson(results: readonly BackfillResult[], dryRun: boolean): unknown {
  const sum = (count: (result: BackfillResult) => number): number => results.reduce((all, one) => all + count(one), 0);
  return {
    files: sum(({ files }) => files),
    lines: sum(({ lines }) => lines),
    bytes: sum(({ bytes }) => bytes),
    turns: sum(({ turns }) => turns),
    outside: sum(({ outside }) => outside),
    added: sum(({ added }) => added),
    known: sum(({ known }) => known),
    readings: sum(({ readings = 0 }) => readings),
    readings_added: sum(({ readingsAdded = 0 }) => readingsAdded),
    problems: sum(({ problems }) => problems.length),
    dry_run: dryRun,
    sources: results.map(({ problems, readings = 0, readingsAdded = 0, ...result }) => ({
      ...result,
      readings,
      readings_added: readingsAdded,
      problems: problems.length,
    })),
    problem_list: results.flatMap(({ problems }) => problems),
  };
}

function sentence(result: BackfillResult, dryRun: boolean): string {
  const { source, files, lines, turns, outside, added, known, skipped, problems } = result;
  const { readings = 0, readingsAdded = 0 } = result;
  const rest = [
    `${added} ${dryRun ? 'would be added' : 'added'}`,
    `${known} known`,
    ...(outside > 0 ? [`${outside} outside the time`] : []),
    ...(readings > 0 ? [`${readingsAdded} of ${readings} readings ${dryRun ? 'would be added' : 'added'}`] : []),
    ...Object.entries(skipped).flatMap(([why, count]) => (count > 0 ? [`${count} ${why}`] : [])),
    ...(problems.length > 0 ? [`${problems.length} problems`] : []),
  ];
  return `${source}: ${turns} turns in ${files} files (${lines} lines): ${rest.join(', ')}`;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}
