import { readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONTRACT_VERSION, parse, schemaNames, schemas } from './index.ts';

// Programs have validators the build compiled; these tests have them compiled from the schemas. Both must say the same.
const built = (await import(new URL('../dist/index.js', import.meta.url).href)) as { parse: typeof parse };
const FIXTURES = new URL(`../../../fixtures/contracts/${CONTRACT_VERSION}/`, import.meta.url);

describe.each(schemaNames)('the built validator of %s', (name) => {
  it('says of each fixture what the schema says, word for word', () => {
    for (const kind of ['valid', 'invalid']) {
      const dir = new URL(`${kind}/${name}/`, FIXTURES);
      const files = readdirSync(dir);
      expect(files.length).toBeGreaterThan(0);
      for (const file of files) {
        const value: unknown = JSON.parse(readFileSync(new URL(file, dir), 'utf8'));
        expect(built.parse(name, value)).toEqual(parse(name, value));
      }
    }
  });

  it('says the same of any JSON, and of any values in its own fields', () => {
    const fields = Object.keys(schemas[name]['properties'] ?? {});
    const own = fc.record(Object.fromEntries(fields.map((field) => [field, fc.jsonValue()])), { requiredKeys: [] });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), own), (value) => {
        expect(built.parse(name, value)).toEqual(parse(name, value));
      }),
      { numRuns: 50 },
    );
  });
});

it('a name no schema has is refused by both', () => {
  const name = 'nonsense' as (typeof schemaNames)[number];
  expect(() => parse(name, {})).toThrow('no schema is called nonsense');
  expect(() => built.parse(name, {})).toThrow('no schema is called nonsense');
});
