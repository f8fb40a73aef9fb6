import { deepEqual, equal, match } from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MetricsSummary, Usage } from '@ccp/contracts';
import { Given, Then, When } from '@cucumber/cucumber';
import type { Household } from '../support/world.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures', import.meta.url));

function copy(world: Household, fixture: string, name: string): void {
  const file = join(world.home, name);
  mkdirSync(dirname(file), { recursive: true });
  cpSync(join(FIXTURES, fixture), file);
}

Given('an archive with the usage snapshot {string}', function (this: Household, name: string) {
  copy(this, `contracts/v1/valid/usage/${name}.json`, 'archive/usage.json');
});

Given('an archive with the logs of the original program', function (this: Household) {
  copy(this, 'shim/logs/original-usage.jsonl', 'archive/logs/archive/usage-20260114-120000.jsonl');
});

Given('its log holds a finished turn for {string}', function (this: Household, model: string) {
  const line = {
    ts: 1768392004,
    rid: '00000001',
    lane: 'zai',
    model,
    status: 200,
    input_tokens: 90,
    output_tokens: 12,
  };
  mkdirSync(join(this.home, 'archive/logs/archive'), { recursive: true });
  this.write('archive/logs/archive/usage.jsonl', `{}${JSON.stringify(line)}\n`);
});

Then('{string} has the models and values of that snapshot', function (this: Household, name: string) {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(this.home, file), 'utf8'));
  const { model_health: health = {}, turns } = read(name) as MetricsSummary;
  const { models } = read('archive/usage.json') as Usage;
  equal(turns, 1);
  deepEqual(Object.keys(health), Object.keys(models).toSorted());
  for (const [model, { reqs, speeds, warn_pct_auto, gap_samples }] of Object.entries(models)) {
    const { reqs: told, speeds: speed, warn_pct_auto: warn, gap_samples: gaps } = health[model] ?? {};
    deepEqual([told, speed, warn, gaps], [reqs, speeds, warn_pct_auto, gap_samples]);
  }
});

When('the key file is lost', function (this: Household) {
  rmSync(this.env['CCP_API_KEY_FILE'] ?? '');
});

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
  equal(this.command.code, code, `${this.command.stdout}${this.command.stderr}`);
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
