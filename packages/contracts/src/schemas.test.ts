import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as Ajv2020Module from 'ajv/dist/2020.js';
import { afterAll, describe, expect, it } from 'vitest';
import { schemaNames, schemas } from './index.ts';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const DIR = join(PACKAGE, 'schemas', 'v1');
const temp = mkdtempSync(join(tmpdir(), 'contracts-'));

afterAll(() => rmSync(temp, { recursive: true, force: true }));

function* nodes(value: unknown, pointer = ''): Generator<[string, Record<string, unknown>]> {
  if (typeof value !== 'object' || value === null) return;
  yield [pointer, value as Record<string, unknown>];
  for (const [key, item] of Object.entries(value)) yield* nodes(item, `${pointer}/${key}`);
}

function generate(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const script = join(PACKAGE, 'scripts', 'generate.mjs');
  return spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
}

describe.each(schemaNames)('schema %s', (name) => {
  it('is the published file, under its own id', () => {
    expect(schemas[name]).toEqual(JSON.parse(readFileSync(join(DIR, `${name}.schema.json`), 'utf8')));
    expect(schemas[name]['$id']).toBe(`urn:ccp:v1:${name}`);
  });

  it('is a valid JSON Schema 2020-12', () => {
    const { Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js') as typeof Ajv2020Module;
    const ajv = new Ajv2020();
    expect(ajv.validateSchema(schemas[name]) === true ? [] : ajv.errors).toEqual([]);
  });

  it('describes every field and is open to unknown ones', () => {
    const all = [...nodes(schemas[name])];
    expect(all.filter(([, node]) => node['additionalProperties'] === false)).toEqual([]);
    const fields = all.filter(([pointer]) => /\/properties\/[^/]+$/.test(pointer));
    expect(fields.filter(([, node]) => !/^.{4,}[.]$/.test(String(node['description'])))).toEqual([]);
  });
});

it.each(schemaNames.filter((name) => !name.endsWith('-config')))(
  'schema %s keeps its vocabularies open: readers meet words they do not know',
  (name) => {
    expect([...nodes(schemas[name])].filter(([, node]) => Array.isArray(node['enum']))).toEqual([]);
  },
);

describe('generated files', () => {
  it('match the schemas', () => {
    expect(generate('--check')).toMatchObject({ status: 0, stderr: '' });
  });

  it('are named when a schema has changed since', () => {
    const changed = join(temp, 'changed');
    cpSync(DIR, changed, { recursive: true });
    const file = join(changed, 'error.schema.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"request_id"', '"request_number"'));
    const { status, stderr } = generate('--check', '--schemas', changed);
    expect(status).toBe(1);
    expect(stderr).toMatch(/generated\/types\.ts does not match[^\n]*\n.*generated\/schemas\.ts does not match/);
  });

  it('are the same on every run', () => {
    for (const run of ['one', 'two']) expect(generate('--out', join(temp, run)).status).toBe(0);
    for (const file of readdirSync(join(temp, 'one'))) {
      expect(readFileSync(join(temp, 'one', file), 'utf8')).toBe(readFileSync(join(temp, 'two', file), 'utf8'));
    }
  });
});
