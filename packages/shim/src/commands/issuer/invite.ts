import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { parseInvites } from '../../issuer/invites.ts';
import { writeOutput } from '../license/files.ts';
import { mended } from '../license/signer.ts';
import { answering, OperatorError, operatorCommand } from '../operator-command.ts';
import { printJson } from '../text/terminal.ts';
import { folderOf, withFolder, type FolderFlags } from './folder.ts';

interface Flags extends FolderFlags {
  readonly plan: string;
  readonly features: string;
  readonly ttlDays: string;
  readonly max?: string;
  readonly expires?: string;
  readonly json?: true;
}

/** `shim issuer invite`: a code that is good for a license. */
export function inviteCommand(): Command {
  return withFolder(operatorCommand('invite', 'make an invite code; an issuer that runs takes it up at once'))
    .argument('[code]', 'the code (default: a random one)')
    .option('--plan <name>', 'plan: trial, pro, enterprise', 'trial')
    .option('--features <list>', 'features with commas between', 'zai_offload')
    .option('--ttl-days <n>', 'how long a license counts', '7')
    .option('--max <n>', 'how often it may be used (default: no limit)')
    .option('--expires <time>', 'until when it may be used, ISO 8601')
    .option('--json', 'print it as JSON')
    .action((code: string | undefined, flags: Flags) => answering(() => invite(code, flags)));
}

function invite(named: string | undefined, flags: Flags): 0 {
  const { invites: file } = folderOf(flags);
  const code = named ?? randomBytes(9).toString('base64url').toUpperCase();
  if (!/^[\w-]{4,64}$/.test(code))
    throw new OperatorError('the code is none', 'use 4 to 64 letters, digits, dashes and underscores', 2);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '{}';
  mended(() => parseInvites(file, before));
  const all = JSON.parse(before) as Record<string, unknown>;
  if (code in all) throw new OperatorError(`there is an invite ${code} already`, 'give another code', 2);
  all[code] = {
    plan: flags.plan,
    features: flags.features.split(',').map((name) => name.trim()),
    ttl_days: Number(flags.ttlDays),
    ...(flags.max !== undefined && { max_redemptions: Number(flags.max) }),
    ...(flags.expires !== undefined && { expires_at: flags.expires }),
  };
  const text = `${JSON.stringify(all, null, 2)}\n`;
  mended(() => parseInvites(file, text));
  writeOutput(file, text);
  if (flags.json) printJson({ code, file, ...(all[code] as object) });
  else process.stdout.write(`${code}\n`);
  return 0;
}
