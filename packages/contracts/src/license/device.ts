import { createHash } from 'node:crypto';

/** A computer, as Node names it: `os.hostname()`, `process.platform`, `process.arch`. */
export interface Device {
  readonly hostname: string;
  readonly platform: string;
  readonly arch: string;
}

// Licenses of earlier issuers are bound to these names.
const PLATFORMS: Readonly<Record<string, string>> = { win32: 'windows', sunos: 'solaris' };
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  loong64: 'loong64',
  mipsel: 'mipsle',
};

/**
 * What stands for a device in a license: base64 of SHA-256 of `hostname|platform|architecture`, in the words of Go.
 * The one function for whoever asks for a license and whoever checks it, so that both get the same.
 */
export function deviceHash({ hostname, platform, arch }: Device): string {
  const words = [hostname, PLATFORMS[platform] ?? platform, ARCHITECTURES[arch] ?? arch];
  return createHash('sha256').update(words.join('|')).digest('base64');
}
