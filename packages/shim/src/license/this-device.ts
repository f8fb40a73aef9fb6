import { hostname } from 'node:os';
import { deviceHash } from '@ccp/contracts';

/** What stands for this computer in a license. */
export function thisDevice(): string {
  return deviceHash({ hostname: hostname(), platform: process.platform, arch: process.arch });
}
