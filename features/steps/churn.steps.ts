import { equal } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Given, Then, When } from '@cucumber/cucumber';
import type { Household } from '../support/world.ts';

const DAY_S = 86_400;

Given(
  'a commit {string} {int} day(s) ago that leaves {int} line(s) in {string}',
  function (this: Household, message: string, days: number, count: number, file: string) {
    const dir = join(this.home, 'repository');
    const date = `${Math.round(Date.now() / 1000) - days * DAY_S} +0000`;
    const git = (...args: string[]): void =>
      void execFileSync('git', ['-C', dir, '-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], {
        env: { PATH: process.env['PATH'], HOME: this.home, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
      });
    if (!existsSync(dir)) {
      mkdirSync(dir);
      git('init', '-q', '-b', 'main');
    }
    this.write(join('repository', file), Array.from({ length: count }, (_, at) => `${file} ${at}\n`).join(''));
    git('add', '-A');
    git('commit', '-q', '-m', message);
  },
);

When('I run {string} on the repository', async function (this: Household, line: string) {
  const [, ...args] = line.split(' ');
  await this.track([...args, '--repo', join(this.home, 'repository')]);
});

Then(
  '{string} tells of {string} a quality of {float}',
  function (this: Household, file: string, window: string, quality: number) {
    equal(qualityIn(this, file, window), quality);
  },
);

Then('{string} tells of {string} no quality', function (this: Household, file: string, window: string) {
  equal(qualityIn(this, file, window), null);
});

function qualityIn(house: Household, file: string, window: string): unknown {
  return house.rows(file).findLast((row) => row['window'] === window)?.['quality'];
}
