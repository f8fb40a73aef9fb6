import { createRequire } from 'node:module';
import type * as Ajv2020Module from 'ajv/dist/2020.js';
import type { AnySchema, CodeOptions } from 'ajv/dist/2020.js';
import type * as FormatsModule from 'ajv-formats';
import { schemas } from './generated/schemas.ts';

export type SchemaCompiler = InstanceType<typeof Ajv2020Module.Ajv2020>;

/**
 * Knows every schema and compiles each on demand. Loading the library and compiling a first schema takes about 100 ms, so
 * programs are built with validators that are compiled already (scripts/compile-validators.mjs).
 */
export function schemaCompiler(code: CodeOptions): SchemaCompiler {
  const require = createRequire(import.meta.url);
  const { Ajv2020 } = require('ajv/dist/2020.js') as typeof Ajv2020Module;
  const { default: addFormats } = require('ajv-formats') as typeof FormatsModule;
  const ajv = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    allErrors: true,
    // A test checks the schemas against the meta-schema; doing it here would triple the first compile.
    validateSchema: false,
    meta: false,
    code,
  });
  ajv.addKeyword('x-known-values');
  addFormats.default(ajv, ['date-time']);
  for (const schema of Object.values(schemas)) ajv.addSchema(schema as AnySchema);
  return ajv;
}
