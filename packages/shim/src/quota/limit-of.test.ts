import { describe, expect, it } from 'vitest';
import type { QuotaConfig } from '../config/catalog.ts';
import { parseQuotaConfig } from '../config/load-quotas.ts';
import { foldModel, modelMatcher } from '../route/glob.ts';
import { limitFinder } from './limit-of.ts';

const limitOf = limitFinder({ fold: foldModel, matcher: modelMatcher });

function configOf(models: Readonly<Record<string, { provider?: string }>>): QuotaConfig {
  const parsed = parseQuotaConfig('quotas.json', JSON.stringify({ models }), 0);
  if ('limits' in parsed) return parsed;
  throw new Error(parsed.message);
}

describe('limitFinder', () => {
  const config = configOf({
    'claude-*': {},
    'claude-haiku*': {},
    'claude-haiku-4.5': {},
    'claude-haiku-4-5-20251001': {},
    'glm-4.6': { provider: 'zai' },
    'glm-*': { provider: 'openrouter' },
    'org/*': { provider: 'anth' },
  });

  it.each([
    ['zai', 'claude-haiku-4.5', 'claude-haiku-4.5'],
    ['zai', 'claude-haiku-4-5-20251001', 'claude-haiku-4-5-20251001'],
    // The same model under other spellings, before any glob.
    ['zai', 'claude-haiku-4-5', 'claude-haiku-4.5'],
    ['zai', 'claude-haiku-4-5-20990101', 'claude-haiku-4.5'],
    ['zai', 'claude-haiku-4-5-latest', 'claude-haiku-4.5'],
    ['zai', 'Claude-Haiku-4.5[1m]', 'claude-haiku-4.5'],
    // Globs in file order, although a longer one would fit better.
    ['zai', 'claude-haiku-3.5', 'claude-*'],
    ['anthropic', 'claude-sonnet-4-5', 'claude-*'],
    // Only on their lane.
    ['zai', 'glm-4.6', 'glm-4.6'],
    ['openrouter', 'glm-4.6', 'glm-*'],
    ['anthropic', 'glm-4.6', null],
    ['anthropic', 'org/any/model', 'org/*'],
    ['zai', 'org/any/model', null],
    ['zai', 'gpt-5', null],
    ['zai', '', null],
  ])('on %s, %s is limited by %s', (lane, model, expected) => {
    expect(limitOf(config, lane, model)?.model ?? null).toBe(expected);
  });

  it('answers from the configuration it is asked about', () => {
    const other = configOf({ 'gpt-*': {} });
    expect(limitOf(other, 'zai', 'claude-haiku-4.5')).toBeNull();
    expect(limitOf(other, 'zai', 'gpt-5')?.model).toBe('gpt-*');
    expect(limitOf(config, 'zai', 'gpt-5')).toBeNull();
  });
});
