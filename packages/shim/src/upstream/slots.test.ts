import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Slots, type SlotAsker, type SlotClock } from './slots.ts';

/** A clock that moves when told to. */
class FakeClock implements SlotClock {
  ms = 1000;
  readonly timers = new Set<{ readonly at: number; readonly fn: () => void }>();

  readonly nowMs = (): number => this.ms;

  readonly later = (ms: number, fn: () => void): (() => void) => {
    const timer = { at: this.ms + ms, fn };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  };

  advance(ms: number): void {
    const until = this.ms + ms;
    for (;;) {
      const [due] = [...this.timers].filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at);
      if (due === undefined) break;
      this.timers.delete(due);
      this.ms = Math.max(this.ms, due.at);
      due.fn();
    }
    this.ms = until;
  }
}

/** One request from asking to giving back. */
interface Visit {
  state: 'waiting' | 'in' | 'out';
  /** Set synchronously when there was room. */
  readonly atOnce: boolean;
  release: () => void;
  leave: () => void;
}

class Rig {
  readonly clock = new FakeClock();
  readonly slots = new Slots(this.clock);

  ask(limit: number | null, asker: Partial<SlotAsker> = {}): Visit {
    let leave = (): void => undefined;
    const full = { agent: '', switched: false, ...asker };
    const place = this.slots.take(limit, (how) => (leave = how), full);
    if (typeof place === 'function') return { state: 'in', atOnce: true, release: place, leave };
    const visit: Visit = { state: 'waiting', atOnce: false, release: () => undefined, leave };
    void place.then((release) => {
      visit.state = 'in';
      visit.release = release;
    });
    return visit;
  }

  many(count: number, limit: number | null, asker: Partial<SlotAsker> = {}): Visit[] {
    return Array.from({ length: count }, () => this.ask(limit, asker));
  }
}

