import { describe, expect, it } from 'vitest';
import { missingFields, unknownFields } from './index.ts';

describe('unknownFields', () => {
  it('finds misspelt keys at any depth, and leaves free places alone', () => {
    const config = {
      providers: { 'a/b': { base_url: 'https://x', base_ulr: 'y', model_map: { 'claude-*': 'glm' } } },
      routes: [
        { pattern: '*', provider: 'a/b', when: { anything: { goes: 1 } }, cost_limit: { a: 1 } },
        { patern: 'x' },
      ],
      'ver~sion': 1,
    };
    expect(unknownFields('providers-config', config).toSorted()).toEqual([
      '/providers/a~1b/base_ulr',
      '/routes/1/patern',
      '/ver~0sion',
    ]);
  });

  it('takes the names of models as they come', () => {
    expect(unknownFields('quotas-config', { models: { 'any name': { warn_pct: 1 } } })).toEqual([]);
  });

  it('follows references into other documents', () => {
    expect(unknownFields('quotas', { config: { models: { m: { rolling_token: 1 } } } })).toEqual([
      '/config/models/m/rolling_token',
    ]);
  });

  it('has nothing to say about a value of another type', () => {
    for (const value of [null, 3, 'text', [], [{ a: 1 }]]) expect(unknownFields('error', value)).toEqual([]);
  });
});

describe('missingFields', () => {
  it('lists what a writer left out, required or not', () => {
    expect(missingFields('error', { type: 'error', error: { type: 'api_error' } })).toEqual([
      '/request_id',
      '/error/message',
    ]);
  });
});
