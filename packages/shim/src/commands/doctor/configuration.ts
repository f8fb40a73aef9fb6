import type { Catalog } from '../../config/catalog.ts';
import { describeProblem, type ConfigProblem } from '../../config/config-problem.ts';
import { catalogOnDisk, quotasOnDisk } from '../../config/config-store.ts';
import type { Settings } from '../../config/settings.ts';
import { nowTs } from '../config/settings-of.ts';
import { credentialsOf, credentialText } from '../providers/credentials.ts';
import { bad, good, warn, type Finding } from './finding.ts';

/** Both files as a shim started here would read them, and whether its keys are there; `catalog` null: not usable. */
export function configFindings(settings: Settings): {
  readonly catalog: Catalog | null;
  readonly findings: readonly Finding[];
} {
  const catalog = catalogOnDisk(settings, nowTs());
  const findings = 'lanes' in catalog ? catalogFindings(settings, catalog) : [unusable('providers', catalog)];
  return { catalog: 'lanes' in catalog ? catalog : null, findings: [...findings, ...quotaFindings(settings)] };
}

/** The lanes, and the names of their keys. Never a key. */
function catalogFindings(settings: Settings, catalog: Catalog): Finding[] {
  const where = catalog.path === settings.providersFile ? catalog.path : 'built-in catalogue';
  const keys = [...credentialsOf(catalog, settings.env)].map(([lane, credential]) => {
    const isThere = credential.kind === 'pass_through' || credential.env_set === true;
    const text = `${lane}: ${credentialText(credential)}`;
    return isThere ? good('key', text) : warn('key', text, 'set it where the shim is started, or leave it');
  });
  return [
    good('providers', `${where}: ${catalog.lanes.size} lanes, ${catalog.routes.length} routes`),
    ...catalog.warnings.map((one) => warn('providers', describeProblem(one), 'mend the file')),
    ...keys,
  ];
}

function quotaFindings(settings: Settings): Finding[] {
  const quotas = quotasOnDisk(settings, nowTs());
  if (!('limits' in quotas)) return [unusable('quotas', quotas)];
  const content =
    quotas.path === ''
      ? 'no file: everything is counted, nothing is capped'
      : `${quotas.path}: ${quotas.limits.length} limits`;
  return [
    good('quotas', content),
    ...quotas.warnings.map((one) => warn('quotas', describeProblem(one), 'mend the file')),
  ];
}

function unusable(check: string, problem: ConfigProblem): Finding {
  return bad(check, describeProblem(problem), 'mend it; the shim keeps the last good one until then');
}
