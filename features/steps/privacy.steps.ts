import { deepEqual, equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Given, Then, When } from '@cucumber/cucumber';
import { installLicense } from '../support/license.ts';
import type { Household } from '../support/world.ts';

const MINIMIZED = [
  'generated_at',
  'features_shipped',
  'features_per_capacity',
  'avg_cls',
  'avg_impf',
  'avg_churn_score',
  'capacity_used',
];

Given(
  'an aggregator with a key for {string} and {string}',
  async function (this: Household, one: string, other: string) {
    const features = ['--feature', one, '--feature', other];
    await this.runShim(['aggregate', 'key', 'add', '--org', 'acme', ...features]);
    this.env['CCP_AGGREGATOR_KEY'] = this.command.stdout.trim();
    this.env['CCP_AGGREGATOR_URL'] = await this.aggregate(0);
  },
);

Given('a license for {string}', function (this: Household, feature: string) {
  installLicense(this.home, [feature]);
});

Given('the tier is {string}', async function (this: Household, tier: string) {
  await this.track(['privacy', 'set', tier]);
  equal(this.command.code, 0, this.command.stderr);
});

Given('the aggregator is killed', async function (this: Household) {
  await this.killAggregator();
});

When('the aggregator is started again', async function (this: Household) {
  await this.aggregate(Number(new URL(this.env['CCP_AGGREGATOR_URL'] ?? '').port));
});

When(
  'a session of {int} feature(s) on {float} capacity is kept',
  async function (this: Household, features: number, capacity: number) {
    const session = ['--session', 's-1'];
    await this.track(['session', 'start', ...session, '--repo', 'shop', '--branch', 'feature/checkout']);
    const turn = ['--model', 'claude-sonnet-4-5', '--tokens-in', '100', '--tokens-out', '20', '--turn', 't-1'];
    const measured = ['--capacity', String(capacity), '--feature-delta', String(features)];
    await this.track(['session', 'log', ...session, ...turn, ...measured, '--summary', 'Exports can be filtered']);
    await this.track(['session', 'end', ...session, '--notes', 'please keep this to yourself']);
    equal(this.command.code, 0, this.command.stderr);
  },
);

interface Streams {
  readonly streams: readonly { readonly events: number; readonly summaries: number; readonly missing: unknown[] }[];
}

interface Orgs {
  readonly orgs: readonly { readonly newest_summary: Record<string, unknown> }[];
}

interface Events {
  readonly events: readonly { readonly event: { readonly kind: string } }[];
}

Then(
  'the aggregator has {int} event(s) and {int} summary/summaries',
  async function (this: Household, events: number, summaries: number) {
    const { streams } = (await this.askAggregator('/v1/ingest/streams')) as Streams;
    const sum = (key: 'events' | 'summaries'): number => streams.reduce((total, stream) => total + stream[key], 0);
    deepEqual([sum('events'), sum('summaries')], [events, summaries]);
    ok(streams.every(({ missing }) => missing.length === 0));
  },
);

Then(
  'the newest summary there says that {word} is {float}',
  async function (this: Household, key: string, value: number) {
    const { orgs } = (await this.askAggregator('/v1/ingest/orgs')) as Orgs;
    equal(orgs[0]?.newest_summary[key], value);
  },
);

Then('the newest summary there is what {string} would have shown', async function (this: Household, line: string) {
  const { orgs } = (await this.askAggregator('/v1/ingest/orgs')) as Orgs;
  const newest = orgs[0]?.newest_summary ?? {};
  ok(Object.keys(newest).every((key) => MINIMIZED.includes(key)));
  // Seen from another data folder with the same journals and nothing sent yet.
  await this.trackIn('copy', line.split(' ').slice(1));
  deepEqual(newest, JSON.parse(this.command.stdout));
});

Then('{string} says that {word} is {float}', function (this: Household, file: string, key: string, value: number) {
  const summary = JSON.parse(readFileSync(join(this.home, 'data', file), 'utf8')) as Record<string, unknown>;
  equal(summary[key], value);
});

Then('the events of the session there are {string}', async function (this: Household, kinds: string) {
  const { events } = (await this.askAggregator('/v1/ingest/sessions/s-1')) as Events;
  equal(events.map(({ event }) => event.kind).join(', '), kinds);
});

Then(
  'the aggregator knows neither {string} nor {string}',
  async function (this: Household, one: string, other: string) {
    const session = JSON.stringify(await this.askAggregator('/v1/ingest/sessions/s-1'));
    const sums = JSON.stringify(await this.askAggregator('/v1/ingest/orgs'));
    ok(!`${session}${sums}`.includes(one) && !`${session}${sums}`.includes(other));
  },
);
