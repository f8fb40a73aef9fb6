import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { licenseIdOf, parseLicensePack, parseRevocations, verifyRevocations, type Revocations } from '@ccp/contracts';
import { parseKeyBundle } from '@ccp/contracts';
import { issueRevocations } from '../../issuer/issue.ts';
import type { SigningKey } from '../../issuer/signing-key.ts';
import { answering, OperatorError, operatorCommand } from '../operator-command.ts';
import { printJson } from '../text/terminal.ts';
import { readInput, writeOutput } from './files.ts';
import { signer } from './signer.ts';

interface Flags {
  readonly key: string;
  readonly kid?: string;
  readonly list: string;
  readonly pack?: readonly string[];
  readonly revokeKey?: readonly string[];
  readonly json?: true;
}

/** `shim license revoke`: the next revocation list. */
export function revokeCommand(): Command {
  return operatorCommand('revoke', 'take licenses or keys back: write the next signed revocation list')
    .argument('[license-id...]', 'ids that shim license issue and verify show')
    .requiredOption('--key <file>', 'private key of shim license keygen')
    .option('--kid <id>', 'id of the key (default: as PUBKEYS.json beside it says)')
    .requiredOption('--list <file>', 'the list: what it holds stays, its number grows; made when it does not exist')
    .option('--pack <file...>', 'take back the license in this pack')
    .option('--revoke-key <kid...>', 'take back everything this key has signed')
    .option('--json', 'print the list as JSON')
    .action((ids: string[], flags: Flags) => answering(() => revoke(ids, flags)));
}

function revoke(ids: readonly string[], flags: Flags): 0 {
  const wrong = ids.find((id) => !/^[0-9a-f]{64}$/.test(id));
  if (wrong !== undefined)
    throw new OperatorError(`"${wrong}" is no license id`, 'give the 64 hex digits that shim license verify shows', 2);
  const licenses = [...ids, ...(flags.pack ?? []).map(idOfPack)];
  const keys = [...(flags.revokeKey ?? [])];
  if (licenses.length + keys.length === 0)
    throw new OperatorError('nothing to revoke', 'name a license id, --pack FILE or --revoke-key KID', 2);
  const key = signer(flags.key, flags.kid);
  const nowTs = Date.now() / 1000;
  const next = issueRevocations(listBefore(flags.list, key, nowTs), { licenses, keys }, key, nowTs);
  if (typeof next === 'string') throw new OperatorError(`the list ${next}`, 'use plain ASCII for ids', 2);
  const file = writeOutput(flags.list, next.sealed.pack);
  if (flags.json) printJson({ file, ...next.list });
  else
    process.stdout.write(
      `list ${next.list.seq}: ${next.list.licenses?.length ?? 0} licenses, ${next.list.keys?.length ?? 0} keys (${file})\n`,
    );
  return 0;
}

/** Nobody's list but our own is carried on. */
function listBefore(file: string, key: SigningKey, nowTs: number): Revocations | null {
  if (!existsSync(file)) return null;
  const text = readFileSync(file, 'utf8');
  const { keys } = parseKeyBundle(
    JSON.stringify({ keys: [{ id: key.kid, type: 'ed25519', base64: key.publicBase64 }] }),
  );
  const verdict = verifyRevocations({ pack: text }, { keys, nowTs, lastSeenTs: null, seenSeq: null });
  const parsed = parseRevocations((JSON.parse(verdict.ok ? text : '{}') as { revocations?: unknown }).revocations);
  if (verdict.ok && parsed.ok) return parsed.value;
  const reason = verdict.ok ? 'is not a list' : verdict.denial.reason;
  throw new OperatorError(
    `${file}: ${reason}`,
    'it is carried on only when this key has signed it; give another --list',
  );
}

function idOfPack(file: string): string {
  let value: unknown;
  try {
    value = JSON.parse(readInput(file).toString('utf8'));
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    value = null;
  }
  const parsed = parseLicensePack(value);
  if (!parsed.ok) throw new OperatorError(`${file} is no license pack`, 'give one that shim license issue has written');
  return licenseIdOf(parsed.value.license);
}
