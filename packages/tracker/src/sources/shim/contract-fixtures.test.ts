import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseReadyz } from '@ccp/contracts';
import type { Readyz, UsageSamples } from '@ccp/contracts';
import { expect, onTestFinished, test } from 'vitest';
import type { Outcome } from '../../problem.ts';
import { askShim } from './ask-shim.ts';
import { readSamples } from './read-samples.ts';
import { readUsage } from './read-usage.ts';

// What the shim writes is held against the same files in its contract-fixtures.test.ts.
const FIXTURES = new URL('../../../../../fixtures/contracts/v1/', import.meta.url);
const options = { clock: (): number => 1_893_456_000.25 };

type Surface = 'usage' | 'samples' | 'readyz';

function texts(kind: 'valid' | 'invalid', surface: Surface): (readonly [name: string, text: string])[] {
  const folder = new URL(`${kind}/${surface}/`, FIXTURES);
  return readdirSync(folder).map(
    (file) => [`${surface}/${file}`, readFileSync(new URL(file, folder), 'utf8')] as const,
  );
}

const surfaces: readonly Surface[] = ['usage', 'samples', 'readyz'];
const valid = surfaces.flatMap((surface) => texts('valid', surface));
const invalid = surfaces.flatMap((surface) => texts('invalid', surface));
const expected = JSON.parse(readFileSync(new URL('invalid/expected.json', FIXTURES), 'utf8')) as Record<
  string,
  { path: string; reason: string }
>;

/** A server that answers everything with this text. */
async function serve(text: string): Promise<URL> {
  const server = createServer((_request, response) => response.writeHead(200).end(text));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

/** As the tracker reads that surface. */
async function read(name: string, text: string): Promise<Outcome<unknown>> {
  const base = await serve(text);
  if (name.startsWith('usage/')) return await readUsage(base, options);
  if (name.startsWith('readyz/')) {
    return await askShim<Readyz>(base, { path: 'v1/readyz', contract: 'readyz v1', parse: parseReadyz }, options);
  }
  for await (const page of readSamples(base, 0, options)) return page;
  throw new Error('nothing was read');
}

test.each(valid)('%s is read whole', async (name, text) => {
  const outcome = await read(name, text);
  expect(outcome).toMatchObject({ ok: true });
  if (!outcome.ok) return;
  const document: unknown = JSON.parse(text);
  if (name.startsWith('usage/')) expect(outcome.value).toMatchObject({ usage: document });
  else if (name.startsWith('readyz/')) expect(outcome.value).toMatchObject({ value: document });
  else {
    const all = Object.values((document as UsageSamples).models).flat();
    expect((outcome.value as { samples: unknown[] }).samples).toHaveLength(all.length);
  }
});

test.each(invalid)('%s is refused, with the place the contract names', async (name, text) => {
  const outcome = await read(name, text);
  expect(outcome).toMatchObject({ ok: false, problem: { code: 'not-usage-v1', pointer: expected[name]?.path } });
});
