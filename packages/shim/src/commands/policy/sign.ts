import type { Command } from 'commander';
import { parseRoutingPolicy, sealDocument } from '@ccp/contracts';
import { readInput, writeOutput } from '../license/files.ts';
import { signer } from '../license/signer.ts';
import { answering, OperatorError, operatorCommand } from '../operator-command.ts';
import { printJson } from '../text/terminal.ts';

interface Flags {
  readonly key: string;
  readonly kid?: string;
  readonly out?: string;
  readonly json?: true;
}

/** `shim policy sign`: a pack that shims verify. */
export function signCommand(): Command {
  return operatorCommand('sign', 'sign a routing policy')
    .argument('<file>', '{"version", "expiresAt", "routing": [{"pattern", "lane"}]}; - is the standard input')
    .requiredOption('--key <file>', 'private key of shim license keygen')
    .option('--kid <id>', 'id of the key (default: as PUBKEYS.json beside it says)')
    .option('--out <file>', 'write it there (default: the standard output)')
    .option('--json', 'say what was signed as JSON')
    .action((file: string, flags: Flags) => answering(() => sign(file, flags)));
}

function sign(file: string, flags: Flags): 0 {
  const parsed = parseRoutingPolicy(jsonOf(file));
  if (!parsed.ok) {
    const { path, reason } = parsed.problems[0] ?? { path: '', reason: 'is not valid' };
    throw new OperatorError(`${file} is no policy`, `${path} ${reason}`);
  }
  const key = signer(flags.key, flags.kid);
  const policy = { schema: 'ccp.policy.v1', ...parsed.value, iat: Math.floor(Date.now() / 1000), kid: key.kid };
  const sealed = sealDocument('policy', policy, (bytes) => key.sign(bytes));
  if (!sealed.ok) throw new OperatorError(`the policy ${sealed.reason}`, 'use plain ASCII in every field');
  const out = flags.out === undefined ? null : writeOutput(flags.out, sealed.pack);
  if (flags.json)
    printJson({ version: policy.version, kid: key.kid, file: out, ...(out === null && { policy_pack: sealed.pack }) });
  else process.stdout.write(out === null ? `${sealed.pack}\n` : `policy ${policy.version}: ${out}\n`);
  return 0;
}

function jsonOf(file: string): unknown {
  try {
    return JSON.parse(readInput(file).toString('utf8'));
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(`${file} is not valid JSON`, 'check commas, quotes and brackets');
  }
}
