import { equal, match } from 'node:assert/strict';
import { Then, When } from '@cucumber/cucumber';
import type { Household } from '../support/world.ts';

When('the shim has written {int} turn(s)', async function (this: Household, count: number) {
  const written = async (): Promise<boolean> => {
    const { models } = JSON.parse(await this.get('/v1/usage/samples?since=0')) as { models: Record<string, unknown[]> };
    return Object.values(models).flat().length === count;
  };
  await this.until(written, `${count} turns in the shim's database`);
});

When('I run {string}', async function (this: Household, line: string) {
  const [, ...args] = line.split(' ');
  await this.track(args);
});

Then('it exits with {int}', function (this: Household, code: number) {
  equal(this.command.code, code, this.command.stderr);
});

Then('it prints {string}', function (this: Household, text: string) {
  match(this.command.stdout, new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
});

Then('it complains {string}', function (this: Household, text: string) {
  match(this.command.stderr, new RegExp(text));
});

Then(
  '{string} holds {int} row(s) of kind {string}',
  function (this: Household, file: string, count: number, kind: string) {
    equal(this.rows(file).filter((row) => row['kind'] === kind).length, count);
  },
);