/** Promises that were resolved have told so after this. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const inFlight = (visits: readonly Visit[]): number => visits.filter(({ state }) => state === 'in').length;

describe('places on a lane', () => {
  it('are given at once while there are some', () => {
    const rig = new Rig();
    expect(rig.ask(2).atOnce).toBe(true);
    expect(rig.ask(2).atOnce).toBe(true);
    expect(rig.ask(2).atOnce).toBe(false);
    expect([rig.slots.active, rig.slots.waiting]).toEqual([2, 1]);
    expect(rig.clock.timers.size).toBe(0);
  });

  it('without a limit are never waited for, and count when there is one later', async () => {
    const rig = new Rig();
    const first = rig.many(5, null);
    expect(first.every(({ atOnce }) => atOnce)).toBe(true);
    const late = rig.ask(2);
    for (const visit of first.slice(0, 3)) visit.release();
    await settled();
    expect(late.state).toBe('waiting');
    first[3]!.release();
    await settled();
    expect(late.state).toBe('in');
  });

  it('go from agent to agent, in order within one', async () => {
    const rig = new Rig();
    let holder = rig.ask(1, { agent: 'a' });
    const waiting = ['a', 'a', 'a', 'a', 'b', 'c', 'b'].map((agent, index) => ({
      name: `${agent}${index}`,
      visit: rig.ask(1, { agent }),
    }));
    const order: string[] = [];
    while (waiting.length > 0) {
      holder.release();
      await settled();
      const at = waiting.findIndex(({ visit }) => visit.state === 'in');
      const [next] = waiting.splice(at, 1);
      order.push(next!.name);
      holder = next!.visit;
    }
    expect(order).toEqual(['a0', 'b4', 'c5', 'a1', 'b6', 'a2', 'a3']);
  });

  it('are given back once, however often it is said', async () => {
    const rig = new Rig();
    const first = rig.ask(1);
    const [second, third] = rig.many(2, 1);
    first.release();
    first.release();
    await settled();
    expect([second!.state, third!.state]).toEqual(['in', 'waiting']);
    expect(rig.slots.active).toBe(1);
  });

  it('are not kept for who left, and leaving late changes nothing', async () => {
    const rig = new Rig();
    const holder = rig.ask(1);
    const [goes, stays] = rig.many(2, 1);
    goes!.leave();
    goes!.leave();
    expect(rig.slots.waiting).toBe(1);
    await settled();
    goes!.release();
    expect(rig.slots.active).toBe(1);
    holder.release();
    await settled();
    expect(stays!.state).toBe('in');
    stays!.leave();
    expect(rig.slots.active).toBe(1);
    stays!.release();
    expect([rig.slots.active, rig.slots.waiting]).toEqual([0, 0]);
  });

  it('become more with a raised limit at the next request, for who waits first', async () => {
    const rig = new Rig();
    rig.ask(1);
    const waiting = rig.many(2, 1);
    const late = rig.ask(3);
    await settled();
    expect(inFlight(waiting)).toBe(2);
    expect(late.atOnce).toBe(false);
    expect(rig.slots.active).toBe(3);
  });

  it('become fewer with a lowered one as they are given back', async () => {
    const rig = new Rig();
    const first = rig.many(3, 3);
    const late = rig.ask(1);
    first[0]!.release();
    first[1]!.release();
    await settled();
    expect(late.state).toBe('waiting');
    first[2]!.release();
    await settled();
    expect(late.state).toBe('in');
  });
});

describe('the ramp of switched requests', () => {
  const switched = { switched: true };

  it('lets in 4, doubles every second and is over beyond 64', async () => {
    const rig = new Rig();
    const visits = rig.many(200, null, switched);
    const seen: number[] = [];
    for (const ms of [0, 999, 1, 1000, 1000, 1000, 999, 1]) {
      rig.clock.advance(ms);
      await settled();
      seen.push(inFlight(visits));
    }
    expect(seen).toEqual([4, 4, 8, 16, 32, 64, 64, 200]);
    expect(rig.clock.timers.size).toBe(0);
    expect(rig.ask(null, switched).atOnce).toBe(true);
  });

  it('holds nobody else back', () => {
    const rig = new Rig();
    rig.many(10, 8, switched);
    expect(rig.many(4, 8).every(({ atOnce }) => atOnce)).toBe(true);
    expect(rig.ask(8).atOnce).toBe(false);
  });

  it('gives the place of one that ends to the next', async () => {
    const rig = new Rig();
    const visits = rig.many(6, null, switched);
    visits[0]!.release();
    await settled();
    expect(visits.map(({ state }) => state)).toEqual(['in', 'in', 'in', 'in', 'in', 'waiting']);
  });

  it('has one timer, and only while somebody waits', () => {
    const rig = new Rig();
    rig.many(4, null, switched);
    expect(rig.clock.timers.size).toBe(0);
    const waiting = rig.many(3, null, switched);
    expect(rig.clock.timers.size).toBe(1);
    for (const visit of waiting) visit.leave();
    expect(rig.clock.timers.size).toBe(0);
  });

  it('needs no timer when only the limit holds them back', () => {
    const rig = new Rig();
    rig.many(2, 2, switched);
    rig.clock.advance(10_000);
    rig.ask(2, switched);
    expect(rig.slots.waiting).toBe(1);
    expect(rig.clock.timers.size).toBe(0);
  });

  it('begins anew after a minute without switched requests, not before', () => {
    const rig = new Rig();
    for (const visit of rig.many(4, null, switched)) visit.release();
    rig.clock.advance(59_999);
    const lively = rig.many(10, null, switched);
    expect(inFlight(lively)).toBe(10);
    for (const visit of lively) visit.release();
    rig.clock.advance(60_000);
    expect(inFlight(rig.many(10, null, switched))).toBe(4);
  });

  it('runs by the real clock too, with a timer that keeps no process alive', async () => {
    const slots = new Slots();
    const asker = { agent: 'a', switched: true };
    const places = Array.from({ length: 5 }, () => slots.take(null, () => undefined, asker));
    expect(slots.waiting).toBe(1);
    (places[0] as () => void)();
    expect(typeof (await places[4])).toBe('function');
    expect([slots.active, slots.waiting]).toEqual([4, 0]);
  });
});

/** The same rules, slowly. */
class Model {
  now = 1000;
  limit = Infinity;
  readonly inside = new Map<number, boolean>();
  waiting: { readonly id: number; readonly agent: string; readonly switched: boolean }[] = [];
  ring: string[] = [];
  began = -Infinity;
  last = -Infinity;

  take(id: number, limit: number | null, { agent, switched }: SlotAsker): void {
    this.limit = limit ?? Infinity;
    if (switched) {
      if (this.now - this.last >= 60_000) this.began = this.now;
      this.last = this.now;
    }
    this.settle();
    if (this.inside.size < this.limit && (!switched || this.rampHasRoom())) this.inside.set(id, switched);
    else {
      this.waiting.push({ id, agent, switched });
      if (!this.ring.includes(agent)) this.ring.push(agent);
    }
  }

