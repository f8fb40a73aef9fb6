import { parseProvidersConfig, type ProvidersConfig } from '@ccp/contracts';
import type { Catalog, Lane, Route, RouteCondition, Weights } from './catalog.ts';
import { parseYaml, type ConfigProblem, type LocatedDocument } from './config-problem.ts';
import { mergeFeatureFlags } from './feature-flags.ts';
import { LONGEST_TIMER_MS, type Settings, type Timeouts } from './settings.ts';

type ProviderEntry = ProvidersConfig['providers'][string];

/**
 * `providers.yaml` → lanes and routes. Unknown keys are kept and reported as warnings; what can't be used at all is a
 * problem with its line and remedy.
 */
export function parseCatalog(file: string, text: string, settings: Settings, nowTs: number): Catalog | ConfigProblem {
  const document = parseYaml(file, text);
  if (!('value' in document)) return document;
  const parsed = parseProvidersConfig(document.value);
  if (!parsed.ok) {
    const first = parsed.problems[0];
    const path = first?.path ?? '';
    return {
      file,
      line: document.lineOf(path),
      message: `${path || 'the file'} ${first?.reason ?? 'is not usable'}`,
      remedy: 'See "Providers and routes" in the README for the keys',
    };
  }
  const config = parsed.value;
  const at = (pointer: string): number | null => document.lineOf(pointer);
  const warnings = unknownKeys(file, config, at);
  const lanes = new Map<string, Lane>();
  for (const [id, entry] of Object.entries(config.providers)) {
    if (!/^[\x21-\x7e]+$/.test(id)) {
      const message = `providers.${id} is not a name of visible ASCII characters`;
      return {
        file,
        line: at('/providers'),
        message,
        remedy: 'Answers carry it in a header: use letters, digits, dots and dashes',
      };
    }
    const lane = toLane(id, entry, settings);
    if (typeof lane === 'string') {
      return {
        file,
        line: at(`/providers/${id}/base_url`),
        message: `providers.${id}.base_url ${lane}`,
        remedy: 'Write a URL such as https://api.anthropic.com',
      };
    }
    lanes.set(id, lane);
  }
  const routes = toRoutes({ file, config, lanes, document });
  if (!Array.isArray(routes)) return routes;
  const features = mergeFeatureFlags(
    settings.features,
    (config['features'] as Record<string, unknown> | undefined) ?? {},
  );
  for (const name of features.unknown) {
    warnings.push({
      file,
      line: at(`/features/${name}`),
      message: `features.${name} is not a known feature with true or false`,
      remedy: 'Remove it or correct its name',
    });
  }
  return { path: file, lanes, routes, features: features.flags, loadedTs: nowTs, warnings };
}

/** Lane ids the originals used for the same provider. */
export function canonicalLane(id: string, lanes: ReadonlyMap<string, unknown>): string {
  return id === 'anth' && !lanes.has('anth') ? 'anthropic' : id;
}

function toLane(id: string, entry: ProviderEntry, settings: Settings): Lane | string {
  const base = normaliseBase(entry.base_url);
  if (base === null) return `"${entry.base_url}" is not an http or https URL`;
  const keyEnv = entry.scoped_env?.[settings.env['CCP_PROFILE'] ?? 'prod'] ?? entry.key_env ?? null;
  const passThrough = entry.pass_through === true;
  const key = keyEnv === null ? null : settings.env[keyEnv] || null;
  const fallbackKey = entry.fallback_env ? settings.env[entry.fallback_env] || null : null;
  return {
    id,
    baseUrl: base.href,
    origin: base.origin,
    basePath: base.path,
    passThrough,
    headerMode: entry.header_mode === 'authorization' || entry.header_mode === 'bearer' ? 'authorization' : 'x-api-key',
    credential: passThrough ? fallbackKey : (key ?? fallbackKey),
    keyProblem:
      !passThrough && keyEnv !== null && key === null && fallbackKey === null ? `missing_key: set ${keyEnv}` : null,
    modelMap: Object.entries(entry.model_map ?? {}).map(([pattern, model]) => ({ pattern, model })),
    concurrency: entry.concurrency ?? null,
    overage: entry.overage ?? 'allow',
    price: toPrice(entry.price),
    requires: entry.requires ?? null,
    timeouts: withOverrides(settings.timeouts, entry),
  };
}

