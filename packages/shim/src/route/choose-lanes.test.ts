import { describe, expect, it } from 'vitest';
import type { ConfigSnapshot } from '../config/catalog.ts';
import { describeProblem } from '../config/config-problem.ts';
import { noQuotas } from '../config/built-in.ts';
import { parseCatalog } from '../config/load-catalog.ts';
import { readSettings } from '../config/settings.ts';
import { chooseLanes, type LaneChoice, type RoutePolicy, type RouteQuestion } from './choose-lanes.ts';

const SET_KEYS = { ZAI_KEY: 'z', OPENAI_KEY: 'o' };
const PROVIDERS = {
  anthropic: { base_url: 'https://api.anthropic.com', pass_through: true },
  zai: { base_url: 'https://api.z.ai/api/anthropic', key_env: 'ZAI_KEY', requires: 'zai_offload' },
  openai: { base_url: 'http://openai.test', key_env: 'OPENAI_KEY' },
};
const OFFLOAD = [
  { pattern: 'claude-haiku*', provider: 'zai' },
  { pattern: '*', provider: 'anthropic' },
];

interface World {
  readonly providers?: Readonly<Record<string, object>>;
  readonly routes?: readonly object[];
  readonly env?: Readonly<Record<string, string>>;
  readonly manualModel?: string;
  readonly policy?: Partial<RoutePolicy>;
  readonly question?: Partial<RouteQuestion>;
}

function choose(model: string, world: World = {}): LaneChoice & { ids: string[] } {
  const text = JSON.stringify({ providers: world.providers ?? PROVIDERS, routes: world.routes ?? OFFLOAD });
  const settings = readSettings({}, { HOME: '/nowhere', ...(world.env ?? SET_KEYS) });
  const catalog = parseCatalog('providers.yaml', text, settings, 0);
  if (!('lanes' in catalog)) throw new Error(describeProblem(catalog));
  const config: ConfigSnapshot = { catalog, quotas: noQuotas(0), manualModel: world.manualModel ?? null };
  const policy = {
    offloadPaused: false,
    forceHaikuToZai: false,
    isEntitled: () => true,
    ownOrigins: new Set<string>(),
    ...world.policy,
  };
  const choice = chooseLanes({ model, stream: true, subagent: false, ...world.question }, config, policy);
  return { ...choice, ids: choice.lanes.map(({ lane }) => lane.id) };
}

const unlicensed = { isEntitled: () => false };

