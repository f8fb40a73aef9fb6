import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { openApi, parse, schemaNames } from './index.ts';

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, { operationId: string; responses: object }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

const document = openApi('http://127.0.0.1:8082', '0.1.0') as unknown as Document;

/** Every reference of a document. */
function references(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    key === '$ref' && typeof one === 'string' ? [one] : references(one),
  );
}

function at(pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>(
      (value, step) => (value as Record<string, unknown>)[step.replaceAll('~1', '/').replaceAll('~0', '~')],
      document,
    );
}

describe('the OpenAPI document', () => {
  it('has no reference that leads nowhere', () => {
    const all = references(document);
    expect(all.length).toBeGreaterThan(20);
    for (const reference of all) expect([reference, at(reference.slice(1))]).not.toContain(undefined);
  });

  it('holds only schemas of the contract, each reached from an answer', () => {
    const names = Object.keys(document.components.schemas);
    expect(names).toEqual(expect.arrayContaining(['error', 'quotas', 'readyz', 'rollups', 'samples', 'usage']));
    for (const name of names) expect(schemaNames).toContain(name);
  });

  it('judges a document as the contract does', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(document, 'openapi');
    const valid = { type: 'error', error: { type: 'not_found_error', message: 'no' } };
    for (const value of [valid, { type: 'error' }, {}]) {
      const isValid = ajv.validate({ $ref: 'openapi#/components/schemas/error' }, value);
      expect(isValid).toBe(parse('error', value).ok);
    }
  });

  it('gives every operation a name of its own and a success', () => {
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { responses } of operations)
      expect(Object.keys(responses).some((code) => code.startsWith('20'))).toBe(true);
  });
});
