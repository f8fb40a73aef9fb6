// What must hold at every moment, and once it is calm again.
import { until } from '../e2e/children.mjs';
import { Mismatch } from '../e2e/expect.mjs';
import { QUOTA, SHARED_MODELS } from './stage.mjs';

const MOST_RSS_MIB = 400;
/** Rests of the scenarios end after a second; a busy machine takes longer to notice. */
const USABLE_WITHIN_MS = 15_000;

const SUMS = [
  ...['rolling_in', 'rolling_out', 'rolling_tokens', 'rolling_pct', 'reqs', 'weekly_tokens', 'weekly_pct'],
  ...['pending_tokens', 'eta_rolling_sec', 'eta_weekly_sec', 'eta_clear_sec'],
];

export class Watch {
  sums_sound = [];
  no_exit_unasked = [];
  lanes_usable = [];
  #stage;
  #rss = { shim: [], tracker: [] };

  constructor(stage) {
    this.#stage = stage;
  }

  async look() {
    const exited = this.#stage.exited();
    if (exited.length > 0) this.no_exit_unasked.push(...exited);
    for (const [name, mib] of Object.entries(this.#stage.memoryMib())) this.#rss[name].push(mib);
    if (exited.includes('shim')) return;
    const { models } = await (await fetch(`${this.#stage.shimUrl}/v1/usage`)).json();
    for (const [model, usage] of Object.entries(models)) this.#checkSums(model, usage);
  }

  /** Nobody rests any longer than asked for, and the first lane serves what no quota keeps from it. */
  async untilUsable(clients) {
    let why = 'nothing was asked';
    const isUsable = async () => {
      const { models, lanes } = await (await fetch(`${this.#stage.shimUrl}/v1/usage`)).json();
      const resting = [...Object.entries(lanes), ...Object.entries(models)].filter(([, one]) => one.cooldown_active);
      why = resting.map(([name, one]) => `${name} rests for ${one.cooldown_kind} until ${at(one)}`).join(', ');
      if (resting.length > 0) return undefined;
      for (const model of SHARED_MODELS) {
        const { status, lane, whole } = await clients.ask(model);
        why = `a turn of ${model} went to ${lane} with status ${status}`;
        if (lane !== 'anthropic' || !whole) return undefined;
      }
      return true;
    };
    try {
      await until('usable lanes', isUsable, USABLE_WITHIN_MS);
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      this.lanes_usable.push(`${USABLE_WITHIN_MS / 1000} s after all was well again: ${why}`);
    }
  }

  get memory_bounded() {
    return Object.entries(this.memory).flatMap(([name, { most_mib: most }]) =>
      most > MOST_RSS_MIB ? [`the ${name} took ${most} MiB, more than ${MOST_RSS_MIB}`] : [],
    );
  }

  get memory() {
    return Object.fromEntries(
      Object.entries(this.#rss).map(([name, mib]) => [
        name,
        { first_mib: mib[0] ?? 0, last_mib: mib.at(-1) ?? 0, most_mib: Math.max(0, ...mib) },
      ]),
    );
  }

  #checkSums(model, usage) {
    const { tokens } = usage;
    const say = (text) => this.sums_sound.push(`${model}: ${text}`);
    const own = SUMS.map((name) => [name, usage[name]]);
    for (const [name, value] of [...own, ...numbersOf(tokens.rolling), ...numbersOf(tokens.weekly)])
      if (!(value >= 0)) say(`${name} is ${value}`);
    for (const [type, sum] of numbersOf(tokens.rolling))
      if (sum > tokens.weekly[type]) say(`${type}: ${sum} in the window, ${tokens.weekly[type]} in the week`);
    // A minute leaves with its last second.
    const longestS = QUOTA.rollingS + 60;
    if (usage.flags.block && usage.eta_clear_sec > longestS)
      say(`blocked for ${usage.eta_clear_sec} s, longer than its window of ${QUOTA.rollingS} s`);
  }
}

function numbersOf(fields) {
  return Object.entries(fields).filter(([, value]) => typeof value === 'number');
}

function at({ cooldown_next_ts: ts }) {
  return ts === null ? 'nobody knows when' : new Date(ts * 1000).toISOString();
}
