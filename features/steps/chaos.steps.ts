import { deepEqual, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Then, When } from '@cucumber/cucumber';
import type { Household } from '../support/world.ts';

const CHAOS = fileURLToPath(new URL('../../scripts/chaos.mjs', import.meta.url));
const MINUTES = Number(process.env['CHAOS_MINUTES'] ?? 0.03);
/** Start, calm and comparison of a run, on a machine that is busy; a run of minutes has more to compare. */
const AROUND_MS = 60_000 + MINUTES * 20_000;
/** Not the shim's promptness is tried here: while tests run it may not get to run for a second. */
const WITHIN_MS = 1500;

type Invariant =
  | 'books_equal'
  | 'nothing_lost'
  | 'nothing_twice'
  | 'data_sound'
  | 'sums_sound'
  | 'lanes_usable'
  | 'memory_bounded'
  | 'no_exit_unasked'
  | 'nothing_left_behind';

interface Report {
  readonly clock_jumps: number;
  readonly whole_turns: number;
  /** What was violated. */
  readonly invariants: Readonly<Record<Invariant, readonly string[]>>;
}

const reports = new WeakMap<Household, Report>();

/** @returns `skipped` where this machine can't do it */
async function run(world: Household, args: readonly string[]): Promise<'skipped' | undefined> {
  const always = [
    '--json',
    '--seed',
    '7',
    '--streams',
    '6',
    '--minutes',
    String(MINUTES),
    '--within',
    String(WITHIN_MS),
  ];
  const child = spawn(process.execPath, [CHAOS, ...always, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += String(chunk)));
  child.stderr.on('data', (chunk: Buffer) => (err += String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code === 2 && err.includes('no libfaketime')) {
    world.log(err);
    return 'skipped';
  }
  ok(out.startsWith('{'), `chaos left with ${String(code)}: ${err}`);
  const report = JSON.parse(out) as Report;
  ok(report.whole_turns > 0, 'no turn came whole, so nothing was tried');
  reports.set(world, report);
  return undefined;
}

function holds(world: Household, ...names: readonly Invariant[]): void {
  const report = reports.get(world);
  for (const name of names) deepEqual(report?.invariants[name].slice(0, 10), [], name);
}

When(
  'turns flow under {string}',
  { timeout: MINUTES * 60_000 + AROUND_MS },
  async function (this: Household, what: string) {
    return run(this, ['--only', what]);
  },
);

When(
  /^turns flow under "clock-jump" of (the shim|both)$/u,
  { timeout: MINUTES * 60_000 + AROUND_MS },
  async function (this: Household, whose: string) {
    return run(this, ['--only', 'clock-jump', '--clock', whose === 'both' ? 'both' : 'shim']);
  },
);

Then('its clock has jumped at least {int} times', function (this: Household, times: number) {
  const jumps = reports.get(this)?.clock_jumps ?? 0;
  ok(jumps >= times, `${jumps} times only`);
});

Then('the books of clients, providers, shim and tracker are equal', function (this: Household) {
  holds(this, 'books_equal', 'data_sound');
});

Then('no turn is lost and none is there twice', function (this: Household) {
  holds(this, 'nothing_lost', 'nothing_twice');
});

Then('every sum was sound at every moment', function (this: Household) {
  holds(this, 'sums_sound');
});

Then('the lanes are usable again', function (this: Household) {
  holds(this, 'lanes_usable');
});

Then('memory is bounded and nobody left unasked', function (this: Household) {
  holds(this, 'memory_bounded', 'no_exit_unasked', 'nothing_left_behind');
});
