import type { Settings } from '../../config/settings.ts';
import type { DoctorFlags } from '../doctor.ts';
import { OperatorError } from '../operator-command.ts';
import { settingsOf } from '../config/settings-of.ts';
import { SettingsError } from '../../config/settings.ts';
import { clientFindings } from './client.ts';
import { configFindings } from './configuration.ts';
import { diskFindings } from './disk.ts';
import { bad, type Finding } from './finding.ts';
import { nodeFinding } from './runtime.ts';
import { runningShim } from './running-shim.ts';
import { upstreamFindings } from './upstream.ts';

/** Looks at everything a turn depends on, in the order a turn meets it. A check that fails stops no other. */
export async function examine(flags: DoctorFlags): Promise<Finding[]> {
  const findings = [nodeFinding(process.versions.node)];
  const settings = settingsOrFinding(flags);
  const shim = await runningShim(flags);
  findings.push(...clientFindings(process.env, shim.url));
  findings.push(...shim.findings);
  if ('check' in settings) return [...findings, settings];
  const { catalog, findings: ofFiles } = configFindings(settings);
  findings.push(...ofFiles, ...diskFindings(settings));
  if (flags.offline !== true && catalog !== null) findings.push(...(await upstreamFindings(catalog)));
  return findings;
}

function settingsOrFinding(flags: DoctorFlags): Settings | Finding {
  try {
    return settingsOf(flags);
  } catch (error) {
    if (error instanceof OperatorError) return bad('settings', error.what, error.remedy);
    if (error instanceof SettingsError) return bad('settings', error.message, 'mend it, then run this again');
    throw error;
  }
}
