import { Option } from 'commander';
import type { Command } from 'commander';
import { auditWindow } from '../rollups/windows/audit.ts';
import { decisionCard } from '../rollups/windows/decision-card.ts';
import { finalizeWindow } from '../rollups/windows/finalize.ts';
import type { WindowFlags } from '../rollups/windows/finalize.ts';
import { auditLines, decisionCardLines } from '../views/text/window-audit.ts';
import { bookOf, collect, withBookOptions } from './book-options.ts';
import type { BookOptions } from './book-options.ts';
import { EXIT } from './exit-codes.ts';
import { amount, share, timeS, wholeFrom } from './option-values.ts';
import { note, refuse, say, sayJson } from './told.ts';
import { windowRows } from './window-rows.ts';

interface CardOptions extends BookOptions {
  readonly window: string;
  readonly evidence: number;
  readonly json?: true;
}

type Done = (code: number) => void;

interface FinalizeOptions extends BookOptions {
  readonly window: string;
  readonly codexFeatures?: number;
  readonly claudeFeatures?: number;
  readonly glmFeatures?: number;
  readonly featureId?: string[];
  readonly quality?: number;
  readonly outcome: string;
  readonly specId?: string;
  readonly specVersion?: string;
  readonly methodology?: string;
  readonly commitStart?: string;
  readonly commitEnd?: string;
  readonly endedAt?: number;
  readonly notes?: string;
  readonly json?: true;
}

interface AuditOptions extends BookOptions {
  readonly window: string;
  readonly format: 'text' | 'json';
  readonly json?: true;
}

/** `tracker window finalize|audit`, and the names these had before. */
export function addWindow(program: Command, done: Done): void {
  const window = program.command('window').description('finish a window, or look at its rows');
  addFinalize(window.command('finalize'), done);
  addAudit(window.command('audit'), done);
  addCard(window.command('card'), done);
  addFinalize(program.command('complete', { hidden: true }), done);
  addFinalize(program.command('window-finalize', { hidden: true }), done);
  addAudit(program.command('window-audit', { hidden: true }), done);
}

function addFinalize(command: Command, done: Done): void {
  command
    .description('write the row of a finished window: what each provider used, and what came of it')
    .requiredOption('--window <id>', 'window')
    .option('--codex-features <n>', 'features built on codex', amount)
    .option('--claude-features <n>', 'features built on claude', amount)
    .option('--glm-features <n>', 'features built on GLM', amount)
    .option('--feature-id <id...>', 'ids of the features')
    .addOption(new Option('--quality <score>', 'quality from 0 to 1').argParser(share))
    .addOption(new Option('--quality-score <score>', 'the same').argParser(share).hideHelp())
    .option('--outcome <word>', 'pass, partial, fail or words of your own', 'unknown')
    .option('--spec-id <id>', 'specification worked on')
    .option('--spec-version <version>', 'its version')
    .option('--methodology <word>', 'way of working')
    .option('--commit-start <commit>', 'commit before the first change')
    .option('--commit-end <commit>', 'commit after the last one')
    .option('--ended-at <time>', 'when work ended (ISO 8601), to notice a reading that came late', timeS)
    .option('--notes <text>', 'free words')
    .option('--json', 'print the row');
  withBookOptions(command).action(async (options: FinalizeOptions & { readonly qualityScore?: number }) =>
    done(await finalize({ ...options, ...definedQuality(options) })),
  );
}

function definedQuality({ quality, qualityScore }: { readonly quality?: number; readonly qualityScore?: number }): {
  readonly quality?: number;
} {
  const score = quality ?? qualityScore;
  return score === undefined ? {} : { quality: score };
}

async function finalize(options: FinalizeOptions): Promise<number> {
  const book = bookOf(options);
  const { window } = options;
  const snapshots = collect(book, 'snapshots.jsonl', ['snapshot'], (row) => row.window === window);
  const counts = collect(book, 'glm_counts.jsonl', ['glm_count'], (row) => row.window === window);
  const found = finalizeWindow({
    window,
    snapshots: snapshots.rows,
    glmCounts: counts.rows,
    flags: flagsOf(options),
    nowAt: new Date().toISOString(),
  });
  if (found.record === null) {
    const [first, ...rest] = found.problems;
    note(rest);
    return first === undefined ? EXIT.failure : refuse(first);
  }
  // Anomalies first: a window must not look clean because the process ended in between.
  const added = await book.appendMany([
    ...found.anomalies.map((row) => ({ ...row, kind: 'anomaly' as const })),
    { ...found.record, kind: 'window' as const },
  ]);
  if (!added.ok) return refuse(added.problem);
  note([...snapshots.problems, ...counts.problems, ...found.problems, ...added.value.notes]);
  if (options.json) sayJson({ window: found.record, anomalies: found.anomalies });
  else
    say(
      `finalized window ${window} with providers: ${Object.keys(found.record.providers ?? {})
        .toSorted()
        .join(', ')}`,
    );
  return EXIT.ok;
}

function flagsOf(options: FinalizeOptions): WindowFlags {
  const { codexFeatures: codex, claudeFeatures: claude, glmFeatures: glm } = options;
  const features = Object.entries({ codex, claude, glm }).filter(
    (entry): entry is [string, number] => entry[1] !== undefined,
  );
  const { featureId, quality, outcome, notes, specId, specVersion, methodology, commitStart, commitEnd, endedAt } =
    options;
  return {
    features: Object.fromEntries(features),
    qualityScore: quality ?? null,
    outcome,
    ...(featureId !== undefined && { featureIds: featureId }),
    ...(notes !== undefined && { notes }),
    ...(specId !== undefined && { specId }),
    ...(specVersion !== undefined && { specVersion }),
    ...(methodology !== undefined && { methodology }),
    ...(commitStart !== undefined && { commitStart }),
    ...(commitEnd !== undefined && { commitEnd }),
    ...(endedAt !== undefined && { endedAt: new Date(endedAt * 1000).toISOString() }),
  };
}

function addAudit(command: Command, done: Done): void {
  command
    .description('which rows a window has, and which of them count')
    .requiredOption('--window <id>', 'window')
    .addOption(new Option('--format <format>', 'how it is printed').choices(['text', 'json']).default('text'))
    .option('--json', 'the same as --format json');
  withBookOptions(command).action((options: AuditOptions) => done(audit(options)));
}

function audit(options: AuditOptions): number {
  const { window } = options;
  const { rows, problems } = windowRows(bookOf(options));
  const found = auditWindow({ window, ...rows });
  note(problems);
  if (found === null) {
    process.stderr.write(`no records found for ${window}\n`);
    return EXIT.noData;
  }
  if (options.json || options.format === 'json') sayJson(found);
  else for (const line of auditLines(found)) say(line);
  return EXIT.ok;
}

function addCard(command: Command, done: Done): void {
  command
    .description('GO, SOFT GO or NO-GO for a finished window, and what is missing')
    .requiredOption('--window <id>', 'window')
    .option('--evidence <n>', 'rows about it in the ledger of acceptance evidence', wholeFrom(0), 0)
    .option('--json', 'print it as JSON');
  withBookOptions(command).action((options: CardOptions) => done(card(options)));
}

function card({ window, evidence, ...options }: CardOptions): number {
  const { rows, problems } = windowRows(bookOf(options));
  note(problems);
  const found = decisionCard({ window, ...rows, evidenceRows: evidence });
  if (options.json) sayJson(found);
  else for (const line of decisionCardLines(found)) say(line);
  return EXIT.ok;
}
