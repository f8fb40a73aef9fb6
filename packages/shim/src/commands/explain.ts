import type { Command } from 'commander';
import type { Database } from '../store/db/sqlite.ts';
import { readConfigVersion, readDecisions, type DecisionRow } from '../store/db/read-store.ts';
import { missingFormOf } from '../store/decision-form.ts';
import type { DecisionRecord, RouteInputs } from '../store/decision-record.ts';
import { databasePath, reading, withDatabase, type DatabaseFlags } from './database/open.ts';
import { replay } from './explain/replay.ts';
import { storyOf } from './explain/story.ts';
import { answering, OperatorError, operatorCommand } from './operator-command.ts';
import { momentOf } from './text/moment.ts';
import { printable } from './text/printable.ts';
import { printJson } from './text/terminal.ts';

interface Flags extends DatabaseFlags {
  readonly json?: true;
  readonly replay?: true;
}

/** `shim explain`: why a request went where it went. */
export function explainCommand(): Command {
  return withDatabase(operatorCommand('explain', 'say why a request went where it went, and make the decision again'))
    .argument('<rid>', 'its id, or how that begins: x-ccp-rid of the answer, or its request-id req_ccp_…')
    .option('--replay', 'decide again from what the decision rested on, and name what comes out differently')
    .option('--json', 'print the record')
    .action((rid: string, flags: Flags) => answering(() => explain(rid, flags)));
}

async function explain(asked: string, flags: Flags): Promise<0 | 1> {
  const prefix = asked.trim().replace(/^req_ccp_/, '');
  if (prefix === '') throw new OperatorError('the id is empty', 'give the x-ccp-rid of an answer, or its beginning', 2);
  const path = databasePath(flags);
  return reading(path, (db) => {
    const found = readDecisions(db, prefix);
    if (found.length === 0) throw notFound(prefix, path);
    const row = found.find(({ rid }) => rid === prefix) ?? (found.length === 1 ? found[0] : undefined);
    if (row === undefined) return list(found, prefix, flags);
    return tell(db, recordOf(row), flags);
  });
}

function tell(db: Database, record: DecisionRecord, flags: Flags): 0 | 1 {
  const differences = flags.replay ? replay(record, inputsOf(db, record)) : null;
  if (flags.json) {
    const again = differences === null ? {} : { replay: { same: differences.length === 0, differences } };
    printJson({ ...record, ...again });
  } else sayLines(storyOf(record));
  if (differences === null) return 0;
  if (!flags.json)
    sayLines(
      differences.length === 0
        ? ['replayed: the same']
        : ['replayed: not the same', ...differences.map((one) => `  ${one}`)],
    );
  return differences.length === 0 ? 0 : 1;
}

function list(rows: readonly DecisionRow[], prefix: string, flags: Flags): 0 {
  const matches = rows.map(recordOf).map(({ rid, ts, model, answer }) => ({ rid, ts, model, ...answer }));
  if (flags.json) printJson({ matches });
  else {
    sayLines([
      `${rows.length === MOST_LISTED ? 'at least ' : ''}${rows.length} decisions begin with ${prefix}, newest first:`,
      ...matches.map(({ rid, ts, model, lane, status }) => `  ${rid}  ${momentOf(ts)}  ${model} → ${lane} ${status}`),
    ]);
  }
  if (flags.replay)
    throw new OperatorError(
      `nothing was replayed: ${rows.length} decisions begin with ${prefix}`,
      'give more of the id',
    );
  return 0;
}

/** As many as are read. */
const MOST_LISTED = 100;

function recordOf({ rid, json }: DecisionRow): DecisionRecord {
  const missing = missingFormOf(json);
  if (missing !== null)
    throw new OperatorError(
      `the record of ${rid} refers to ${missing}, which is not in the database`,
      'it was lost with an older file: ask for a newer request',
    );
  const record = parsed(json) as Partial<DecisionRecord> | null;
  if (record?.v !== 1 || record.route === undefined || record.steps === undefined || record.answer === undefined)
    throw new OperatorError(
      `the record of ${rid} is not one this program can read`,
      'use the version of this program that wrote it',
    );
  return record as DecisionRecord;
}

function inputsOf(db: Database, { config, rid }: DecisionRecord): RouteInputs {
  const inputs = parsed(readConfigVersion(db, config)?.json ?? 'null') as Partial<RouteInputs> | null;
  if (inputs?.lanes === undefined || inputs.routes === undefined)
    throw new OperatorError(
      `the configuration ${config} that ${rid} was decided under is not in ${db.path}`,
      'it can be read but not replayed: leave out --replay',
    );
  return inputs as RouteInputs;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

function notFound(prefix: string, path: string): OperatorError {
  return new OperatorError(
    `no decision in ${path} has an id that begins with ${prefix}`,
    'only requests that ask a model to answer are kept: for 8 days, for 3 where anything stood in the way; check x-ccp-rid of the answer',
  );
}

function sayLines(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${printable(line)}\n`).join(''));
}
