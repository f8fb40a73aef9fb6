import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as Ajv2020Module from 'ajv/dist/2020.js';
import type * as FormatsModule from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { CONTRACT_VERSION, missingFields, parse, schemaNames, unknownFields } from './index.ts';
import type { SchemaName } from './index.ts';

const FIXTURES = new URL(`../../../fixtures/contracts/${CONTRACT_VERSION}/`, import.meta.url);

function readJson(url: URL): unknown {
  return JSON.parse(readFileSync(url, 'utf8'));
}

function fixtures(kind: 'valid' | 'invalid'): { schema: SchemaName; file: string; value: unknown }[] {
  return schemaNames.flatMap((schema) => {
    const dir = new URL(`${kind}/${schema}/`, FIXTURES);
    return readdirSync(dir).map((file) => ({ schema, file: `${schema}/${file}`, value: readJson(new URL(file, dir)) }));
  });
}

/** A validator that knows nothing of this package but the files it published. */
function validatorOf(folder: 'schemas' | 'released'): (schema: SchemaName, value: unknown) => string[] {
  const require = createRequire(import.meta.url);
  const { Ajv2020 } = require('ajv/dist/2020.js') as typeof Ajv2020Module;
  const { default: formats } = require('ajv-formats') as typeof FormatsModule;
  const ajv = formats.default(new Ajv2020({ strict: false }));
  const dir = new URL(`../${folder}/${CONTRACT_VERSION}/`, import.meta.url);
  for (const file of readdirSync(dir)) ajv.addSchema(readJson(new URL(file, dir)) as object);
  return (schema, value) => {
    const validate = ajv.getSchema(`urn:ccp:${CONTRACT_VERSION}:${schema}`);
    if (!validate) throw new Error(`${fileURLToPath(dir)} lacks ${schema}`);
    return validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
  };
}

const valid = fixtures('valid');
const invalid = fixtures('invalid');
const expected = readJson(new URL('invalid/expected.json', FIXTURES)) as Record<
  string,
  { path: string; reason: string }
>;

describe('valid fixtures', () => {
  const [current, released] = [validatorOf('schemas'), validatorOf('released')];

  it.each(valid)('$file is accepted by the parser and returned untouched', ({ schema, value }) => {
    const before = structuredClone(value);
    const result = parse(schema, value);
    expect(result).toEqual({ ok: true, value: before });
    expect(result.ok && result.value).toBe(value);
  });

  // Old documents against the current schemas, new documents against the released ones: both must pass, or the
  // change does not only add.
  it.each(valid)('$file follows the current and the released schema', ({ schema, value }) => {
    expect(current(schema, value)).toEqual([]);
    expect(released(schema, value)).toEqual([]);
  });

  it.each(schemaNames)(
    '%s has at least two, one of them full: every field the contract knows, and no other',
    (name) => {
      const own = valid.filter(({ schema }) => schema === name);
      expect(own.length).toBeGreaterThanOrEqual(2);
      const full = own.filter(({ file }) => /\/(full|completion)\.json$/.test(file));
      expect(full).toHaveLength(1);
      for (const { value } of full) {
        expect(unknownFields(name, value)).toEqual([]);
        expect(missingFields(name, value).filter((pointer) => !optionalHere.test(pointer))).toEqual([]);
      }
    },
  );
});

// Places of the full fixtures that leave a field out on purpose: an entry without a limit, a provider that answered.
const optionalHere = /^\/(config\/)?models\/claude-opus-\*\/|^\/providers\/anthropic\/error$/;

describe('invalid fixtures', () => {
  it.each(invalid)('$file is refused at the expected place', ({ schema, file, value }) => {
    const result = parse(schema, value);
    expect(result.ok).toBe(false);
    expect(result.ok ? [] : result.problems).toContainEqual(expected[file]);
  });

  it('are all named in the manifest, and it names no other', () => {
    expect(Object.keys(expected).toSorted()).toEqual(invalid.map(({ file }) => file).toSorted());
  });

  it('have one thing wrong each, so that the place is the reason of the refusal', () => {
    const several = invalid.filter(({ schema, value }) => {
      const result = parse(schema, value);
      return result.ok || result.problems.length > 1;
    });
    expect(several.map(({ file }) => file)).toEqual(['usage-event/empty-object.json']);
  });
});
