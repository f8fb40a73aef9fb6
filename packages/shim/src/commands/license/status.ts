import type { Command } from 'commander';
import { licenseMetadata } from '@ccp/contracts';
import { loadLicense } from '../../license/load-license.ts';
import { readSeen } from '../../license/seen.ts';
import { thisDevice } from '../../license/this-device.ts';
import { settingsOf } from '../config/settings-of.ts';
import { answering, operatorCommand } from '../operator-command.ts';
import { print, printJson } from '../text/terminal.ts';
import { verdictLines } from './told.ts';

interface Flags {
  readonly json?: true;
}

/** `shim license status`: what a shim started here and now would be entitled to. */
export function statusCommand(): Command {
  return operatorCommand(
    'status',
    'show the license in use (also without a word after license); exit 1 when none counts',
  )
    .option('--json', 'print it as JSON')
    .action((flags: Flags) => answering(() => status(flags)));
}

function status({ json }: Flags): 0 | 1 {
  const { license: files } = settingsOf({});
  const device = thisDevice();
  const { verdict, keys, revocationSeq } = loadLicense(files, {
    nowTs: Date.now() / 1000,
    seen: readSeen(files.seen),
    device,
  });
  const ids = keys.keys.map(({ id }) => id);
  if (json)
    printJson({
      license: licenseMetadata(verdict),
      device,
      keys: ids,
      key_problems: keys.problems,
      revocation_seq: revocationSeq,
      files: { pack: files.pack, keys: files.keys, revocations: files.revocations },
    });
  else
    print([
      ...verdictLines(verdict),
      [{ text: `  file       ${files.pack}` }],
      [{ text: `  keys       ${ids.join(', ') || 'none'} (${files.keys})` }],
      ...keys.problems.map((problem) => [{ text: `  ▲ ${problem}`, tone: 'warn' as const }]),
      [{ text: `  revoked    ${revocationSeq === null ? 'no list' : `list number ${revocationSeq}`}` }],
      [{ text: `  device     ${device}` }],
    ]);
  return verdict.ok ? 0 : 1;
}
