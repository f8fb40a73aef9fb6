import { bad, good, type Finding } from './finding.ts';

const OLDEST = [20, 19] as const;

/** The runtime; `version` without its v. */
export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [needMajor, needMinor] = OLDEST;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return good('node', `v${version}`);
  return bad('node', `v${version} is too old`, `install Node.js ${needMajor}.${needMinor} or later`);
}
