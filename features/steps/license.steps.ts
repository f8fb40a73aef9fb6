import { equal, match, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseUsage } from '@ccp/contracts';
import { Given, Then, When } from '@cucumber/cucumber';
import type { Household } from '../support/world.ts';

interface Status {
  readonly license: { readonly ok: boolean; readonly reason?: string; readonly features?: readonly string[] };
}

const KID = 'issuer-1';
/** Each of these steps starts one to three programs, on a machine that may be busy. */
const PROGRAMS = { timeout: 90_000 };

function keyFile(world: Household): string {
  return join(world.issuerDir, `${KID}.key.pem`);
}

async function shim(world: Household, args: readonly string[]): Promise<void> {
  await world.runShim(args);
  equal(world.command.code, 0, world.command.stderr);
}

async function usable(world: Household, lane: string): Promise<boolean | undefined> {
  const parsed = parseUsage(JSON.parse(await world.get('/v1/usage')));
  ok(parsed.ok);
  return parsed.value.lanes?.[lane]?.usable;
}

Given('the shim is running without a configuration', PROGRAMS, async function (this: Household) {
  await this.serveBuiltIn();
});

Given('an issuer with the invite {string}', PROGRAMS, async function (this: Household, code: string) {
  await startIssuer(this, code, 'zai_offload');
});

Given(
  'an issuer with the invite {string} for {string}',
  PROGRAMS,
  async function (this: Household, code: string, features: string) {
    await startIssuer(this, code, features);
  },
);

async function startIssuer(world: Household, code: string, features: string): Promise<void> {
  await shim(world, ['license', 'keygen', '--out', world.issuerDir, '--kid', KID]);
  await shim(world, ['issuer', 'invite', code, '--dir', world.issuerDir, '--features', features]);
  await world.serveIssuer();
}

Given('a license of that issuer in use', PROGRAMS, async function (this: Household) {
  const file = join(this.home, 'issued.pack');
  const grant = ['--sub', 'tester', '--plan', 'pro', '--features', 'zai_offload'];
  await shim(this, ['license', 'issue', '--key', keyFile(this), ...grant, '--out', file]);
  await shim(this, ['license', 'install', file, '--keys', join(this.issuerDir, 'PUBKEYS.json')]);
});

let code = '';

When('a login with the invite {string} begins', PROGRAMS, async function (this: Household, invite: string) {
  code = await this.beginLogin(['--invite', invite, '--trust-issuer']);
});

When('the license is looked at', PROGRAMS, async function (this: Household) {
  await this.runShim(['license', 'status', '--json']);
});

When('the login is approved', PROGRAMS, async function (this: Household) {
  await shim(this, ['issuer', 'approve', code, '--dir', this.issuerDir, '--url', this.issuerUrl]);
  equal(await this.login, 0);
});

When('the license is revoked', PROGRAMS, async function (this: Household) {
  const list = join(this.issuerDir, 'revocations.pack');
  const pack = join(this.home, '.config', 'ccp', 'license.pack');
  await shim(this, ['license', 'revoke', '--key', keyFile(this), '--list', list, '--pack', pack]);
  await shim(this, ['license', 'install', '--revocations', list]);
});

When(
  'that license is changed to plan {string} and installed',
  PROGRAMS,
  async function (this: Household, plan: string) {
    const text = readFileSync(join(this.home, 'issued.pack'), 'utf8');
    await this.runShim(['license', 'install', this.write('changed.pack', text.replace('"pro"', `"${plan}"`))]);
  },
);

Then('the command fails and says {string}', function (this: Household, words: string) {
  equal(this.command.code, 1);
  ok(this.command.stderr.includes(words), this.command.stderr);
  match(this.command.stderr, /^shim: [^\n]+\n$/);
});

Then('no license counts because {string}', PROGRAMS, async function (this: Household, words: string) {
  await this.runShim(['license', 'status', '--json']);
  equal(this.command.code, 1);
  const { license } = JSON.parse(this.command.stdout) as Status;
  equal(license.ok, false);
  ok(license.reason?.startsWith(words), license.reason);
});

Then('the license counts with the feature {string}', PROGRAMS, async function (this: Household, feature: string) {
  await shim(this, ['license', 'status', '--json']);
  const { license } = JSON.parse(this.command.stdout) as Status;
  equal(license.ok, true);
  ok(license.features?.includes(feature));
});

Then('lane {string} becomes {word}', PROGRAMS, async function (this: Household, lane: string, state: string) {
  await this.until(async () => (await usable(this, lane)) === (state === 'usable'), `lane ${lane} to be ${state}`);
});
