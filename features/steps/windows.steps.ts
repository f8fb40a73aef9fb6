import { deepEqual, equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Given, Then, When } from '@cucumber/cucumber';
import type { DataTable } from '@cucumber/cucumber';
import type { Household } from '../support/world.ts';

const PANES = fileURLToPath(new URL('../../fixtures/tracker/panes/', import.meta.url));

Given('I am the agent {string}', function (this: Household, name: string) {
  if (name === '') delete this.env['AGENT_ID'];
  else this.env['AGENT_ID'] = name;
});

When('I run {string} with the pane {string}', async function (this: Household, line: string, name: string) {
  await this.track(argumentsOf(line), readFileSync(`${PANES}${name}`, 'utf8'));
});

When('I run {string} with:', async function (this: Household, line: string, text: string) {
  await this.track(argumentsOf(line), text);
});

When(
  'I run {string} with Codex at {int} and {int} percent',
  async function (this: Household, line: string, fiveHours: number, week: number) {
    await this.track(argumentsOf(line), codexPane(fiveHours, week));
  },
);

When(
  'I run {string} with Claude at {int} and {int} percent',
  async function (this: Household, line: string, session: number, week: number) {
    await this.track(argumentsOf(line), claudePane(session, week));
  },
);

When(
  'I run {string} with a paste of Codex at {int} and {int}, then at {int} and {int} percent',
  async function (this: Household, line: string, five: number, week: number, fiveNow: number, weekNow: number) {
    await this.track(argumentsOf(line), `${codexPane(five, week)}\n› go on, please\n\n${codexPane(fiveNow, weekNow)}`);
  },
);

When('I run {string} with {int} prompts of GLM', async function (this: Household, line: string, prompts: number) {
  await this.track(argumentsOf(line), JSON.stringify({ blocks: [{ prompts_used: prompts }] }));
});

When(
  'I run {string} with {int} sessions of {int} tokens in all',
  async function (this: Household, line: string, count: number, tokens: number) {
    const sessions = Array.from({ length: count }, (_, at) => ({
      sessionId: `session-${at}`,
      totalTokens: Math.floor(tokens / count),
      lastActivity: new Date(Date.UTC(2030, 9, 14, 0, at)).toISOString(),
    }));
    await this.track(argumentsOf(line), JSON.stringify({ sessions, totals: { totalTokens: tokens } }));
  },
);

/** Paths with dots into the newest row; values are JSON. */
Then('the newest row of {string} has', function (this: Household, file: string, table: DataTable) {
  const row = this.rows(file).at(-1);
  for (const [path = '', value = ''] of table.raw()) deepEqual(at(row, path), JSON.parse(value), `${file}: ${path}`);
});

Then(
  'the newest row of {string} for {string} has',
  function (this: Household, file: string, id: string, table: DataTable) {
    const [provider, phase] = id.split(' ');
    const row = this.rows(file).findLast(
      (one) => one['provider'] === provider && one['phase'] === (phase ?? one['phase']),
    );
    for (const [path = '', value = ''] of table.raw()) deepEqual(at(row, path), JSON.parse(value), `${file}: ${path}`);
  },
);

Then('it prints', function (this: Household, text: string) {
  for (const line of text.split('\n'))
    ok(this.command.stdout.includes(line), `${line} is not in:\n${this.command.stdout}`);
});

Then('{int} reading(s) of {string} is/are taken back', function (this: Household, count: number, phase: string) {
  const taken = this.rows('snapshots.jsonl').filter((row) => row['kind'] === 'tombstone');
  equal(taken.length, count);
  // Nothing is deleted: the row stands where it stood.
  ok(this.rows('snapshots.jsonl').some((row) => row['phase'] === phase));
});

Then(
  'the state of {string} is {string} after {string}',
  function (this: Household, name: string, window: string, phase: string) {
    const state = JSON.parse(readFileSync(`${this.home}/data/state/${name}.json`, 'utf8')) as Record<string, unknown>;
    equal(`${String(state['current_window'])} ${String(state['last_phase'])}`, `${window} ${phase}`);
  },
);

/** Both windows are open: of one that is over no number counts. */
function codexPane(fiveHours: number, week: number): string {
  return [
    '/status',
    `5h limit: [██] ${fiveHours}% used (resets ${resetIn(2)})`,
    `Weekly limit: [██] ${week}% used (resets ${resetIn(72)})`,
    '',
  ].join('\n');
}

function claudePane(session: number, week: number): string {
  return [
    '> /usage',
    ' Current session',
    ` ${session}% used`,
    ` Resets ${resetIn(2, 'claude')} (UTC)`,
    '',
    ' Current week (all models)',
    ` ${week}% used`,
    ` Resets ${resetIn(72, 'claude')} (UTC)`,
    '',
  ].join('\n');
}

/** As each program writes it, in UTC. */
function resetIn(hours: number, writer: 'codex' | 'claude' = 'codex'): string {
  const at = new Date(Date.now() + hours * 3_600_000);
  const month = at.toLocaleString('en-US', { month: 'short', timeZone: 'UTC' });
  const minutes = String(at.getUTCMinutes()).padStart(2, '0');
  const hour = at.getUTCHours();
  if (writer === 'codex') return `${String(hour).padStart(2, '0')}:${minutes} on ${at.getUTCDate()} ${month}`;
  return `${month} ${at.getUTCDate()}, ${hour % 12 === 0 ? 12 : hour % 12}:${minutes}${hour < 12 ? 'am' : 'pm'}`;
}

function at(row: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], row);
}

function argumentsOf(line: string): string[] {
  return line.split(' ').slice(1);
}
