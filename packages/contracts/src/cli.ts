#!/usr/bin/env node
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import type { BreakingChange } from './breaking-change.ts';
import { findBreakingChanges } from './compat.ts';
import { addConformance } from './conformance/command.ts';
import { readRows, readSchemas, readSchemasIfAny, UnusableInput } from './documents.ts';
import { schemaNames } from './generated/schemas.ts';
import type { SchemaName } from './generated/schemas.ts';
import { openApi } from './openapi.ts';
import { CONTRACT_VERSION, parse } from './parse.ts';

interface Options {
  readonly released: string;
  readonly schemas: string;
  readonly json?: true;
}

const FAILED = 1;
const UNUSABLE = 2;

process.exitCode = await main(process.argv);

async function main(argv: readonly string[]): Promise<number> {
  let code = 0;
  const done = (result: number): void => void (code = result);
  const program = new Command('contracts')
    .description('Compare, release and apply the contracts between shim and tracker')
    .exitOverride();
  withFolders(program.command('check'))
    .description('compare the schemas with the released ones; exit 1 when a change breaks somebody')
    .action(async (options: Options) => done(await check(options)));
  withFolders(program.command('release'))
    .description('freeze the schemas as released; refuses while a change breaks somebody')
    .action(async (options: Options) => done(await release(options)));
  program
    .command('validate')
    .description('check a JSON or JSON Lines file against a schema; exit 1 when it does not follow it')
    .argument('<schema>', `one of: ${schemaNames.join(', ')}`)
    .argument('<file>', 'a .json file, or a .jsonl file with one document per line')
    .option('--json', 'print the problems as JSON')
    .action(async (schema: string, file: string, options: { json?: true }) => {
      done(await validate(schema, file, options.json ?? false));
    });
  program
    .command('openapi')
    .description('print the OpenAPI 3.1 document of the shim; a running one serves it at /openapi.json')
    .option('--server <url>', 'where the shim answers', 'http://127.0.0.1:8082')
    .action(({ server }: { server: string }) => print(JSON.stringify(openApi(server, CONTRACT_VERSION), null, 2)));
  addConformance(program, done);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : UNUSABLE;
    if (!(error instanceof UnusableInput)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    return UNUSABLE;
  }
  return code;
}

function withFolders(command: Command): Command {
  const folder = (name: string): string => fileURLToPath(new URL(`../${name}/${CONTRACT_VERSION}/`, import.meta.url));
  return command
    .option('--released <dir>', 'folder of the released schemas', folder('released'))
    .option('--schemas <dir>', 'folder of the current schemas', folder('schemas'))
    .option('--json', 'print the result as JSON');
}

async function check({ released, schemas, json }: Options): Promise<number> {
  const [before, after] = [await readSchemas(released), await readSchemas(schemas)];
  const changes = findBreakingChanges(before, after);
  const added = Object.keys(after).filter((name) => !(name in before));
  if (json) {
    print(JSON.stringify({ ok: changes.length === 0, compared: Object.keys(before).length, added, changes }));
  } else {
    printChanges(changes);
    if (changes.length === 0) print(`${Object.keys(before).length} schemas compared: nothing breaks`);
    for (const name of added) print(`${name}: new since the release`);
  }
  return changes.length === 0 ? 0 : FAILED;
}

async function release({ released, schemas, json }: Options): Promise<number> {
  const after = await readSchemas(schemas);
  await mkdir(released, { recursive: true });
  const before = await readSchemasIfAny(released);
  const changes = findBreakingChanges(before, after);
  if (changes.length > 0) {
    if (json) print(JSON.stringify({ ok: false, changes }));
    else printChanges(changes);
    process.stderr.write('error: nothing was released; undo what breaks, or start a new version\n');
    return FAILED;
  }
  const names = Object.keys(after);
  for (const name of names) await copyFile(join(schemas, `${name}.schema.json`), join(released, `${name}.schema.json`));
  print(json ? JSON.stringify({ ok: true, released: names }) : `${names.length} schemas released to ${released}`);
  return 0;
}

async function validate(schema: string, file: string, json: boolean): Promise<number> {
  if (!isSchemaName(schema)) {
    throw new UnusableInput(`no schema is called ${schema}; use one of: ${schemaNames.join(', ')}`);
  }
  const rows = await readRows(file);
  const problems = rows.flatMap(({ line, value }) => {
    const result = parse(schema, value);
    return result.ok ? [] : result.problems.map((problem) => ({ ...(line !== undefined && { line }), ...problem }));
  });
  if (json) {
    print(JSON.stringify({ ok: problems.length === 0, documents: rows.length, problems }));
  } else {
    for (const { line, path, reason } of problems) {
      print(`${file}${line === undefined ? '' : `:${line}`}: ${path || 'the document'} ${reason}`);
    }
    if (problems.length === 0) print(`${file}: ${rows.length} of ${rows.length} documents follow ${schema}`);
  }
  return problems.length === 0 ? 0 : FAILED;
}

function printChanges(changes: readonly BreakingChange[]): void {
  for (const { schema, pointer, what, remedy } of changes) {
    print(`${schema} ${pointer || '/'}: ${what}\n  remedy: ${remedy}`);
  }
}

function isSchemaName(name: string): name is SchemaName {
  return (schemaNames as readonly string[]).includes(name);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
