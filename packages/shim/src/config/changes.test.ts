import { describe, expect, it } from 'vitest';
import type { ConfigSnapshot } from './catalog.ts';
import { describeChanges } from './changes.ts';
import { parseCatalog } from './load-catalog.ts';
import { parseQuotaConfig } from './load-quotas.ts';
import { readSettings } from './settings.ts';

function snapshot(providers: string, models: object, env: Record<string, string> = {}): ConfigSnapshot {
  const settings = readSettings({}, { HOME: '/nowhere', ...env });
  const catalog = parseCatalog('providers.yaml', providers, settings, 0);
  const quotas = parseQuotaConfig('quotas.json', JSON.stringify({ models }), 0);
  if (!('lanes' in catalog) || !('limits' in quotas)) throw new Error('not usable');
  return { catalog, quotas, manualModel: null };
}

const ONE = 'providers: {one: {base_url: "http://one", key_env: ONE_KEY}}\nroutes: [{pattern: "*", provider: one}]';

describe('describeChanges', () => {
  it('says nothing where nothing is different', () => {
    expect(describeChanges(snapshot(ONE, { m: {} }), snapshot(ONE, { m: {} }))).toEqual([]);
  });

  it('names what came, went and changed, each with old and new', () => {
    const before = snapshot(ONE, { m: { rolling_tokens: 100 }, gone: { rolling_tokens: 1 } });
    const two = ONE.replace('http://one"', 'http://uno", concurrency: 2');
    const after = snapshot(`${two}\nfeatures: {quota_shadow: true}`, {
      m: { rolling_tokens: 250, reserve: 'max_tokens' },
    });
    expect(describeChanges(before, after)).toEqual(
      expect.arrayContaining([
        'lane one.base_url: http://one → http://uno',
        'lane one.concurrency: none → 2',
        'quota m.rolling_tokens: 100 → 250',
        'quota m.reserve: learned → max_tokens',
        'quota gone.rolling_tokens: 1 → not there',
        'feature.quota_shadow: false → true',
      ]),
    );
  });

  it('tells that a key came, and never the key', () => {
    const lines = describeChanges(snapshot(ONE, {}), snapshot(ONE, {}, { ONE_KEY: 'the-secret' }));
    expect(lines).toEqual(['lane one.credential: missing_key: set ONE_KEY → set']);
  });
});
