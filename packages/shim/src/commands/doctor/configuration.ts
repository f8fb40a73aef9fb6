import type { Catalog } from '../../config/catalog.ts';
import { describeProblem, type ConfigProblem } from '../../config/config-problem.ts';
import { catalogOnDisk, quotasOnDisk } from '../../config/config-store.ts';
import type { Settings } from '../../config/settings.ts';
import { nowTs } from '../config/settings-of.ts';
import { credentialsOf, credentialText } from '../providers/credentials.ts';
import { bad, good, warn, type Finding } from './finding.ts';

/** Null: the file can't be used. */
export function catalogOf(settings: Settings): Catalog | null {
  const found = catalogOnDisk(settings, nowTs());
  return 'lanes' in found ? found : null;
}

/** Both files as a shim started here would read them, and whether its keys are there. Never a key. */
export function configFindings(settings: Settings, catalog: Catalog | null): Finding[] {
  const findings: Finding[] = [];
  const quotas = quotasOnDisk(settings, nowTs());
  if (catalog === null) findings.push(unusable('providers', catalogOnDisk(settings, nowTs()) as ConfigProblem));
  else {
    const where = catalog.path === settings.providersFile ? catalog.path : 'built-in catalogue';
    findings.push(good('providers', `${where}: ${catalog.lanes.size} lanes, ${catalog.routes.length} routes`));
    findings.push(...catalog.warnings.map((one) => warn('providers', describeProblem(one), 'mend the file')));
    for (const [lane, credential] of credentialsOf(catalog, settings.env)) {
      const isThere = credential.kind === 'pass_through' || credential.env_set === true;
      const text = `${lane}: ${credentialText(credential)}`;
      findings.push(isThere ? good('key', text) : warn('key', text, 'set it where the shim is started, or leave it'));
    }
  }
  if (!('limits' in quotas)) return [...findings, unusable('quotas', quotas)];
  const content =
    quotas.path === ''
      ? 'no file: everything is counted, nothing is capped'
      : `${quotas.path}: ${quotas.limits.length} limits`;
  return [
    ...findings,
    good('quotas', content),
    ...quotas.warnings.map((one) => warn('quotas', describeProblem(one), 'mend the file')),
  ];
}

function unusable(check: string, problem: ConfigProblem): Finding {
  return bad(check, describeProblem(problem), 'mend it; the shim keeps the last good one until then');
}
