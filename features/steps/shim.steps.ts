import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { Given, Then, When } from '@cucumber/cucumber';
import type { Household } from '../support/world.ts';

interface Books {
  readonly totals: { readonly requests: number };
}

const USAGE = { cache_write_5m: 0, cache_write_1h: 0, cache_read: 0 };

Given(
  'a provider {string} that answers with {int} input and {int} output tokens',
  async function (this: Household, name: string, input: number, output: number) {
    await this.simulate(name, { turn: { usage: { ...USAGE, input, output } } });
  },
);

Given('a provider {string} that rejects with {string}', async function (this: Household, name: string, kind: string) {
  await this.simulate(name, { rules: [{ then: { act: 'reject', kind } }] });
});

Given(
  'a quota of {int} tokens per 5 hours for {string} on {string}',
  function (this: Household, tokens: number, model: string, provider: string) {
    this.quotas = { models: { [model]: { provider, rolling_tokens: tokens, warn_pct: 0.8 } } };
  },
);

Given(
  'a weekly quota of {int} hours for {string} on {string}',
  function (this: Household, hours: number, model: string, provider: string) {
    this.quotas = { models: { [model]: { provider, weekly_limit_type: 'hours', weekly_limit_value: hours } } };
  },
);

Given('the shim asks for a key', function (this: Household) {
  this.askForKey('a-key-that-only-opens-this-shim');
});

Given('the shim is running', async function (this: Household) {
  await this.serve();
});

Given(
  'a provider {string} that rejects {string} with {string} and answers the others',
  async function (this: Household, name: string, model: string, kind: string) {
    await this.simulate(name, { rules: [{ match: { model }, then: { act: 'reject', kind } }] });
  },
);

Given('the reroute mode is {string}', function (this: Household, mode: string) {
  this.env['CCP_REROUTE_MODE'] = mode;
});

When('its row is in the database', async function (this: Household) {
  const rid = this.answer.headers.get('x-ccp-rid') ?? '';
  await this.until(async () => (await this.get('/v1/usage/samples?since=-1h')).includes(rid), `the row of ${rid}`);
});

When('the shim is killed and started again', async function (this: Household) {
  await this.killShim();
  await this.serve();
});

When('the turn is explained and decided again', async function (this: Household) {
  await this.runShim(['explain', this.answer.headers.get('x-ccp-rid') ?? '', '--replay']);
});

Then(
  'the explanation names {string} and {string} and says that the replay is the same',
  function (this: Household, first: string, second: string) {
    const { code, stdout, stderr } = this.command;
    equal(code, 0, stderr);
    for (const text of [first, second, 'quota_overshoot', 'replayed: the same']) ok(stdout.includes(text), stdout);
  },
);

Then('{string} rests after {string}', async function (this: Household, model: string, kind: string) {
  const usage = (await this.models())[model];
  deepEqual({ active: usage?.cooldown_active, kind: usage?.cooldown_kind }, { active: true, kind });
});

Then('the provider {string} was asked {int} time(s)', async function (this: Household, name: string, times: number) {
  const books = (await (await fetch(`${this.providers.get(name) ?? ''}/__books`)).json()) as Books;
  equal(books.totals.requests, times);
});

When('a turn is sent for {string}', async function (this: Household, model: string) {
  await this.turn(model);
});

Then('the client gets status {int}', function (this: Household, status: number) {
  equal(this.answer.status, status, this.answer.text);
});

Then(
  'the turn went through lane {string} by decision {string}',
  function (this: Household, lane: string, decision: string) {
    equal(this.answer.headers.get('x-ccp-lane'), lane);
    equal(this.answer.headers.get('x-ccp-decision'), decision);
  },
);

Then('the client is told not to retry before the quota clears', function (this: Household) {
  equal(this.answer.headers.get('x-should-retry'), 'false');
  ok(Number(this.answer.headers.get('retry-after')) > 0);
  match(this.answer.text, /rate_limit_error/);
});

Then(
  'usage of {string} shows {int} input and {int} output tokens',
  async function (this: Household, model: string, input: number, output: number) {
    const models = await this.models();
    const { rolling_in, rolling_out } = models[model] ?? {};
    deepEqual({ rolling_in, rolling_out }, { rolling_in: input, rolling_out: output });
  },
);

Then(
  'usage of {string} counts {int} {word} and an output speed above zero',
  async function (this: Household, model: string, count: number, event: string) {
    const models = await this.models();
    const usage = models[model];
    equal((usage?.events as Record<string, number> | undefined)?.[event], count);
    ok((usage?.speeds.rolling.out_elr_tps ?? 0) > 0);
  },
);

Then('{string} is not blocked', async function (this: Household, model: string) {
  const models = await this.models();
  equal(models[model]?.block, false);
});