  leave(id: number): void {
    this.waiting = this.waiting.filter((one) => one.id !== id);
    this.ring = this.ring.filter((agent) => this.waiting.some((one) => one.agent === agent));
  }

  release(id: number): void {
    if (this.inside.delete(id)) this.settle();
  }

  advance(ms: number): void {
    for (let left = ms; left > 0; left -= 1) {
      this.now += 1;
      if ((this.now - this.began) % 1000 === 0) this.settle();
    }
  }

  rampHasRoom(): boolean {
    const allowed = 4 * 2 ** Math.floor((this.now - this.began) / 1000);
    return allowed > 64 || [...this.inside.values()].filter(Boolean).length < allowed;
  }

  settle(): void {
    while (this.inside.size < this.limit) {
      const may = this.ring.flatMap((agent) => {
        const next = this.waiting.find((one) => one.agent === agent && (!one.switched || this.rampHasRoom()));
        return next === undefined ? [] : [next];
      });
      const [next] = may;
      if (next === undefined) return;
      this.inside.set(next.id, next.switched);
      this.leave(next.id);
      if (!this.ring.includes(next.agent)) continue;
      this.ring = [...this.ring.filter((agent) => agent !== next.agent), next.agent];
    }
  }
}

const asker = fc.record({ agent: fc.constantFrom('', 'a', 'b', 'c'), switched: fc.boolean() });
const command = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('take' as const),
      limit: fc.option(fc.integer({ min: 1, max: 12 }), { freq: 6 }),
      asker,
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('release' as const, 'leave' as const), which: fc.nat(60) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 400, 1000, 3000, 61_000) }),
  },
);

describe('whatever happens', () => {
  it('does what the slow model does, never more in flight than allowed, and nothing stays behind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 60 }), async (commands) => {
        const rig = new Rig();
        const model = new Model();
        const visits: Visit[] = [];
        for (const next of commands) {
          const before = rig.slots.active;
          if (next.do === 'take') {
            model.take(visits.length, next.limit, next.asker);
            visits.push(rig.ask(next.limit, next.asker));
          } else if (next.do === 'advance') {
            model.advance(next.ms);
            rig.clock.advance(next.ms);
          } else {
            const visit = visits[next.which];
            if (visit === undefined) continue;
            if (next.do === 'leave') model.leave(next.which);
            else model.release(next.which);
            visit[next.do]();
          }
          await settled();
          expect([rig.slots.active, rig.slots.waiting]).toEqual([model.inside.size, model.waiting.length]);
          const waiting = new Set(model.waiting.map(({ id }) => id));
          visits.forEach(({ state }, id) => expect(state === 'waiting').toBe(waiting.has(id)));
          if (rig.slots.active > before) expect(rig.slots.active).toBeLessThanOrEqual(model.limit);
          expect(rig.clock.timers.size).toBeLessThanOrEqual(1);
        }
        for (const visit of visits) visit.leave();
        await settled();
        for (const visit of visits) visit.release();
        expect([rig.slots.active, rig.slots.waiting, rig.clock.timers.size]).toEqual([0, 0, 0]);
      }),
      { numRuns: 150 },
    );
  });

  it('no agent waits more turns than there are agents for each request of its own', async () => {
    const step = fc.oneof(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.constant('release' as const));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 80 }), async (limit, steps) => {
        const rig = new Rig();
        const waiting: { agent: string; visit: Visit; turns: number; allowed: number }[] = [];
        const inside: Visit[] = [];
        const release = async (): Promise<void> => {
          inside.shift()?.release();
          await settled();
          for (const one of waiting.splice(0)) {
            if (one.visit.state === 'in') inside.push(one.visit);
            else waiting.push(one);
            one.turns += 1;
            expect(one.turns).toBeLessThanOrEqual(one.allowed);
          }
        };
        for (const agent of steps) {
          if (agent === 'release') await release();
          else {
            const visit = rig.ask(limit, { agent });
            if (visit.atOnce) inside.push(visit);
            else {
              const own = waiting.filter((one) => one.agent === agent).length + 1;
              waiting.push({ agent, visit, turns: 0, allowed: own * 5 });
            }
          }
        }
        while (inside.length > 0) await release();
        expect(waiting).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
