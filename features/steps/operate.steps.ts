import { createHash } from 'node:crypto';
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Given, Then, When } from '@cucumber/cucumber';
import type { DataTable } from '@cucumber/cucumber';
import type { Household } from '../support/world.ts';

interface Books {
  readonly entries: { readonly credentials: Record<string, string>; readonly query: string }[];
}

Given('{string} is set to {string}', function (this: Household, name: string, value: string) {
  this.env[name] = value;
});

Given('the lane {string} takes its key as {string}', function (this: Household, name: string, mode: string) {
  this.lanes.set(name, { header_mode: mode });
});

Given('the lane {string} needs the feature {string}', function (this: Household, name: string, feature: string) {
  this.lanes.set(name, { requires: feature });
});

Given('a client without a credential of its own', function (this: Household) {
  this.credential = null;
});

Given(
  'the lane {string} falls back to the credential in {string}',
  function (this: Household, name: string, variable: string) {
    this.lanes.set(name, { fallback_env: variable });
  },
);

Given(
  'a provider {string} that falls silent in the middle of an answer',
  async function (this: Household, name: string) {
    await this.simulate(name, { rules: [{ then: { act: 'silence', where: 'mid_stream', after_events: 3 } }] });
  },
);

Given(
  'a provider {string} whose 5-hour meter begins at {float} and moves by {float} with each turn',
  async function (this: Household, name: string, start: number, step: number) {
    const output = 30;
    const fiveHour = { start, per_output_token: step / output, resets_in_s: 18_000 };
    const usage = { input: 120, output, cache_write_5m: 0, cache_write_1h: 0, cache_read: 0 };
    await this.simulate(name, { turn: { usage }, meters: { five_hour: fiveHour } });
  },
);

Given('{string} holds', function (this: Household, file: string, text: string) {
  this.writeBelow(file, this.withProviders(text));
});

When('{string} is changed to', function (this: Household, file: string, text: string) {
  this.writeBelow(file, this.withProviders(text));
});

Given('the shim is running on its own files', async function (this: Household) {
  await this.serveOwnFiles();
});

When('the shim is started again', async function (this: Household) {
  await this.killShim();
  await this.serveOwnFiles();
});

When('{int} turns are sent for {string}', async function (this: Household, count: number, model: string) {
  for (let turn = 0; turn < count; turn += 1) await this.turn(model);
});

When('{string} is posted to {string}', async function (this: Household, body: string, path: string) {
  await this.post(path, body);
});

When('the quotas are reloaded', async function (this: Household) {
  await this.post('/v1/quotas/reload', '');
});

When('I run {string} in a shell', async function (this: Household, line: string) {
  await this.runShim(line.split(' ').slice(1));
});

/** What the provider received: `client` stands for the client's credential, `key` for the lane's own. */
Then('the provider {string} saw these credentials', async function (this: Household, name: string, table: DataTable) {
  const { entries } = JSON.parse(await this.booksOf(name)) as Books;
  const expected = Object.fromEntries(table.raw().map(([header = '', value = '']) => [header, sha256(value)]));
  ok(entries.length > 0, `${name} was not asked`);
  for (const { credentials } of entries) deepEqual(credentials, expected);
});

Then('the answer is an error of type {string}', function (this: Household, type: string) {
  const { error } = JSON.parse(this.answer.text) as { error: { type: string } };
  equal(error.type, type);
});

/** After the first byte nothing may be added to the stream: it ends short. */
When('a turn for {string} is cut off', async function (this: Household, model: string) {
  await rejects(this.turn(model), TypeError);
});

Then('the log tells the decision before the turn, with the same request id', async function (this: Household) {
  const rid = this.answer.headers.get('x-ccp-rid');
  const lines = (): { rid: string; status: number; op: string; reason: string }[] =>
    readFileSync(join(this.home, '.local/state/ccp/logs/usage.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { rid: string; status: number; op: string; reason: string })
      .filter((line) => line.rid === rid);
  await this.until(async () => lines().length === 2, 'two lines of the request');
  deepEqual(
    lines().map(({ status }) => status),
    [-1, 200],
  );
});

Then('the stream is as the provider sent it', function (this: Household) {
  const events = this.answer.text.split('\n').flatMap((line) => (line.startsWith('event: ') ? [line.slice(7)] : []));
  equal(events[0], 'message_start');
  equal(events.at(-1), 'message_stop');
  equal(this.answer.headers.get('content-type')?.split(';')[0], 'text/event-stream');
});

Then('readyz is {int} and says', async function (this: Household, status: number, text: string) {
  const found = async (): Promise<string> => {
    const answer = await fetch(`${this.shimUrl}/v1/readyz`);
    return `${answer.status} ${await answer.text()}`;
  };
  let last = '';
  const said = async (): Promise<boolean> => {
    last = await found();
    return last.startsWith(`${status} `) && last.includes(text);
  };
  await this.until(said, `readyz ${status} with ${text}`).catch((error: unknown) => {
    throw new Error(`${String(error)}; it is ${last}`);
  });
});

Then('readyz is {int}', async function (this: Household, status: number) {
  await this.until(async () => (await fetch(`${this.shimUrl}/v1/readyz`)).status === status, `readyz ${status}`);
});

/** Paths with dots into the model's part of GET /v1/usage; values are JSON. */
Then('usage of {string} has', async function (this: Household, model: string, table: DataTable) {
  const usage: unknown = (await this.models())[model];
  for (const [path = '', value = ''] of table.raw()) {
    const found = path
      .split('.')
      .reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], usage);
    deepEqual(found, JSON.parse(value), path);
  }
});

Then('the hours of {string} add up to {int} turn(s)', async function (this: Household, model: string, count: number) {
  const sum = async (): Promise<number> => {
    const text = await this.get(`/v1/usage/rollups?granularity=hour&since=-2h&model=${model}`);
    return [...text.matchAll(/"count":(\d+)/gu)].reduce((total, [, one]) => total + Number(one), 0);
  };
  await this.until(async () => (await sum()) === count, `${count} turns in the hours`);
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

Given('{string} is set to {string} at home', function (this: Household, name: string, file: string) {
  this.env[name] = join(this.home, file);
});

/** A file is looked at twice a second. */
Then(
  'turns for {string} soon go through lane {string} by decision {string}',
  async function (this: Household, model: string, lane: string, decision: string) {
    const there = async (): Promise<boolean> => {
      await this.turn(model);
      return this.answer.headers.get('x-ccp-lane') === lane && this.answer.headers.get('x-ccp-decision') === decision;
    };
    await this.until(there, `lane ${lane} by ${decision}`);
  },
);

Then('readyz tells the version that the command prints', async function (this: Household) {
  await this.runShim(['--version']);
  const { version } = JSON.parse(await this.get('/v1/readyz')) as { version: string };
  equal(version, this.command.stdout.trim());
});

Then(
  'the warning of {string} is lower than {float} and at least {float}',
  async function (this: Household, model: string, below: number, least: number) {
    this.warning = (await this.models())[model]?.warn_pct?.auto ?? NaN;
    ok(this.warning < below && this.warning >= least, String(this.warning));
  },
);

Then('the warning of {string} is not higher than before', async function (this: Household, model: string) {
  const now = (await this.models())[model]?.warn_pct?.auto ?? NaN;
  ok(now <= this.warning && now >= 0.5, `${now}, before ${this.warning}`);
});
