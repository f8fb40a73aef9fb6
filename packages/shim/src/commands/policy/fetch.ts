import type { Command } from 'commander';
import { fetchPolicy } from '../../license/fetch-policy.ts';
import { settingsOf } from '../config/settings-of.ts';
import { answering, OperatorError, operatorCommand } from '../operator-command.ts';
import { print, printJson } from '../text/terminal.ts';
import { policyJson, policyLines } from './told.ts';

interface Flags {
  readonly url?: string;
  readonly stateDir?: string;
  readonly json?: true;
}

/** `shim policy fetch`: only one that verifies replaces the one that is kept. */
export function fetchCommand(): Command {
  return operatorCommand('fetch', 'fetch a policy, verify it and keep it; a running shim takes it up at once')
    .option(
      '--url <url>',
      'where it is (CCP_POLICY_URL); a pack, or a document with its signature at the same address and .sig',
    )
    .option('--state-dir <dir>', 'where it is kept (CCP_STATE_DIR)')
    .option('--json', 'print it as JSON')
    .action((flags: Flags) => answering(() => fetchAndKeep(flags)));
}

async function fetchAndKeep({ url: flag, json, ...flags }: Flags): Promise<0> {
  const { policy, license } = settingsOf(flags);
  const url = flag ?? policy.url;
  if (url === null || !URL.canParse(url))
    throw new OperatorError('there is no address to fetch from', 'give --url URL (CCP_POLICY_URL)', 2);
  const fetched = await fetchPolicy({ ...policy, url }, license, Date.now() / 1000);
  if (!fetched.ok) throw new OperatorError('not kept', fetched.reason);
  if (json) printJson({ ...policyJson(fetched), file: policy.file });
  else print(policyLines(fetched));
  return 0;
}
