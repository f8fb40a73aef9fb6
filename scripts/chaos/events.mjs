// What goes wrong, and when.
import { setTimeout as sleep } from 'node:timers/promises';
import { JUMPS_S } from './clock.mjs';
import { scenarioNames } from './stage.mjs';

/** Runs in which one thing goes wrong all the time: which file the providers play, which events come in turn. */
const FOCUSED = {
  ...Object.fromEntries(scenarioNames.map((name) => [name, { scenario: name, events: ['look'] }])),
  'clock-jump': { scenario: 'clock-jump', events: ['clock'], atLeast: 2 * JUMPS_S.length, pauseMs: [100, 400] },
  'disk-full': { scenario: 'disk-full', events: ['disk'], atLeast: 1 },
  kills: { scenario: 'mixed', events: ['shim', 'tracker'], atLeast: 2 },
};

const EACH_ONCE = ['behaviour', 'shim', 'clock', 'behaviour', 'tracker', 'disk', 'clock', 'behaviour'];

export const focusNames = Object.keys(FOCUSED);

export class Events {
  counts = { behaviours: 0, shim_kills: 0, tracker_kills: 0, full_disks: 0, clock_jumps: 0 };
  #stage;
  #random;
  #focus;
  #whose;
  #played = 0;
  #jumps = 0;
  #moved = new Set();

  /** `only`: a name of {@link focusNames}, or undefined for everything; `whose`: clocks that jump: shim, both or any. */
  constructor({ stage, random, only, whose }) {
    this.#stage = stage;
    this.#random = random;
    this.#focus = only === undefined ? null : FOCUSED[only];
    this.#whose = whose;
  }

  /** Has this program's clock ever been wrong? */
  hasMoved(name) {
    return this.#moved.has(name);
  }

  async begin() {
    if (this.#focus !== null) await this.#playEverywhere(this.#focus.scenario);
  }

  /** Plays event after event until then; a busy machine takes longer, but tries each kind. */
  async until(endMs, afterEach) {
    const [least, most] = this.#focus?.pauseMs ?? [200, 1_700];
    const needed = this.#focus === null ? EACH_ONCE.length : (this.#focus.atLeast ?? 1);
    for (;;) {
      const pauseMs = least + this.#random() * (most - least);
      const isEnough = this.#played >= needed;
      await sleep(isEnough ? Math.min(pauseMs, Math.max(0, endMs - performance.now())) : pauseMs);
      if (isEnough && performance.now() >= endMs) return;
      await this.#play(this.#next());
      this.#played += 1;
      await afterEach();
    }
  }

  /** Clocks are right again and providers answer. */
  async calm() {
    for (const clock of Object.values(this.#stage.clocks)) if (clock.offsetS !== 0) clock.set(0);
    await this.#playEverywhere('healthy');
  }

  /** Each kind of event once, then as chance has it; behaviours most often. */
  #next() {
    if (this.#focus !== null) return this.#focus.events[this.#played % this.#focus.events.length];
    if (this.#played < EACH_ONCE.length) return EACH_ONCE[this.#played];
    const at = this.#random();
    return at < 0.35 ? 'behaviour' : at < 0.6 ? 'clock' : at < 0.78 ? 'shim' : at < 0.91 ? 'tracker' : 'disk';
  }

  async #play(event) {
    const { counts } = this;
    const stage = this.#stage;
    if (event === 'behaviour') {
      const provider = this.#random() < 0.5 ? 'anthropic' : 'zai';
      await stage.play(provider, scenarioNames[Math.floor(this.#random() * scenarioNames.length)]);
      counts.behaviours += 1;
    } else if (event === 'shim') {
      await stage.killShim();
      counts.shim_kills += 1;
    } else if (event === 'tracker') {
      await stage.endTracker('SIGKILL');
      stage.startTracker();
      counts.tracker_kills += 1;
    } else if (event === 'clock') {
      if (stage.canJump) this.#jump();
    } else if (event === 'disk') {
      // What can't be written waits: a shim that is killed meanwhile would lose it, so it is not.
      const done = await stage.fillDisk(() => sleep(300 + this.#random() * 1_000));
      if (done !== null) counts.full_disks += 1;
    }
  }

  /** Away from the right time and back, each way in turn; now and then from one wrong time to another. */
  #jump() {
    const isBack = this.#jumps % 2 === 1 && this.#random() < 0.8;
    const offsetS = isBack ? 0 : JUMPS_S[Math.floor(this.#jumps / 2) % JUMPS_S.length];
    const at = this.#random();
    if (this.#whose !== 'any' || at < 0.7) this.#set('shim', offsetS);
    if (this.#whose === 'both' || (this.#whose === 'any' && at >= 0.4)) this.#set('tracker', offsetS);
    this.#jumps += 1;
    this.counts.clock_jumps += 1;
  }

  #set(name, offsetS) {
    this.#stage.clocks[name].set(offsetS);
    if (offsetS !== 0) this.#moved.add(name);
  }

  async #playEverywhere(scenario) {
    for (const name of ['anthropic', 'zai']) await this.#stage.play(name, scenario);
    this.counts.behaviours += 1;
  }
}
