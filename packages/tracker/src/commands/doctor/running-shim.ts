import { parseReadyz } from '@ccp/contracts';
import type { Readyz, Usage } from '@ccp/contracts';
import { askShim } from '../../sources/shim/ask-shim.ts';
import { readUsage } from '../../sources/shim/read-usage.ts';
import { VERSION } from '../../version.ts';
import { localZone } from '../option-values.ts';
import { good, ofProblem, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** Seconds by which two clocks of one machine may differ before something is wrong with one of them. */
const CLOCK_S = 5;

/** The shim the tracker reads: reachable, of our time and our contract, in our zone. */
export async function shimFindings(url: URL): Promise<Finding[]> {
  const clock = (): number => Date.now() / 1000;
  const reading = await readUsage(url, { clock });
  if (!reading.ok) return [ofProblem('shim', 'bad', reading.problem)];
  const { usage, receivedTs, notes } = reading.value;
  const ready = await askShim(url, { path: 'v1/readyz', contract: 'readyz v1', parse: parseReadyz }, { clock });
  return [
    good('shim', `${url.href} answers${ready.ok ? versionWords(ready.value.value) : ''}`),
    ...notes.map((note) => ofProblem('contract', 'warn', note)),
    ...(ready.ok ? readyFindings(ready.value.value) : [ofProblem('shim', 'warn', ready.problem)]),
    clockFinding(usage.ts - receivedTs),
    ...zoneFindings(usage),
  ];
}

function versionWords({ version }: Readyz): string {
  return version === undefined ? '' : `, version ${version}`;
}

function readyFindings({ ready, version }: Readyz): Finding[] {
  return [
    ...(ready === false ? [warn('shim', 'it says it is not ready', 'shim doctor says why')] : []),
    ...(version !== undefined && version !== VERSION
      ? [warn('contract', `the shim is ${version}, this tracker is ${VERSION}`, 'bring both to one version')]
      : [good('contract', `usage v1, read by tracker ${VERSION}`)]),
  ];
}

function clockFinding(skewS: number): Finding {
  const text = `the shim's clock is ${Math.abs(skewS).toFixed(1)} s ${skewS > 0 ? 'ahead of' : 'behind'} ours`;
  return Math.abs(skewS) > CLOCK_S ? warn('clock', text, 'set the clock, then restart the shim') : good('clock', text);
}

/** Hours of the day of the shim and days of our reports are told in zones of their own. */
function zoneFindings({ models }: Usage): Finding[] {
  const here = localZone();
  const theirs = new Set(Object.values(models).flatMap(({ speeds }) => speeds.tz ?? []));
  const others = [...theirs].filter((zone) => zone !== here);
  if (others.length === 0) return [];
  const remedy = `start both with the same TZ, or report with --timezone ${others[0] ?? here}`;
  return [warn('zone', `the shim counts hours in ${others.join(', ')}, this shell in ${here}`, remedy)];
}
