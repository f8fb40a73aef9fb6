import { readFileSync } from 'node:fs';
import { parseKeyBundle, type KeyBundle } from '@ccp/contracts';
import type { LicenseFiles } from '../config/license-files.ts';

/** The keys of PUBKEYS.json and of the environment. A key that can't be used is named and leaves the others in force. */
export function trustedKeys({ keys: file, extraKeys }: Pick<LicenseFiles, 'keys' | 'extraKeys'>): KeyBundle {
  const bundle = bundleOf(file);
  const extra = parseKeyBundle(JSON.stringify({ keys: extraRows(extraKeys) }));
  return {
    keys: [...bundle.keys, ...extra.keys],
    problems: [
      ...bundle.problems.map((problem) => `${file}: ${problem}`),
      ...extra.problems.map((problem) => `CCP_LICENSE_PUBKEY_B64: ${problem}`),
    ],
  };
}

function bundleOf(file: string): KeyBundle {
  try {
    return parseKeyBundle(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { keys: [], problems: code === 'ENOENT' ? [] : [`can't be read (${code ?? 'error'})`] };
  }
}

/** `base64` or `kid=base64`; base64 may end in `=`, so only what stands before the first one and is no base64 is a name. */
function extraRows(text: string): { id: string; type: 'ed25519'; base64: string }[] {
  const items = text.split(',').map((item) => item.trim());
  return items
    .filter((item) => item !== '')
    .map((item, index) => {
      const named = /^([^=]+)=([^=].*)$/.exec(item);
      return { id: named?.[1] ?? `env_${index + 1}`, type: 'ed25519', base64: named?.[2] ?? item };
    });
}
