import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isObject } from './schema-view.ts';
import type { JsonSchema } from './generated/schemas.ts';

/** Input that cannot be used at all; the message is one line and says what to do. */
export class UnusableInput extends Error {}

/** One JSON value of a file, and the line it began on; a file that is one value has no lines. */
export interface Row {
  readonly line?: number;
  readonly value: unknown;
}

const SUFFIX = '.schema.json';

/** Reads every `*.schema.json` of a folder, at least one. @throws {@link UnusableInput} */
export async function readSchemas(dir: string): Promise<Record<string, JsonSchema>> {
  const found = await readSchemasIfAny(dir);
  if (Object.keys(found).length > 0) return found;
  throw new UnusableInput(`${dir} holds no *${SUFFIX} file; name a folder that does`);
}

/** Reads every `*.schema.json` of a folder. @throws {@link UnusableInput} */
export async function readSchemasIfAny(dir: string): Promise<Record<string, JsonSchema>> {
  const files = await readdir(dir).catch(() => {
    throw new UnusableInput(`cannot read the folder ${dir}; name one that holds *${SUFFIX} files`);
  });
  const names = files.filter((file) => file.endsWith(SUFFIX)).toSorted();
  const found: Record<string, JsonSchema> = {};
  for (const file of names) {
    const value = parsed(await readText(join(dir, file)), join(dir, file));
    if (!isObject(value)) throw new UnusableInput(`${join(dir, file)}: a schema must be a JSON object`);
    found[basename(file, SUFFIX)] = value;
  }
  return found;
}

/** Reads a JSON file, or a JSON Lines file (`.jsonl`, `.ndjson`) without its blank lines. @throws {@link UnusableInput} */
export async function readRows(path: string): Promise<Row[]> {
  const text = await readText(path);
  if (!/\.(jsonl|ndjson)$/.test(path)) return [{ value: parsed(text, path) }];
  return text.split('\n').flatMap((row, index) => {
    const line = index + 1;
    return row.trim() === '' ? [] : [{ line, value: parsed(row, `${path}:${line}`) }];
  });
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UnusableInput(`cannot read ${path} (${error.code ?? error.message}); check the path`);
  });
}

function parsed(text: string, place: string): unknown {
  try {
    return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text) as unknown;
  } catch {
    // The parser's own message quotes the text, which may hold a secret.
    throw new UnusableInput(`${place}: not valid JSON; correct it, or give a file that is`);
  }
}
