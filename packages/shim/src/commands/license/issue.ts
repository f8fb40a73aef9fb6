import { resolve } from 'node:path';
import type { Command } from 'commander';
import { issueLicense } from '../../issuer/issue.ts';
import { thisDevice } from '../../license/this-device.ts';
import { answering, OperatorError, operatorCommand } from '../operator-command.ts';
import { printJson } from '../text/terminal.ts';
import { writeOutput } from './files.ts';
import { signer } from './signer.ts';

interface Flags {
  readonly key: string;
  readonly kid?: string;
  readonly sub: string;
  readonly plan: string;
  readonly features: string;
  readonly days?: string;
  readonly expires?: string;
  readonly device?: string;
  readonly out?: string;
  readonly split?: true;
  readonly json?: true;
}

const DAY_S = 86_400;

/** `shim license issue`: a signed license, without a server. */
export function issueCommand(): Command {
  return operatorCommand('issue', 'sign a license')
    .requiredOption('--key <file>', 'private key of shim license keygen')
    .option('--kid <id>', 'id of the key (default: as PUBKEYS.json beside it says)')
    .requiredOption('--sub <name>', 'whom it is for')
    .option('--plan <name>', 'plan: trial, pro, enterprise', 'trial')
    .requiredOption('--features <list>', 'features with commas between, such as zai_offload,telemetry_minimized')
    .option('--days <n>', 'how long it counts (default 7)')
    .option('--expires <time>', 'or until when, ISO 8601')
    .option('--device <hash>', 'bind it to a device: the hash its shim license status shows, or "this"')
    .option('--out <file>', 'write it there (default: the standard output)')
    .option('--split', 'write two files instead: the license and, with .sig after its name, the signature')
    .option('--json', 'print what was issued as JSON')
    .action((flags: Flags) => answering(() => issue(flags)));
}

function issue(flags: Flags): 0 {
  const nowTs = Date.now() / 1000;
  const features = flags.features.split(',').map((name) => name.trim());
  if (features.some((name) => !/^\w+$/.test(name)))
    throw new OperatorError('--features is no list of names', 'write such as zai_offload,telemetry_minimized', 2);
  if (flags.split && flags.out === undefined) throw new OperatorError('--split writes two files', 'give --out FILE', 2);
  const device = flags.device === undefined ? null : flags.device === 'this' ? thisDevice() : flags.device;
  const grant = { sub: flags.sub, plan: flags.plan, features, expTs: endOf(flags, nowTs), device };
  const issued = issueLicense(grant, signer(flags.key, flags.kid), nowTs);
  if (typeof issued === 'string') throw new OperatorError(`the license ${issued}`, 'use plain ASCII in every field', 2);
  const { claims, licenseId, sealed } = issued;
  const files = flags.out === undefined ? [] : written(flags.out, flags.split === true, sealed);
  const { plan, exp, kid } = claims;
  if (flags.json) {
    const pack = flags.out === undefined ? { license_pack: sealed.pack } : {};
    printJson({ license_id: licenseId, plan, features, exp, kid, files, ...pack });
  } else if (flags.out === undefined) process.stdout.write(`${sealed.pack}\n`);
  else process.stdout.write(`license ${licenseId} for ${flags.sub}, ${plan}: ${files.join(' and ')}\n`);
  return 0;
}

function written(
  out: string,
  split: boolean,
  { pack, body, signature }: Record<'pack' | 'body' | 'signature', string>,
) {
  const file = resolve(out);
  if (!split) return [writeOutput(file, pack)];
  return [writeOutput(file, body), writeOutput(`${file}.sig`, `${signature}\n`)];
}

function endOf({ days, expires }: Flags, nowTs: number): number {
  if (days !== undefined && expires !== undefined)
    throw new OperatorError('--days and --expires', 'give one of them', 2);
  const ts = expires === undefined ? nowTs + Number(days ?? 7) * DAY_S : Date.parse(expires) / 1000;
  if (Number.isFinite(ts) && ts > nowTs) return ts;
  throw new OperatorError('the license would never count', 'give --days N or --expires TIME in the future', 2);
}