describe('chooseLanes', () => {
  it('takes the first matching route in file order, later ones as fallbacks', () => {
    expect(choose('claude-haiku-4.5')).toMatchObject({
      ids: ['zai', 'anthropic'],
      decision: 'forced_model',
      reason: 'route claude-haiku* → zai',
      skipped: [],
    });
    expect(choose('claude-sonnet-4-5')).toMatchObject({ ids: ['anthropic'], decision: 'pass_through' });
    expect(choose('claude-haiku-4.5', { routes: OFFLOAD.toReversed() }).ids).toEqual(['anthropic', 'zai']);
  });

  it('takes an explicit fallback list instead of the later routes, once per lane', () => {
    const routes = [{ pattern: '*haiku*', provider: 'zai', fallback: ['openai', 'zai', 'openai'] }, ...OFFLOAD];
    expect(choose('claude-haiku-4.5', { routes }).ids).toEqual(['zai', 'openai']);
  });

  it('has no fallback when the list is empty', () => {
    const routes = [{ pattern: '*haiku*', provider: 'zai', fallback: [] }, ...OFFLOAD];
    expect(choose('claude-haiku-4.5', { routes }).ids).toEqual(['zai']);
  });

  it('names each lane once among implied fallbacks', () => {
    const routes = [...OFFLOAD, { pattern: 'claude-*', provider: 'zai' }, { pattern: '*', provider: 'openai' }];
    expect(choose('claude-haiku-4.5', { routes }).ids).toEqual(['zai', 'anthropic', 'openai']);
  });

  it('understands "anth" as the originals wrote it', () => {
    const routes = [{ pattern: '*', provider: 'zai', fallback: ['anth'] }];
    expect(choose('claude-haiku-4.5', { routes }).ids).toEqual(['zai', 'anthropic']);
  });

  it('skips a lane the license lacks, and says so', () => {
    const choice = choose('claude-haiku-4.5', { policy: unlicensed });
    expect(choice).toMatchObject({ ids: ['anthropic'], decision: 'license_block' });
    expect(choice.skipped).toEqual([{ lane: 'zai', reason: 'license_block: needs zai_offload' }]);
    expect(choice.reason).toContain('skipped zai (license_block: needs zai_offload)');
  });

  it('does not call it a license block when only a fallback lacked it', () => {
    const routes = [{ pattern: '*', provider: 'anthropic', fallback: ['zai'] }];
    const choice = choose('claude-sonnet-4-5', { routes, policy: unlicensed });
    expect(choice).toMatchObject({ ids: ['anthropic'], decision: 'pass_through' });
    expect(choice.skipped).toHaveLength(1);
  });

  it('skips a lane without its key, and names the variable', () => {
    const choice = choose('claude-haiku-4.5', { env: {} });
    expect(choice).toMatchObject({ ids: ['anthropic'], decision: 'pass_through' });
    expect(choice.skipped).toEqual([{ lane: 'zai', reason: 'missing_key: set ZAI_KEY' }]);
  });

  it('skips a lane that points back at this process', () => {
    const own = { policy: { ownOrigins: new Set(['https://api.anthropic.com']) } };
    const choice = choose('claude-haiku-4.5', own);
    expect(choice.ids).toEqual(['zai']);
    expect(choice.skipped).toEqual([{ lane: 'anthropic', reason: 'self_loop: base_url points at this shim' }]);
    expect(choose('claude-sonnet-4-5', { ...own, env: {} })).toMatchObject({ ids: [], skipped: [{}] });
  });

  it('goes on to a pass-through lane when no route matches or no wanted lane is usable', () => {
    const onlyHaiku = [{ pattern: 'claude-haiku*', provider: 'zai' }];
    expect(choose('gpt-5', { routes: onlyHaiku })).toMatchObject({
      ids: ['anthropic'],
      decision: 'pass_through',
      reason: 'no route matches; instead anthropic',
    });
    expect(choose('claude-haiku-4.5', { routes: onlyHaiku, env: {} })).toMatchObject({
      ids: ['anthropic'],
      reason: 'route claude-haiku* → zai; instead anthropic; skipped zai (missing_key: set ZAI_KEY)',
    });
    expect(choose('gpt-5', { routes: [] }).ids).toEqual(['anthropic']);
  });

  it('answers no lane, with every reason, when nothing is usable', () => {
    const { anthropic: _, ...keyed } = PROVIDERS;
    const choice = choose('claude-haiku-4.5', {
      providers: keyed,
      routes: [{ pattern: '*', provider: 'zai', fallback: ['openai'] }],
      env: {},
    });
    expect(choice).toMatchObject({ ids: [], decision: 'pass_through' });
    expect(choice.skipped.map(({ lane }) => lane)).toEqual(['zai', 'openai']);
    expect(choice.reason).toContain('missing_key: set OPENAI_KEY');
  });

  it('uses only pass-through lanes while paused, also for models routed elsewhere', () => {
    expect(choose('claude-haiku-4.5', { policy: { offloadPaused: true, forceHaikuToZai: true } })).toMatchObject({
      ids: ['anthropic'],
      decision: 'failover_paused',
    });
  });

  it('forces Haiku to Z.AI, and only Haiku', () => {
    const policy = { forceHaikuToZai: true };
    const routes = [{ pattern: '*', provider: 'anthropic' }];
    expect(choose('claude-3-5-HAIKU', { policy, routes })).toMatchObject({
      // The lanes it would have taken stay its fallbacks.
      ids: ['zai', 'anthropic'],
      decision: 'forced_model',
    });
    expect(choose('claude-sonnet-4-5', { policy, routes })).toMatchObject({
      ids: ['anthropic'],
      decision: 'pass_through',
    });
    expect(choose('claude-3-5-haiku', { policy, routes, env: {} }).ids).toEqual(['anthropic']);
    expect(choose('claude-3-5-haiku', { policy: { ...policy, ...unlicensed }, routes })).toMatchObject({
      ids: ['anthropic'],
      decision: 'license_block',
    });
  });

  it('routes by the manual model and sends the one that was asked for', () => {
    const choice = choose('claude-sonnet-4-5', { manualModel: 'claude-haiku-4.5' });
    expect(choice).toMatchObject({ ids: ['zai', 'anthropic'], decision: 'manual_override' });
    expect(choice.lanes.map(({ model }) => model)).toEqual(['claude-sonnet-4-5', 'claude-sonnet-4-5']);
  });

  it.each([
    [{ subagent: true }, { subagent: true }, 'zai'],
    [{ subagent: true }, { subagent: false }, 'anthropic'],
    [{ subagent: false }, { subagent: false }, 'zai'],
    [{ stream: false }, { stream: false }, 'zai'],
    [{ stream: false }, { stream: true }, 'anthropic'],
    [{ stream: true, subagent: true }, { stream: true, subagent: true }, 'zai'],
    [{ stream: true, subagent: true }, { stream: true, subagent: false }, 'anthropic'],
    [{}, {}, 'zai'],
  ])('a route with when %j, asked with %j, leads to %s', (when, question, lane) => {
    const routes = [
      { pattern: '*', provider: 'zai', when },
      { pattern: '*', provider: 'anthropic' },
    ];
    expect(choose('claude-sonnet-4-5', { routes, question }).ids[0]).toBe(lane);
  });

  it('gives each lane its own name for the model, first entry of its map first', () => {
    const providers = {
      ...PROVIDERS,
      zai: { ...PROVIDERS.zai, model_map: { 'claude-haiku*': 'glm-4.5-air', 'claude-*': 'glm-4.6' } },
    };
    const lanes = (model: string): string[] =>
      choose(model, { providers, routes: [{ pattern: '*', provider: 'zai', fallback: ['anthropic'] }] }).lanes.map(
        (one) => one.model,
      );
    expect(lanes('claude-haiku-4-5-20251001')).toEqual(['glm-4.5-air', 'claude-haiku-4-5-20251001']);
    expect(lanes('claude-opus-4')).toEqual(['glm-4.6', 'claude-opus-4']);
    expect(lanes('gpt-5')).toEqual(['gpt-5', 'gpt-5']);
  });
});
