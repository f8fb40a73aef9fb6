import { readFileSync } from 'node:fs';
import { parseProvidersConfig, type ProviderConfig } from '@ccp/contracts';
import { BUILT_IN } from '../../config/built-in.ts';
import type { Catalog } from '../../config/catalog.ts';
import { parseYaml } from '../../config/config-problem.ts';
import type { Environment } from '../../config/settings.ts';

/** Where a lane's credential comes from. Names and whether they are set; never a value. */
export interface Credential {
  readonly kind: 'pass_through' | 'key' | 'none';
  readonly env: string | null;
  readonly env_set: boolean | null;
  readonly fallback_env: string | null;
  readonly fallback_set: boolean | null;
}

/** Lanes keep their credentials only; the names of the variables stand in the file. */
export function credentialsOf(catalog: Catalog, env: Environment): ReadonlyMap<string, Credential> {
  const entries = catalog.path === BUILT_IN ? BUILT_IN_ENTRIES : entriesOf(catalog.path);
  return new Map([...catalog.lanes.keys()].map((id) => [id, credentialOf(entries[id], env)]));
}

export function credentialText(credential: Credential): string {
  const { kind, env, env_set: isSet, fallback_env: other, fallback_set: otherSet } = credential;
  const first = kind === 'pass_through' ? 'pass-through' : kind === 'key' ? `${env ?? ''} ${word(isSet)}` : 'none';
  return other === null ? first : `${first}, else ${other} ${word(otherSet)}`;
}

type Entry = Pick<ProviderConfig, 'pass_through' | 'key_env' | 'fallback_env' | 'scoped_env'>;

const BUILT_IN_ENTRIES: Readonly<Record<string, Entry>> = {
  anthropic: { pass_through: true, fallback_env: 'ANTHROPIC_AUTH_TOKEN' },
  zai: { key_env: 'ZAI_API_KEY' },
};

/** The file was parsed a moment ago to make the catalogue; if it has changed since, nothing is said about it. */
function entriesOf(file: string): Readonly<Record<string, Entry>> {
  try {
    const document = parseYaml(file, readFileSync(file, 'utf8'));
    const parsed = 'value' in document ? parseProvidersConfig(document.value) : null;
    return parsed?.ok === true ? parsed.value.providers : {};
  } catch {
    return {};
  }
}

function credentialOf(entry: Entry = {}, env: Environment): Credential {
  const passes = entry.pass_through === true;
  const name = passes ? null : (entry.scoped_env?.[env['CCP_PROFILE'] ?? 'prod'] ?? entry.key_env ?? null);
  const other = entry.fallback_env || null;
  return {
    kind: passes ? 'pass_through' : name === null ? 'none' : 'key',
    env: name,
    env_set: name === null ? null : Boolean(env[name]),
    fallback_env: other,
    fallback_set: other === null ? null : Boolean(env[other]),
  };
}

function word(isSet: boolean | null): string {
  return isSet === true ? 'set' : 'missing';
}
