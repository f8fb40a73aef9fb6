import { readFileSync, readdirSync } from 'node:fs';
import { missingFields, parse, unknownFields } from '@ccp/contracts';
import type { SchemaName } from '@ccp/contracts';
import { describe, expect, it } from 'vitest';
import { parseCatalog } from './config/load-catalog.ts';
import { parseQuotaConfig } from './config/load-quotas.ts';
import { readSettings } from './config/settings.ts';
import { startRig } from './testing/rig.ts';

// The tracker reads the same files, in its contract-fixtures.test.ts: what one side takes for right the other one must.
const FIXTURES = new URL('../../../fixtures/contracts/v1/', import.meta.url);

function texts(kind: 'valid' | 'invalid', schema: SchemaName): (readonly [file: string, text: string])[] {
  const folder = new URL(`${kind}/${schema}/`, FIXTURES);
  return readdirSync(folder).map((file) => [file, readFileSync(new URL(file, folder), 'utf8')] as const);
}

const accepts = {
  'providers-config': (text: string) =>
    'lanes' in parseCatalog('providers.yaml', text, readSettings({}, { HOME: '/nowhere' }), 7),
  'quotas-config': (text: string) => 'limits' in parseQuotaConfig('quotas.json', text, 7),
};

describe.each(['providers-config', 'quotas-config'] as const)('the shim as reader of %s', (schema) => {
  it.each(texts('valid', schema))('takes %s', (_file, text) => {
    expect(accepts[schema](text)).toBe(true);
  });

  it.each(texts('invalid', schema))('refuses %s', (_file, text) => {
    expect(accepts[schema](text)).toBe(false);
  });
});

describe('the shim as writer', () => {
  const documents: readonly (readonly [path: string, schema: SchemaName, leftOut: RegExp])[] = [
    // What only a license, a reload, an earlier run or a request for a model brings; the full fixtures have it.
    ['/v1/usage', 'usage', /^\/(license|previous_epoch)/],
    ['/v1/usage/samples', 'samples', /^$/],
    ['/v1/usage/rollups?granularity=hour', 'rollups', /^$/],
    ['/v1/quotas', 'quotas', /^\/config\/(\$schema|models)/],
    ['/v1/readyz', 'readyz', /^\/(license|policy|source|error|providers\/\w+\/error)/],
    ['/v1/usage/samples?limit=none', 'error', /^\/request_id$/],
  ];

  it.each(documents)('%s says what the full fixture of %s shows, and nothing else', async (path, schema, leftOut) => {
    await using rig = await startRig({ quotas: { models: { 'claude-sonnet*': { rolling_tokens: 1_000_000 } } } });
    await rig.ask();
    await rig.ask({ stream: false });
    await rig.completions(2);
    const document: unknown = JSON.parse((await rig.get(path)).text);
    expect(parse(schema, document)).toMatchObject({ ok: true });
    expect(unknownFields(schema, document)).toEqual([]);
    expect(missingFields(schema, document).filter((pointer) => !leftOut.test(pointer))).toEqual([]);
  });
});
