import { packParts, type Denial, type ValidPolicy } from '@ccp/contracts';
import type { LicenseFiles } from '../config/license-files.ts';
import type { PolicySettings } from '../config/policy-settings.ts';
import { replaceFile } from '../replace-file.ts';
import { cachedPolicyText, judgePolicy, readCachedPolicy } from './policy-store.ts';

const TIMEOUT_MS = 10_000;
const LARGEST_BYTES = 256 * 1024;

export type Fetched =
  { readonly ok: true; readonly policy: ValidPolicy } | { readonly ok: false; readonly reason: string };

/**
 * Fetches the policy, verifies it and only then replaces the one that is kept. A pack holds its signature; of any other
 * document it is asked for at the same address with `.sig` behind it. Never throws.
 */
export async function fetchPolicy(
  { url, file }: PolicySettings & { readonly url: string },
  license: LicenseFiles,
  nowTs: number,
): Promise<Fetched> {
  try {
    const body = await bytesAt(url);
    const pack = packParts(body, 'policy');
    const parts = pack ?? { body, signature: Buffer.from(await bytesAt(withSig(url))).toString('utf8') };
    const verdict = judgePolicy(parts, license, nowTs);
    if (!verdict.ok) return { ok: false, reason: sentence(verdict.denial) };
    const before = readCachedPolicy(file);
    const known = before === null ? null : judgePolicy(before, license, nowTs);
    if (known?.ok && (verdict.policy.policy.iat ?? 0) < (known.policy.policy.iat ?? 0))
      return { ok: false, reason: `policy ${verdict.policy.policy.version} is older than the one in use here` };
    replaceFile(file, cachedPolicyText(parts));
    return { ok: true, policy: verdict.policy };
  } catch (error) {
    const { cause, message } = error as { cause?: { code?: string }; message: string };
    return { ok: false, reason: `the policy can't be fetched (${cause?.code ?? message})` };
  }
}

function sentence({ reason, remedy }: Denial): string {
  return `${reason}. ${remedy}`;
}

function withSig(url: string): string {
  const at = new URL(url);
  at.pathname += '.sig';
  return at.href;
}

async function bytesAt(url: string): Promise<Uint8Array> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > LARGEST_BYTES) throw new Error('it is larger than 256 KiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
