import { deepEqual, equal, ok } from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Given, Then, When } from '@cucumber/cucumber';
import type { Household } from '../support/world.ts';

Given('a provider played by the rules', async function (this: Household) {
  this.rulesPort = await freePort();
  this.providers.set('anthropic', `http://127.0.0.1:${this.rulesPort}`);
});

When('the shim is tried against the rules', async function (this: Household) {
  await this.contracts(['conformance', '--url', this.shimUrl, '--provider-port', String(this.rulesPort), '--json']);
});

Then('every rule holds', function (this: Household) {
  const { rules } = JSON.parse(this.command.stdout) as { rules: { id: string; result: string; seen: string | null }[] };
  deepEqual(
    rules.filter(({ result }) => result !== 'pass'),
    [],
  );
  ok(rules.length > 40);
  equal(this.command.code, 0);
});

Then('{string} is what contracts openapi prints', async function (this: Household, path: string) {
  const served = JSON.parse(await this.get(path)) as { info: { version: string } };
  await this.contracts(['openapi', '--server', this.shimUrl]);
  const printed = JSON.parse(this.command.stdout) as typeof served;
  // The version is that of the program, which may be released without the contract.
  deepEqual({ ...served, info: { ...served.info, version: printed.info.version } }, printed);
});

When('the rules are tried where nothing listens', async function (this: Household) {
  await this.contracts(['conformance', '--url', `http://127.0.0.1:${await freePort()}`]);
});

Then('the command ends with {int} and says {string}', function (this: Household, code: number, words: string) {
  equal(this.command.code, code);
  ok(this.command.stderr.includes(words), this.command.stderr);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
