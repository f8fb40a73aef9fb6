import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { UsageRollups } from '@ccp/contracts';
import { mergeRollups } from '../store/db/merge.ts';
import { openDatabase } from '../store/db/sqlite.ts';
import { sqliteFailure } from '../store/db/sqlite-failure.ts';
import { integrityOf } from './database/status.ts';
import { answering, OperatorError, operatorCommand } from './operator-command.ts';
import { Progress } from './progress.ts';
import { replaceFile } from '../replace-file.ts';
import { printable } from './text/printable.ts';
import { printJson } from './text/terminal.ts';

interface Flags {
  readonly out?: string;
  readonly json?: true;
}

/** `shim rollups merge`: the sums of many databases, as one. */
export function rollupsCommand(): Command {
  const mergeCommand = operatorCommand('merge', 'add up the hours and days of every database in a folder')
    .argument('<dir>', 'folder with files *.sqlite3, which are only read')
    .option('--out <dir>', 'where rollup_hour.json and rollup_day.json are written (default: the same folder)')
    .option('--json', 'say what was written as JSON')
    .action((dir: string, flags: Flags) => answering(() => merge(dir, flags)));
  return operatorCommand('rollups', 'add up the sums of many databases').addCommand(mergeCommand);
}

function merge(dir: string, { out, json }: Flags): 0 | 1 {
  const folder = resolve(dir);
  const files = databasesIn(folder);
  if (files.length === 0) {
    if (json) printJson({ files: [], written: [], problems: [] });
    else process.stdout.write(`there is no file *.sqlite3 in ${printable(folder)}: nothing to add up\n`);
    return 0;
  }
  const progress = new Progress();
  progress.say(`reading ${files.length} databases in ${folder}`);
  const damaged = new Map(files.map((file) => [file, problemOf(file)]));
  const merged = mergeRollups(files.filter((file) => damaged.get(file) === null));
  progress.clear();
  const problems = [
    ...[...damaged].flatMap(([file, problem]) => (problem === null ? [] : `${file}: ${problem}`)),
    ...merged.problems,
  ];
  const target = resolve(out ?? folder);
  const written = [
    write(join(target, 'rollup_hour.json'), merged.hour),
    write(join(target, 'rollup_day.json'), merged.day),
  ];
  if (json) printJson({ files, written, problems });
  else
    for (const { path, models, rows } of written)
      process.stdout.write(`${printable(path)}: ${rows} rows of ${models} models\n`);
  if (problems.length === 0) return 0;
  for (const problem of problems)
    process.stderr.write(`shim: ${printable(problem)}: it was left out; repair it or take it away\n`);
  return 1;
}

function databasesIn(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.sqlite3'));
    return names.toSorted().map((name) => join(folder, name));
  } catch (error) {
    throw new OperatorError(
      `${folder} can't be read (${sqliteFailure(error).code})`,
      'name a folder with files *.sqlite3',
    );
  }
}

/** Damage deep in a file would otherwise end the sums of all. Null: it can be read from end to end. */
function problemOf(file: string): string | null {
  try {
    const db = openDatabase(file, { readOnly: true });
    try {
      const found = integrityOf(db, false);
      return found === 'ok' ? null : `damaged: ${found}`;
    } finally {
      db.close();
    }
  } catch (error) {
    const { code, message } = sqliteFailure(error);
    return `can't be read (${code}: ${message})`;
  }
}

interface Written {
  readonly path: string;
  readonly models: number;
  readonly rows: number;
}

/** The same sums make the same bytes. */
function write(path: string, rollups: UsageRollups): Written {
  try {
    replaceFile(path, `${JSON.stringify(rollups, null, 2)}\n`);
  } catch (error) {
    throw new OperatorError(
      `${path} can't be written (${sqliteFailure(error).code})`,
      'name another folder with --out DIR',
    );
  }
  const models = Object.values(rollups.models);
  return { path, models: models.length, rows: models.reduce((sum, rows) => sum + rows.length, 0) };
}
