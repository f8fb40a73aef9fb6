import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { verifyRevocations } from '@ccp/contracts';
import type { LicenseFiles } from '../../config/license-files.ts';
import { readSeen } from '../../license/seen.ts';
import { thisDevice } from '../../license/this-device.ts';
import { trustedKeys } from '../../license/trusted-keys.ts';
import { settingsOf } from '../config/settings-of.ts';
import { answering, OperatorError, operatorCommand } from '../operator-command.ts';
import { printable } from '../text/printable.ts';
import { askIssuer, issuerUrl } from './ask-issuer.ts';
import { writeOutput } from './files.ts';
import { installKeys, installPack, report } from './install.ts';
import { openLoopback, type Loopback } from './loopback.ts';

interface Flags {
  readonly issuer: string;
  readonly invite?: string;
  readonly email?: string;
  readonly loopback?: true;
  readonly bindDevice?: true;
  readonly trustIssuer?: true;
  readonly json?: true;
}

/** `shim license login`: a license from an issuer, once somebody there has approved it. */
export function loginCommand(): Command {
  return operatorCommand('login', 'get a license from an issuer and put it in use')
    .requiredOption('--issuer <url>', 'address of the issuer')
    .option('--invite <code>', 'invite code (default: the trial, if the issuer has one)')
    .option('--email <address>', 'whom the license is for')
    .option('--loopback', 'let the browser come back here when it is approved, instead of only waiting')
    .option('--bind-device', 'bind the license to this computer')
    .option('--trust-issuer', 'believe the key this issuer signs with from now on; compare its fingerprint first')
    .option('--json', 'print lines of JSON: what to approve, then what is in use')
    .action((flags: Flags) => answering(() => login(flags)));
}

interface Begun {
  readonly user_code: string;
  readonly poll_token: string;
  readonly authorize_url: string;
  readonly interval: number;
  readonly expires_in: number;
  /** Earlier issuers name their key with the license only. */
  readonly kid?: string;
  readonly pubKeyB64?: string;
}

/** For issuers that do not say. */
const DEFAULTS = { interval: 2, expires_in: 600 };

interface Granted {
  readonly license_pack: string;
  readonly kid: string;
  readonly pubKeyB64: string;
}

async function login(flags: Flags): Promise<0> {
  const url = issuerUrl(flags.issuer);
  const { license: files } = settingsOf({});
  const loopback = flags.loopback ? await openLoopback() : null;
  try {
    const begun = await begin(url, flags, loopback);
    const { kid, pubKeyB64 } = begun;
    const done =
      kid === undefined || pubKeyB64 === undefined
        ? []
        : believe(files, { kid, pubKeyB64 }, flags.trustIssuer === true);
    announce(begun, flags.json === true);
    const granted = await waitFor(url, begun, loopback);
    done.push(...believe(files, granted, flags.trustIssuer === true), ...(await installRevocations(url, files)));
    const verdict = installPack(files, { pack: granted.license_pack });
    report([...done, files.pack], verdict, flags.json === true);
    return 0;
  } finally {
    loopback?.close();
  }
}

async function begin(url: string, flags: Flags, loopback: Loopback | null): Promise<Begun> {
  const reply = await askIssuer(url, '/v1/device/begin', {
    body: {
      ...(flags.invite !== undefined && { invite_code: flags.invite }),
      ...(flags.email !== undefined && { email: flags.email }),
      ...(flags.bindDevice && { device: thisDevice() }),
      ...(loopback !== null && { redirect_url: loopback.redirectUrl }),
    },
  });
  if (reply.status === 200 && hasTexts(reply.json, ['user_code', 'poll_token', 'authorize_url']))
    return { ...DEFAULTS, ...(reply.json as Omit<Begun, keyof typeof DEFAULTS>) };
  throw new OperatorError(
    `the issuer refuses (${reply.status})`,
    printable(reply.text.trim().slice(0, 200)) || 'nothing more was said',
  );
}

function announce({ user_code: code, authorize_url: url, expires_in: seconds }: Begun, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ user_code: code, authorize_url: url, expires_in: seconds })}\n`);
    return;
  }
  const minutes = Math.round(seconds / 60);
  process.stdout.write(
    `open ${printable(url)}\nand have code ${printable(code)} approved within ${minutes} minutes. Waiting.\n`,
  );
}

async function waitFor(url: string, begun: Begun, loopback: Loopback | null): Promise<Granted> {
  const deadline = Date.now() + begun.expires_in * 1000;
  const cameBack = loopback?.cameBack(begun.user_code);
  for (;;) {
    const reply = await askIssuer(url, '/v1/device/poll', { body: { poll_token: begun.poll_token } });
    const { status } = (reply.json ?? {}) as { status?: string };
    if (status === 'ok' && hasTexts(reply.json, ['license_pack', 'kid', 'pubKeyB64'])) return reply.json as Granted;
    if (status !== 'pending' && reply.status !== 429)
      throw new OperatorError(refused(status), 'ask the issuer, then log in again');
    if (Date.now() >= deadline) throw new OperatorError('nobody approved it in time', 'log in again');
    const pause = sleep(Math.max(begun.interval, reply.retryAfterS) * 1000);
    await (cameBack === undefined ? pause : Promise.race([pause, cameBack]));
  }
}

function refused(status: string | undefined): string {
  if (status === 'denied') return 'the issuer has denied it';
  if (status === 'expired') return 'nobody approved it in time';
  return 'the issuer no longer knows this login';
}

/** A key that came with the license it signed proves nothing: somebody has to say that it is to be believed. */
function believe(
  files: LicenseFiles,
  { kid, pubKeyB64 }: Pick<Granted, 'kid' | 'pubKeyB64'>,
  trust: boolean,
): string[] {
  if (trustedKeys(files).keys.some(({ bytes }) => Buffer.from(bytes).toString('base64') === pubKeyB64)) return [];
  const fingerprint = createHash('sha256').update(Buffer.from(pubKeyB64, 'base64')).digest('hex').slice(0, 32);
  if (!trust)
    throw new OperatorError(
      `the issuer's key ${printable(kid)} (fingerprint ${fingerprint}) is not known here`,
      'compare the fingerprint with the issuer, then log in again with --trust-issuer; or install its PUBKEYS.json',
    );
  const bundle = JSON.stringify({ keys: [{ id: kid, type: 'ed25519', base64: pubKeyB64 }] });
  return [installKeys(files, bundle, `the issuer's key (fingerprint ${fingerprint})`)];
}

/** What the issuer has taken back, so that a revoked license is not put in use. An older list is left where it is. */
async function installRevocations(url: string, files: LicenseFiles): Promise<string[]> {
  const reply = await askIssuer(url, '/v1/revocations', { body: null });
  if (reply.status !== 200) return [];
  const { revocationSeq: seenSeq } = readSeen(files.seen);
  const context = { nowTs: Date.now() / 1000, lastSeenTs: null, keys: trustedKeys(files).keys, seenSeq };
  const verdict = verifyRevocations({ pack: reply.text }, context);
  if (!verdict.ok) {
    process.stderr.write(`shim: not installed: ${verdict.denial.reason}. ${verdict.denial.remedy}\n`);
    return [];
  }
  return [writeOutput(files.revocations, reply.text)];
}

function hasTexts(value: unknown, names: readonly string[]): boolean {
  const fields = (value ?? {}) as Record<string, unknown>;
  return names.every((name) => typeof fields[name] === 'string');
}
