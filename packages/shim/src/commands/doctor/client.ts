import type { Environment } from '../../config/settings.ts';
import { good, warn, type Finding } from './finding.ts';

/** What the client started from this very shell would do. `url`: where the shim is expected. */
export function clientFindings(env: Environment, url: string): Finding[] {
  const findings = [baseUrlFinding(env['ANTHROPIC_BASE_URL'], url)];
  const proxy = env['HTTP_PROXY'] ?? env['http_proxy'];
  const spared = (env['NO_PROXY'] ?? env['no_proxy'] ?? '').split(',').map((one) => one.trim());
  const { hostname } = new URL(url);
  if (proxy && !spared.some((one) => one === '*' || one === hostname))
    findings.push(
      warn('proxy', `HTTP_PROXY is set and NO_PROXY does not name ${hostname}`, `export NO_PROXY=${hostname}`),
    );
  return findings;
}

function baseUrlFinding(text: string | undefined, url: string): Finding {
  const command = `ANTHROPIC_BASE_URL=${url} claude`;
  if (!text) return warn('client', 'ANTHROPIC_BASE_URL is not set in this shell', `start the client with: ${command}`);
  if (!URL.canParse(text)) return warn('client', 'ANTHROPIC_BASE_URL is no URL', `start the client with: ${command}`);
  const [there, here] = [new URL(text), new URL(url)];
  if (there.port === here.port && isHere(there.hostname) === isHere(here.hostname))
    return good('client', `ANTHROPIC_BASE_URL leads to ${there.origin}`);
  return warn('client', `ANTHROPIC_BASE_URL leads to ${there.origin}, not to this shim`, `start it with: ${command}`);
}

function isHere(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}
