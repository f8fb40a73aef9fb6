import { readFileSync } from 'node:fs';

/** Version of this program, as its package says. Also written into journal rows. */
export const VERSION = versionOf(new URL('../package.json', import.meta.url));

function versionOf(packageFile: URL): string {
  return (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;
}
