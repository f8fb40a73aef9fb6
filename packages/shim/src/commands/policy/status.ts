import type { Command } from 'commander';
import { judgePolicy, readCachedPolicy } from '../../license/policy-store.ts';
import { settingsOf } from '../config/settings-of.ts';
import { answering, operatorCommand } from '../operator-command.ts';
import { print, printJson } from '../text/terminal.ts';
import { policyJson, policyLines } from './told.ts';

interface Flags {
  readonly stateDir?: string;
  readonly json?: true;
}

/** `shim policy status`: verifies what is kept, as a start would. */
export function policyStatusCommand(): Command {
  return operatorCommand(
    'status',
    'show the policy that is kept (also without a word after policy); exit 1 when it is refused',
  )
    .option('--state-dir <dir>', 'where it is kept (CCP_STATE_DIR)')
    .option('--json', 'print it as JSON')
    .action((flags: Flags) => answering(() => status(flags)));
}

function status({ json, ...flags }: Flags): 0 | 1 {
  const { policy, license } = settingsOf(flags);
  const files = readCachedPolicy(policy.file);
  if (files === null) {
    if (json) printJson({ ok: null, file: policy.file });
    else print([[{ text: `no policy is kept (${policy.file}): the built-in routes, or those of providers.yaml` }]]);
    return 0;
  }
  const verdict = judgePolicy(files, license, Date.now() / 1000);
  if (json) printJson({ ...policyJson(verdict), file: policy.file });
  else print(policyLines(verdict));
  return verdict.ok ? 0 : 1;
}
