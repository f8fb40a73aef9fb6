import { setFlagsFromString } from 'node:v8';

/**
 * Little memory rather than peak speed, from now on: for what stays open all day beside the work it is about. The young
 * generation stays as small as it is, and the old one grows by less before it is collected (bench/overlay.mjs,
 * bench/dashboard.mjs). Limits of a heap, such as --max-semi-space-size, can't be set once it is there.
 */
export function stayFrugal(): void {
  for (const flag of ['--optimize-for-size', '--semi-space-growth-factor=1']) setFlagsFromString(flag);
}
