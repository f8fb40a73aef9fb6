#!/usr/bin/env node
// Part of the build: writes one validator for each schema to dist/generated/validators/, compiled to plain code, so that no
// program has to load a compiler and compile before it can read its first document. Usage: see --help.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HELP = `Usage: compile-validators.mjs [options]

Compile every schema to a module of its own. Needs dist/ as tsc writes it.

Options:
  --out DIR   write to DIR (dist/generated/validators)
  --json      print {out, files, bytes}
  --help      print this text`;
const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(PACKAGE, 'dist', 'generated', 'validators') },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(HELP);
else await compileAll(values);

async function compileAll({ out, json }) {
  const { schemas } = await import('../dist/generated/schemas.js');
  const { schemaCompiler } = await import('../dist/schema-compiler.js');
  const { default: standaloneCode } = createRequire(import.meta.url)('ajv/dist/standalone');
  const compiler = schemaCompiler({ source: true, optimize: 1 });
  mkdirSync(out, { recursive: true });
  let bytes = 0;
  for (const [name, { $id }] of Object.entries(schemas)) {
    const code = standaloneCode(compiler, compiler.getSchema($id));
    bytes += Buffer.byteLength(code);
    writeFileSync(join(out, `${name}.cjs`), code);
  }
  // A schema that is gone takes its validator with it.
  for (const file of readdirSync(out)) if (!(file.replace(/\.cjs$/u, '') in schemas)) rmSync(join(out, file));
  if (json) console.log(JSON.stringify({ out, files: Object.keys(schemas).length, bytes }));
}
