import type { Command } from 'commander';
import { licenseMetadata, parseKeyBundle, verifyLicense, verifyRevocations } from '@ccp/contracts';
import type { SignedFiles, ValidRevocations } from '@ccp/contracts';
import { thisDevice } from '../../license/this-device.ts';
import { trustedKeys } from '../../license/trusted-keys.ts';
import { settingsOf } from '../config/settings-of.ts';
import { answering, OperatorError, operatorCommand } from '../operator-command.ts';
import { print, printJson } from '../text/terminal.ts';
import { readInput } from './files.ts';
import { verdictLines } from './told.ts';

interface Flags {
  readonly keys?: string;
  readonly signature?: string;
  readonly revocations?: string;
  readonly json?: true;
}

/** `shim license verify`: says whether a license counts on this computer, and changes nothing. */
export function verifyCommand(): Command {
  return operatorCommand('verify', 'say whether a license counts here; exit 1 when it does not')
    .argument('<file>', 'the pack, or the license of a pair; - is the standard input')
    .option('--signature <file>', 'signature of a pair')
    .option('--keys <file>', 'PUBKEYS.json to check with (default: those of the shim)')
    .option('--revocations <file>', 'signed list of what was revoked')
    .option('--json', 'print it as JSON')
    .action((file: string, flags: Flags) => answering(() => verify(file, flags)));
}

function verify(file: string, flags: Flags): 0 | 1 {
  const nowTs = Date.now() / 1000;
  const bundle =
    flags.keys === undefined
      ? trustedKeys(settingsOf({}).license)
      : parseKeyBundle(readInput(flags.keys).toString('utf8'));
  for (const problem of bundle.problems) process.stderr.write(`shim: ${flags.keys ?? ''} ${problem}\n`);
  const clock = { nowTs, lastSeenTs: null, keys: bundle.keys };
  const revocations = flags.revocations === undefined ? null : listOf(flags.revocations, clock);
  const verdict = verifyLicense(filesOf(file, flags.signature), { ...clock, device: thisDevice(), revocations });
  if (flags.json) printJson(licenseMetadata(verdict));
  else print(verdictLines(verdict));
  return verdict.ok ? 0 : 1;
}

/** The pair when a signature is named, else the pack. */
export function filesOf(file: string, signature: string | undefined): SignedFiles {
  const body = readInput(file);
  return signature === undefined ? { pack: body } : { body, signature: readInput(signature) };
}

/** @throws {OperatorError} when the list does not count */
export function listOf(
  file: string,
  context: Omit<Parameters<typeof verifyRevocations>[1], 'seenSeq'>,
  seenSeq: number | null = null,
): ValidRevocations {
  const verdict = verifyRevocations({ pack: readInput(file) }, { ...context, seenSeq });
  if (verdict.ok) return verdict.revocations;
  throw new OperatorError(`${file}: ${verdict.denial.reason}`, verdict.denial.remedy);
}
