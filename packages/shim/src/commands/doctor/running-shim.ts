import type { Readyz } from '@ccp/contracts';
import { VERSION } from '../../version.ts';
import { addressOf, type Address, type AddressFlags } from '../link/address.ts';
import { askReadyz } from '../link/ask-shim.ts';
import { laneReadiness } from '../link/lane-readiness.ts';
import { OperatorError } from '../operator-command.ts';
import { bad, good, warn, type Finding } from './finding.ts';

/** Seconds by which two clocks of one machine may differ before something is wrong with one of the readings. */
const CLOCK_S = 5;

/** The shim that runs, as it sees itself. */
export async function runningShim(
  flags: AddressFlags,
): Promise<{ readonly url: string; readonly findings: readonly Finding[] }> {
  let address: Address;
  try {
    address = addressOf(flags, process.env);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { url: 'http://127.0.0.1:8082', findings: [bad('shim', error.what, error.remedy)] };
  }
  try {
    return { url: address.url, findings: findingsOf(await askReadyz(address), address.url) };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { url: address.url, findings: [bad('shim', error.what, error.remedy)] };
  }
}

function findingsOf(readyz: Readyz, url: string): Finding[] {
  const { ready, version, ts, store, license, warnings } = readyz;
  const findings: Finding[] = [];
  if (ready === false) findings.push(bad('shim', `${url} is not ready`, readyz.error ?? 'see the lines below'));
  else findings.push(good('shim', `${url} is ready${version === undefined ? '' : `, version ${version}`}`));
  if (version !== undefined && version !== VERSION)
    findings.push(warn('version', `the shim that runs is ${version}, this command is ${VERSION}`, 'restart the shim'));
  const skewS = ts - Date.now() / 1000;
  if (Math.abs(skewS) > CLOCK_S)
    findings.push(
      warn('clock', `the shim's clock is ${Math.round(skewS)} s off this one`, 'set the clock, restart the shim'),
    );
  for (const [name, part] of Object.entries(store ?? {})) {
    if (typeof part !== 'object' || part === null || !('ok' in part) || part.ok !== false) continue;
    findings.push(
      bad(name, String(('error' in part && part.error) || 'cannot be written'), 'make room, or mend the path'),
    );
  }
  const lanes = laneReadiness(readyz);
  for (const [id, { ok, reason }] of lanes)
    findings.push(ok ? good('lane', `${id} is usable`) : warn('lane', `${id}: ${reason}`, remedyOf(reason)));
  if (lanes.size > 0 && [...lanes.values()].every(({ ok }) => !ok))
    findings.push(bad('lanes', 'no lane is usable', 'set one of the keys above and restart the shim'));
  if (license !== undefined && !license.ok)
    findings.push(warn('license', 'the license does not verify', 'install a valid pack, or remove this one'));
  for (const text of warnings ?? []) findings.push(warn('shim', text, 'see docs/integration/configuration.md'));
  return findings;
}

function remedyOf(reason: string): string {
  if (reason.startsWith('missing_key')) return 'set the variable for the shim and restart it, or leave the lane unused';
  if (reason.startsWith('license_block')) return 'install a license that carries it, or leave the lane unused';
  return 'shim status says more';
}
