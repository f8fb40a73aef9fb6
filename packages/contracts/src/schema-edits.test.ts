import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as Ajv2020Module from 'ajv/dist/2020.js';
import type * as FormatsModule from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { CONTRACT_VERSION, findBreakingChanges } from './index.ts';
import type { BreakingChange, ChangeKind, JsonSchema } from './index.ts';

type Json = unknown;
type Schemas = Record<string, JsonSchema>;

/** RFC 6902. Paths of an edit begin with the name of a schema, so that a whole schema can come or go. */
interface Operation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy';
  readonly path: string;
  readonly from?: string;
  readonly value?: Json;
}

interface Edit {
  readonly name: string;
  readonly schema: string;
  readonly verdict: 'breaking' | 'additive';
  readonly kinds?: readonly ChangeKind[];
  /** Schema the report names, where it is not the edited one. */
  readonly reported?: string;
  readonly edit: readonly Operation[];
  /** A document that follows the schemas it was written for and is refused by the others. */
  readonly witness?: { written_for: 'released' | 'edited'; fixture: string; patch: readonly Operation[] };
  /** Why it breaks somebody although no validator would notice. */
  readonly why?: string;
}

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const FIXTURES = fileURLToPath(new URL(`../../../fixtures/contracts/${CONTRACT_VERSION}/`, import.meta.url));
const RELEASED = join(PACKAGE, 'released', CONTRACT_VERSION);
const released: Schemas = Object.fromEntries(
  readdirSync(RELEASED).map((file) => [basename(file, '.schema.json'), readJson(join(RELEASED, file)) as JsonSchema]),
);
const breaking = readJson(join(FIXTURES, 'edits', 'breaking.json')) as Edit[];
const additive = readJson(join(FIXTURES, 'edits', 'additive.json')) as Edit[];

describe('edits of the released schemas', () => {
  it('are at least 30 that break and 30 that add, each of another name', () => {
    expect(breaking.every(({ verdict }) => verdict === 'breaking') && breaking.length).toBeGreaterThanOrEqual(30);
    expect(additive.every(({ verdict }) => verdict === 'additive') && additive.length).toBeGreaterThanOrEqual(30);
    const names = [...breaking, ...additive].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(breaking)('$schema: $name breaks', ({ edit, schema, reported, kinds }) => {
    const changes = findBreakingChanges(released, patched(released, edit));
    expect(changes.map((change) => change.schema)).toContain(reported ?? schema);
    if (kinds) expect([...new Set(changes.map(({ kind }) => kind))].toSorted()).toEqual([...kinds].toSorted());
  });

  it.each(additive)('$schema: $name only adds', ({ edit }) => {
    const edited = patched(released, edit);
    expect(edited).not.toEqual(released);
    expect(findBreakingChanges(released, edited)).toEqual([]);
  });
});

describe('that the verdicts are right, asked of a validator that knows nothing of ours', () => {
  it.each(breaking.filter(({ witness }) => witness))('$schema: $name: the document of it is refused', (entry) => {
    const { fixture, patch, written_for } = entry.witness!;
    const [schema] = fixture.split('/', 1);
    const document = patched(readJson(join(FIXTURES, 'valid', `${fixture}.json`)), patch);
    const edited = patched(released, entry.edit);
    const [own, other] = written_for === 'released' ? [released, edited] : [edited, released];
    expect(refusals(own, schema!, document)).toEqual([]);
    expect(refusals(other, schema!, document)).not.toEqual([]);
  });

  it('those without such a document say why', () => {
    const unexplained = breaking.filter(({ witness, why }) => !witness && !why);
    expect(unexplained.map(({ name }) => name)).toEqual([]);
  });

  it.each(additive)('$schema: $name: every valid fixture of it is still accepted', ({ edit, schema }) => {
    const edited = patched(released, edit);
    const folder = join(FIXTURES, 'valid', schema);
    for (const file of readdirSync(folder)) {
      const document = readJson(join(folder, file));
      expect([file, refusals(edited, schema, document)]).toEqual([file, []]);
    }
  });
});

describe('contracts check, as a program', () => {
  it.each([
    ['breaks', breaking, 1],
    ['adds', additive, 0],
  ] as const)('leaves with the right code where all of one kind come at once: %s', (_name, edits, code) => {
    const folder = mkdtempSync(join(tmpdir(), 'ccp-edits-'));
    try {
      // Those that replace what another one edits can't be applied to the same copy.
      let edited: Schemas = released;
      let applied = 0;
      for (const { edit } of edits) {
        const next = tried(() => patched(edited, edit));
        if (next) applied += 1;
        edited = next ?? edited;
      }
      expect(applied).toBeGreaterThan(edits.length / 2);
      for (const [name, schema] of Object.entries(edited)) {
        writeFileSync(join(folder, `${name}.schema.json`), JSON.stringify(schema));
      }
      const { status, stdout } = check(folder);
      const result = JSON.parse(stdout) as { ok: boolean; changes: BreakingChange[] };
      expect({ status, ok: result.ok, first: code === 0 ? result.changes[0] : undefined }).toEqual({
        status: code,
        ok: code === 0,
        first: undefined,
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

function check(schemas: string): { status: number | null; stdout: string } {
  const tsx = pathToFileURL(createRequire(join(PACKAGE, '..', '..', 'package.json')).resolve('tsx')).href;
  const args = ['--import', tsx, join(PACKAGE, 'src', 'cli.ts'), 'check', '--schemas', schemas, '--json'];
  return spawnSync(process.execPath, args, { encoding: 'utf8' });
}

function refusals(set: Schemas, schema: string, document: Json): string[] {
  const require = createRequire(import.meta.url);
  const { Ajv2020 } = require('ajv/dist/2020.js') as typeof Ajv2020Module;
  const { default: formats } = require('ajv-formats') as typeof FormatsModule;
  const ajv = formats.default(new Ajv2020({ strict: false, validateSchema: false }));
  ajv.addSchema(Object.values(set));
  const validate = ajv.getSchema(`urn:ccp:${CONTRACT_VERSION}:${schema}`);
  if (!validate) throw new Error(`no schema is called ${schema}`);
  return validate(document) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

function readJson(path: string): Json {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function tried<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

function patched<T>(document: T, operations: readonly Operation[]): T {
  const copy = structuredClone(document);
  for (const { op, path, from, value } of operations) {
    const moved = from === undefined ? value : structuredClone(get(copy, from));
    if (op === 'move') put(copy, 'remove', from!);
    put(copy, op, path, structuredClone(moved));
  }
  return copy;
}

function get(root: Json, path: string): Json {
  return stepsOf(path).reduce<Json>((node, key) => own(node, key, path), root);
}

function put(root: Json, op: Operation['op'], path: string, value?: Json): void {
  const steps = stepsOf(path);
  const last = steps.pop()!;
  const parent = steps.reduce<Json>((node, key) => own(node, key, path), root) as Record<string, Json>;
  if (op === 'remove' || op === 'replace') own(parent, last, path);
  if (Array.isArray(parent)) {
    const at = last === '-' ? parent.length : Number(last);
    if (op === 'remove' || op === 'replace') parent.splice(at, 1);
    if (op !== 'remove') parent.splice(at, 0, value);
  } else if (op === 'remove') Reflect.deleteProperty(parent, last);
  else parent[last] = value;
}

function own(node: Json, key: string, path: string): Json {
  if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) throw new Error(`nothing at ${path}`);
  return (node as Record<string, Json>)[key];
}

function stepsOf(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
