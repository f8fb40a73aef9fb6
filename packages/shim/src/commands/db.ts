import { resolve } from 'node:path';
import type { Command } from 'commander';
import { exportToFile, exportToStdout } from './database/export.ts';
import { importLogs, isFruitless, type Imported } from './database/import.ts';
import { databasePath, reading, withDatabase, type DatabaseFlags } from './database/open.ts';
import { sinceOption } from './database/since.ts';
import { databaseStatus, statusLines } from './database/status.ts';
import { vacuum } from './database/vacuum.ts';
import { answering, OperatorError, operatorCommand } from './operator-command.ts';
import { printable } from './text/printable.ts';
import { printJson } from './text/terminal.ts';

interface Flags extends DatabaseFlags {
  readonly json?: true;
}

interface StatusFlags extends Flags {
  readonly check?: true;
}

interface ExportFlags extends Flags {
  readonly csv: string;
  readonly since?: number;
  readonly model?: string;
}

interface ImportFlags extends Flags {
  readonly jsonl: readonly string[];
}

/** `shim db`: looks after the database, whether a shim runs or not. */
export function dbCommand(): Command {
  const statusCommand = withDatabase(operatorCommand('status', 'say what is in the database and whether it is sound'))
    .option('--check', 'compare every index with its table, too; takes longer')
    .option('--json', 'print it as JSON')
    .action((flags: StatusFlags) => answering(() => status(flags)));
  const exportCommand = withDatabase(operatorCommand('export', 'write the samples as CSV'))
    .requiredOption('--csv <file>', 'where to; - is the standard output')
    .option(
      '--since <time>',
      'only samples since then: epoch seconds, a time, or a span such as 24h or 7d',
      sinceOption,
    )
    .option('--model <name>', 'only samples of this model')
    .option('--json', 'say what was written as JSON')
    .action((flags: ExportFlags) => answering(() => exportSamples(flags)));
  const importCommand = withDatabase(operatorCommand('import', 'put the samples of usage logs into the database'))
    .requiredOption('--jsonl <place...>', 'log files, or folders of them; what is there already is not counted again')
    .option('--json', 'print the report as JSON')
    .action((flags: ImportFlags) => answering(() => importSamples(flags)));
  const vacuumCommand = withDatabase(operatorCommand('vacuum', 'write the database anew without its gaps'))
    .option('--json', 'print it as JSON')
    .action((flags: Flags) => answering(() => compact(flags)));
  return operatorCommand('db', 'look at the database, export, import or compact it')
    .addCommand(statusCommand)
    .addCommand(exportCommand)
    .addCommand(importCommand)
    .addCommand(vacuumCommand);
}

async function status(flags: StatusFlags): Promise<0> {
  const found = await reading(databasePath(flags), (db) => databaseStatus(db, flags.check === true));
  if (flags.json) printJson(found);
  else sayLines(statusLines(found));
  if (found.integrity === 'ok') return 0;
  throw new OperatorError(
    `${found.path} is damaged: ${found.integrity}`,
    'start the shim: it moves a file it can no longer read aside and keeps the rest; export what you need first',
  );
}

async function exportSamples({ csv, since, model, ...flags }: ExportFlags): Promise<0> {
  const wish = { sinceTs: since ?? 0, model: model ?? null };
  const path = databasePath(flags);
  if (csv === '-') {
    await reading(path, (db) => exportToStdout(db, wish));
    return 0;
  }
  const written = await reading(path, (db) => exportToFile(db, resolve(csv), wish));
  if (flags.json) printJson({ ok: true, ...written });
  else sayLines([`${count(written.rows)} samples, ${count(written.bytes)} bytes: ${written.path}`]);
  return 0;
}

async function importSamples(flags: ImportFlags): Promise<0 | 1> {
  const report = await importLogs(databasePath(flags), flags.jsonl, flags);
  if (flags.json) {
    const { moreProblems: more_problems, ...rest } = report;
    printJson({ ...rest, more_problems });
  } else sayImport(report);
  if (isFruitless(report))
    throw new OperatorError(`nothing could be read from ${flags.jsonl.join(' ')}`, 'give usage logs (usage*.jsonl)');
  return 0;
}

function sayImport({ lines, inserted, already, skipped, problems, moreProblems, path, made }: Imported): void {
  for (const { file, line, message } of problems) complain(`${line === 0 ? file : `${file}:${line}`}: ${message}`);
  if (moreProblems > 0) complain(`${moreProblems} more problems`);
  sayLines([
    `${count(lines)} lines: ${count(inserted)} inserted, ${count(already)} there already, ${count(skipped)} skipped, ${count(problems.length + moreProblems)} problems`,
    ...(made ? [`there was no database at ${path}: it was made`] : []),
  ]);
}

async function compact(flags: Flags): Promise<0> {
  const done = await vacuum(databasePath(flags));
  if (flags.json) printJson(done);
  else {
    const later = done.shrunk ? '' : '; somebody still reads it: the rest goes when the shim next looks after it';
    sayLines([`${count(done.bytes_before)} bytes before, ${count(done.bytes_after)} after${later}`]);
  }
  return 0;
}

function sayLines(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${printable(line)}\n`).join(''));
}

function complain(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
