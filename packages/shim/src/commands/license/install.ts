import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { licenseMetadata, parseKeyBundle, type LicenseVerdict, type SignedFiles } from '@ccp/contracts';
import type { LicenseFiles } from '../../config/license-files.ts';
import { readKeyRows, withKeys } from '../../issuer/key-files.ts';
import { judgeLicense } from '../../license/load-license.ts';
import { readSeen } from '../../license/seen.ts';
import { thisDevice } from '../../license/this-device.ts';
import { trustedKeys } from '../../license/trusted-keys.ts';
import { settingsOf } from '../config/settings-of.ts';
import { answering, OperatorError, operatorCommand } from '../operator-command.ts';
import { print, printJson } from '../text/terminal.ts';
import { readInput, writeOutput } from './files.ts';
import { mended } from './signer.ts';
import { verdictLines } from './told.ts';
import { filesOf, listOf } from './verify.ts';

interface Flags {
  readonly keys?: string;
  readonly signature?: string;
  readonly revocations?: string;
  readonly json?: true;
}

/** `shim license install`: puts a license, keys or a revocation list where a running shim picks it up. */
export function installCommand(): Command {
  return operatorCommand('install', 'verify a license and put it in use; a running shim takes it up at once')
    .argument('[file]', 'the pack, or the license of a pair; - is the standard input')
    .option('--signature <file>', 'signature of a pair')
    .option('--keys <file>', 'PUBKEYS.json of the issuer: its keys are believed from now on')
    .option('--revocations <file>', 'signed list of what was revoked')
    .option('--json', 'print what is in use now as JSON')
    .action((file: string | undefined, flags: Flags) => answering(() => install(file, flags)));
}

function install(file: string | undefined, flags: Flags): 0 {
  if (file === undefined && flags.keys === undefined && flags.revocations === undefined)
    throw new OperatorError('nothing to install', 'name a license, --keys FILE or --revocations FILE', 2);
  const { license: files } = settingsOf({});
  const done: string[] = [];
  if (flags.keys !== undefined) done.push(installKeys(files, readInput(flags.keys).toString('utf8'), flags.keys));
  if (flags.revocations !== undefined) {
    const context = { nowTs: Date.now() / 1000, lastSeenTs: null, keys: trustedKeys(files).keys };
    listOf(flags.revocations, context, readSeen(files.seen).revocationSeq);
    done.push(writeOutput(files.revocations, readInput(flags.revocations)));
  }
  const verdict = file === undefined ? null : installPack(files, filesOf(file, flags.signature));
  if (verdict !== null) done.push(files.pack);
  report(done, verdict, flags.json === true);
  return 0;
}

/** Says what was written, and what the license is. */
export function report(done: readonly string[], verdict: LicenseVerdict | null, json: boolean): void {
  if (json) return printJson({ installed: done, license: verdict === null ? null : licenseMetadata(verdict) });
  print([...done.map((path) => [{ text: `installed ${path}` }]), ...(verdict === null ? [] : verdictLines(verdict))]);
}

/** Adds the usable keys of a bundle to those believed here. */
export function installKeys({ keys: file }: Pick<LicenseFiles, 'keys'>, text: string, name: string): string {
  const { keys, problems } = parseKeyBundle(text);
  if (keys.length === 0) throw new OperatorError(`${name} holds no usable key`, problems[0] ?? 'ask its issuer');
  for (const problem of problems) process.stderr.write(`shim: ${name} ${problem}; it is left out\n`);
  const usable = new Set(keys.map(({ id }) => id));
  const { keys: rows } = JSON.parse(text.replace(/^\uFEFF/, '')) as { keys: ReturnType<typeof readKeyRows> };
  const more = rows.filter(({ id }) => usable.has(id));
  const day = new Date().toISOString().slice(0, 10);
  return writeOutput(
    file,
    mended(() => withKeys(file, readKeyRows(file), more, day)),
  );
}

/** Only a license that counts here replaces the one in use, which is kept beside it. @throws {OperatorError} */
export function installPack(files: LicenseFiles, pack: SignedFiles): LicenseVerdict {
  if (files.split !== null)
    throw new OperatorError(
      'CC_LICENSE_JSON names the license in use',
      'unset it, or replace those two files yourself',
    );
  const context = { nowTs: Date.now() / 1000, seen: readSeen(files.seen), device: thisDevice() };
  // One file may be written from two: what is written has to count, too.
  const text = singlePack(pack);
  const first = judgeLicense(files, pack, context);
  const verdict = first.ok ? judgeLicense(files, { pack: text }, context) : first;
  if (!verdict.ok) throw new OperatorError(`not installed: ${verdict.denial.reason}`, verdict.denial.remedy);
  if (existsSync(files.pack)) writeOutput(`${files.pack}.previous`, readFileSync(files.pack));
  writeOutput(files.pack, text);
  return verdict;
}

function singlePack(files: SignedFiles): string {
  if ('pack' in files) return Buffer.from(files.pack).toString('utf8');
  const signature = Buffer.from(files.signature).toString('utf8').trim();
  return `{"license":${Buffer.from(files.body).toString('utf8').trim()},"signature":"${signature}"}`;
}
