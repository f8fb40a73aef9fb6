import { Chain, type Linked } from './chain.ts';
import { Ramp } from './ramp.ts';

/** Who asks for a place. */
export interface SlotAsker {
  /** Who shares the lane fairly: an agent, else a session, else nobody in particular (''). */
  readonly agent: string;
  /** Another lane failed or rests, and this one is taken instead. */
  readonly switched: boolean;
}

export interface SlotClock {
  /** Milliseconds of a clock that is never set back. */
  readonly nowMs: () => number;
  /** Calls back once; answers how to call it off. */
  readonly later: (ms: number, fn: () => void) => () => void;
}

/** Tells a queue how to let go of a request whose client leaves; harmless when called late or twice. */
export type OnGone = (leave: () => void) => void;

/**
 * The places on one lane. Some providers allow one or two requests at a time and answer the next with 429: waiting here
 * is cheaper than being refused there. Agents take turns, so that one with fifty subrequests can't starve another; each
 * agent's own requests keep their order. Only while the ramp holds switched ones back do others pass them.
 */
export class Slots {
  readonly #clock: SlotClock;
  readonly #ramp = new Ramp();
  #limit = Infinity;
  #active = 0;
  #activeSwitched = 0;
  #waiting = 0;
  #waitingSwitched = 0;
  #joined = 0;
  /** Those with somebody waiting, the one whose turn is next first. */
  readonly #turns = new Chain<Agent>();
  readonly #agents = new Map<string, Agent>();
  #callOff: (() => void) | null = null;

  constructor(clock: SlotClock = REAL_CLOCK) {
    this.#clock = clock;
  }

  get active(): number {
    return this.#active;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Answers, at once when there is room, a function that gives the place back. For a client that left while it waited
   * there was no place, and the function does nothing.
   *
   * @param limit at most so many in flight; null: any number. The latest one counts, also for those that wait already
   */
  take(limit: number | null, onGone: OnGone, asker: SlotAsker = NOBODY): Promise<() => void> | (() => void) {
    const { agent, switched } = asker;
    this.#limit = limit ?? Infinity;
    if (switched) this.#ramp.arrived(this.#clock.nowMs());
    // The limit may have been raised, and who waits goes first.
    if (this.#waiting > 0) this.#letIn();
    if (this.#active < this.#limit && (!switched || this.#rampHasRoom())) return this.#occupy(switched);
    return new Promise((resolve) => {
      const place = this.#join(agent, switched, resolve);
      onGone(() => {
        if (!place.waits) return;
        this.#leave(place);
        this.#watchRamp();
        resolve(nothing);
      });
    });
  }

  #occupy(switched: boolean): () => void {
    this.#active += 1;
    if (switched) this.#activeSwitched += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#active -= 1;
      if (switched) this.#activeSwitched -= 1;
      if (this.#waiting > 0) this.#letIn();
    };
  }

  #letIn(): void {
    while (this.#active < this.#limit) {
      const next = this.#next();
      if (next === null) break;
      this.#leave(next);
      const { agent } = next;
      if (agent.waiting > 0) {
        // It had its turn.
        this.#turns.remove(agent);
        this.#turns.append(agent);
      }
      next.resolve(this.#occupy(next.switched));
    }
    this.#watchRamp();
  }

  #next(): Place | null {
    const rampHasRoom = this.#waitingSwitched > 0 && this.#rampHasRoom();
    if (!rampHasRoom && this.#waitingSwitched === this.#waiting) return null;
    // Passes over an agent only while the ramp holds back all it has; that lasts seconds.
    for (let agent = this.#turns.first; agent !== null; agent = agent.after) {
      const next = rampHasRoom ? earlier(agent) : agent.ordinary.first;
      if (next !== null) return next;
    }
    return null;
  }

  #rampHasRoom(): boolean {
    return this.#activeSwitched < this.#ramp.allowed(this.#clock.nowMs());
  }

  #join(key: string, switched: boolean, resolve: (release: () => void) => void): Place {
    let agent = this.#agents.get(key);
    if (agent === undefined) {
      agent = { key, ordinary: new Chain(), switched: new Chain(), waiting: 0, before: null, after: null };
      this.#agents.set(key, agent);
      this.#turns.append(agent);
    }
    this.#joined += 1;
    const place: Place = { agent, switched, resolve, order: this.#joined, waits: true, before: null, after: null };
    (switched ? agent.switched : agent.ordinary).append(place);
    agent.waiting += 1;
    this.#waiting += 1;
    if (switched) this.#waitingSwitched += 1;
    this.#watchRamp();
    return place;
  }

  #leave(place: Place): void {
    const { agent, switched } = place;
    place.waits = false;
    (switched ? agent.switched : agent.ordinary).remove(place);
    agent.waiting -= 1;
    this.#waiting -= 1;
    if (switched) this.#waitingSwitched -= 1;
    if (agent.waiting > 0) return;
    this.#turns.remove(agent);
    this.#agents.delete(agent.key);
  }

  /** Growing is nobody's event: a timer lets the next ones in, but only while somebody waits for it. */
  #watchRamp(): void {
    if (this.#waitingSwitched === 0) {
      this.#callOff?.();
      this.#callOff = null;
      return;
    }
    if (this.#callOff !== null) return;
    const waitMs = this.#ramp.untilNextMs(this.#clock.nowMs());
    if (waitMs <= 0) return;
    this.#callOff = this.#clock.later(waitMs, () => {
      this.#callOff = null;
      this.#letIn();
    });
  }
}

/** The next of an agent's two queues by order of arrival. */
function earlier({ ordinary, switched }: Agent): Place | null {
  if (ordinary.first === null || switched.first === null) return ordinary.first ?? switched.first;
  return ordinary.first.order < switched.first.order ? ordinary.first : switched.first;
}

interface Agent extends Linked<Agent> {
  readonly key: string;
  readonly ordinary: Chain<Place>;
  readonly switched: Chain<Place>;
  waiting: number;
}

/** One request's place in the queue. */
interface Place extends Linked<Place> {
  readonly agent: Agent;
  readonly switched: boolean;
  readonly resolve: (release: () => void) => void;
  /** Counts up with every request that had to wait. */
  readonly order: number;
  waits: boolean;
}

const NOBODY: SlotAsker = Object.freeze({ agent: '', switched: false });
const nothing = (): void => undefined;

const REAL_CLOCK: SlotClock = {
  nowMs: () => performance.now(),
  later: (ms, fn) => {
    const timer = setTimeout(fn, ms).unref();
    return () => clearTimeout(timer);
  },
};