function toPrice(price: ProviderEntry['price']): Weights | null {
  if (price === undefined) return null;
  return {
    input: price.input_per_m ?? 0,
    output: price.output_per_m ?? 0,
    cacheWrite: price.cache_write_per_m ?? price.input_per_m ?? 0,
    cacheRead: price.cache_read_per_m ?? 0,
  };
}

function withOverrides(base: Timeouts, entry: ProviderEntry): Timeouts {
  const own = entry.timeouts ?? {};
  return {
    connectMs: bounded(own.connect_ms) ?? base.connectMs,
    headerMs: bounded(own.header_ms) ?? base.headerMs,
    jsonMs: bounded(own.header_ms) ?? base.jsonMs,
    idleMs: bounded(own.idle_ms) ?? base.idleMs,
    keepAliveMs: base.keepAliveMs,
  };
}

function bounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.min(ms, LONGEST_TIMER_MS);
}

/** Claude Code wants the base without `/v1/messages`, other routers with it: both are accepted. */
function normaliseBase(text: string): { href: string; origin: string; path: string } | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  const path = url.pathname.replace(/\/+$/, '').replace(/\/v1(\/messages)?$/, '');
  return { href: url.origin + path, origin: url.origin, path };
}

interface RouteSource {
  readonly file: string;
  readonly config: ProvidersConfig;
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly document: LocatedDocument;
}

function toRoutes({ file, config, lanes, document }: RouteSource): Route[] | ConfigProblem {
  const routes: Route[] = [];
  for (const [index, entry] of (config.routes ?? []).entries()) {
    const named = [entry.provider, ...(entry.fallback ?? [])];
    const missing = named.find((id) => !lanes.has(canonicalLane(id, lanes)));
    if (missing !== undefined) {
      return {
        file,
        line: document.lineOf(`/routes/${index}`),
        message: `routes[${index}] names the provider "${missing}", which is not defined`,
        remedy: `Add it under providers, or use one of: ${[...lanes.keys()].join(', ')}`,
      };
    }
    const when = toCondition(entry.when);
    if (typeof when === 'string') {
      return {
        file,
        line: document.lineOf(`/routes/${index}/when`),
        message: `routes[${index}].when ${when}`,
        remedy: 'Known conditions: subagent: true|false, stream: true|false',
      };
    }
    routes.push({
      pattern: entry.pattern,
      lane: canonicalLane(entry.provider, lanes),
      fallback: entry.fallback === undefined ? null : entry.fallback.map((id) => canonicalLane(id, lanes)),
      when,
    });
  }
  return routes;
}

/** An unknown condition is refused: matching anyway would send requests where the author did not mean them to go. */
function toCondition(when: unknown): RouteCondition | null | string {
  if (when === undefined || when === null) return null;
  const condition: { subagent?: boolean; stream?: boolean } = {};
  for (const [key, value] of Object.entries(when as Record<string, unknown>)) {
    if (key !== 'subagent' && key !== 'stream') return `has the unknown condition "${key}"`;
    if (typeof value !== 'boolean') return `.${key} must be true or false`;
    condition[key] = value;
  }
  return condition;
}

const KNOWN_TOP = ['providers', 'routes', 'features', '$schema', 'version'];
const KNOWN_PROVIDER = [
  'base_url',
  'pass_through',
  'key_env',
  'fallback_env',
  'header_mode',
  'scoped_env',
  'model_map',
  'concurrency',
  'overage',
  'requires',
  'timeouts',
  'price',
  'notes',
];
const KNOWN_ROUTE = ['pattern', 'provider', 'fallback', 'when'];

function unknownKeys(
  file: string,
  config: ProvidersConfig,
  lineOf: (pointer: string) => number | null,
): ConfigProblem[] {
  const found: { pointer: string; name: string }[] = [];
  const look = (value: object, known: readonly string[], prefix: string): void => {
    for (const key of Object.keys(value)) {
      if (!known.includes(key))
        found.push({ pointer: `${prefix}/${key}`, name: `${prefix}/${key}`.slice(1).replaceAll('/', '.') });
    }
  };
  look(config, KNOWN_TOP, '');
  for (const [id, entry] of Object.entries(config.providers)) look(entry, KNOWN_PROVIDER, `/providers/${id}`);
  for (const [index, entry] of (config.routes ?? []).entries()) look(entry, KNOWN_ROUTE, `/routes/${index}`);
  return found.map(({ pointer, name }) => ({
    file,
    line: lineOf(pointer),
    message: `${name} is not used by this version`,
    remedy: 'It is kept; remove it if it was a slip',
  }));
}
