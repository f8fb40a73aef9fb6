import type { ValidPolicy } from '@ccp/contracts';
import type { Catalog, QuotaConfig } from './catalog.ts';
import type { ConfigProblem } from './config-problem.ts';
import { parseCatalog } from './load-catalog.ts';
import { isLoopback, type Settings } from './settings.ts';

export const BUILT_IN = '<built-in>';

/**
 * Used when there is no providers.yaml: everything goes to Anthropic with the client's own credential; once a Z.AI key
 * is set (and the license allows it), Haiku goes to Z.AI first.
 */
export function builtInCatalog(
  settings: Settings,
  nowTs: number,
  policy: ValidPolicy | null = null,
): Catalog | ConfigProblem {
  const { env } = settings;
  // The client points ANTHROPIC_BASE_URL at us, so that name must never choose our upstream: it would be ourselves.
  const anthropic = env['CCP_UPSTREAM_ANTH'] ?? 'https://api.anthropic.com';
  // A policy may move the lane that has a key of its own, never the one that carries the client's credential.
  const offered = policy?.policy.providers?.['zai'];
  const zai =
    env['CCP_UPSTREAM_ZAI'] ??
    env['ZAI_BASE_URL'] ??
    (isSafe(offered?.baseURL) ? offered?.baseURL : undefined) ??
    'https://api.z.ai/api/anthropic';
  const withZai = Boolean(env['ZAI_API_KEY']);
  const text = JSON.stringify({
    providers: {
      anthropic: { base_url: anthropic, pass_through: true, fallback_env: 'ANTHROPIC_AUTH_TOKEN' },
      ...(withZai && {
        zai: {
          base_url: zai,
          key_env: 'ZAI_API_KEY',
          header_mode: env['ZAI_HEADER_MODE'] ?? knownMode(offered?.headerMode) ?? 'x-api-key',
          requires: 'zai_offload',
          timeouts: { header_ms: 3_000_000 },
        },
      }),
    },
    routes: [
      ...(withZai ? [{ pattern: 'claude-haiku*', provider: 'zai', fallback: ['anthropic'] }] : []),
      { pattern: '*', provider: 'anthropic' },
    ],
  });
  const catalog = parseCatalog(BUILT_IN, text, settings, nowTs);
  if ('lanes' in catalog) return catalog;
  // Only environment values can make it unusable.
  const remedy = 'Check CCP_UPSTREAM_ANTH, CCP_UPSTREAM_ZAI, ZAI_BASE_URL and ZAI_HEADER_MODE in the environment';
  return { ...catalog, line: null, remedy };
}

function isSafe(url: string | undefined): boolean {
  const at = url !== undefined && URL.canParse(url) ? new URL(url) : null;
  return at !== null && (at.protocol === 'https:' || isLoopback(at.hostname));
}

function knownMode(mode: string | undefined): string | undefined {
  return mode === 'authorization' || mode === 'x-api-key' ? mode : undefined;
}

export const DEFAULT_ROLLING_S = 18_000;
export const DEFAULT_WEEKLY_S = 604_800;

/** Used when there is no quotas.json: everything is counted, nothing is capped. */
export function noQuotas(nowTs: number): QuotaConfig {
  return {
    path: '',
    rollingSeconds: DEFAULT_ROLLING_S,
    weeklySeconds: DEFAULT_WEEKLY_S,
    limits: [],
    loadedTs: nowTs,
    warnings: [],
  };
}
