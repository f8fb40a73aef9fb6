import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ledger } from './quota/ledger.ts';
import { settledClock } from './settled-clock.ts';

const START_TS = 1_760_000_000;
const HOUR_S = 3_600;

/** A machine whose wall clock can be set. */
class Machine {
  wallS = START_TS;
  steadyS = 12_345;
  readonly now = settledClock(
    () => this.wallS,
    () => this.steadyS,
  );

  pass(seconds: number): void {
    this.wallS += seconds;
    this.steadyS += seconds;
  }

  set(seconds: number): void {
    this.wallS += seconds;
  }
}

describe('a clock', () => {
  it('that is set forwards, or a little, is followed at once', () => {
    const machine = new Machine();
    for (const by of [10 * HOUR_S, 60, 5, -20, -25]) {
      machine.set(by);
      expect(machine.now()).toBe(machine.wallS);
      machine.pass(60);
      expect(machine.now()).toBe(machine.wallS);
    }
  });

  it('that was ahead and is set right is followed at once', () => {
    const machine = new Machine();
    machine.now();
    machine.set(24 * HOUR_S);
    machine.now();
    machine.pass(7_000);
    machine.set(-24 * HOUR_S + 3);
    expect(machine.now()).toBe(machine.wallS);
  });

  it('that goes back to a time it never had is believed after five minutes', () => {
    const machine = new Machine();
    machine.now();
    machine.set(-2 * HOUR_S);
    const times = Array.from({ length: 31 }, () => {
      const time = machine.now();
      machine.pass(10);
      return time - START_TS;
    });
    expect(times.slice(0, 30)).toEqual(Array.from({ length: 30 }, (_, nth) => nth * 10));
    expect(times[30]).toBe(300 - 2 * HOUR_S);
  });

  it('that went back for a while and came back has changed no sum', () => {
    const step = fc.record({
      passS: fc.integer({ min: 1, max: 3 * HOUR_S }),
      backS: fc.integer({ min: 31, max: 48 * HOUR_S }),
      forS: fc.integer({ min: 0, max: 299 }),
      input: fc.nat(9_000),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
        const machine = new Machine();
        const spans = { rollingS: 5 * HOUR_S, weeklyS: 168 * HOUR_S };
        const [series, plain] = [spans, spans].map((each) => new Ledger(each).series('a', 'm'));
        for (const { passS, backS, forS, input } of steps) {
          machine.pass(passS);
          const rightS = machine.wallS;
          machine.set(-backS);
          for (const pause of [0, forS]) {
            machine.pass(pause);
            const spent = { input, output: 1, cacheWrite: 0, cacheRead: 0 };
            series!.add(spent, 1, machine.now());
            plain!.add(spent, 1, rightS + pause);
            expect(series!.rolling(machine.now())).toEqual(plain!.rolling(rightS + pause));
          }
          machine.set(backS);
          expect(series!.rolling(machine.now())).toEqual(plain!.rolling(rightS + forS));
          expect(series!.weekly(machine.now())).toEqual(plain!.weekly(rightS + forS));
        }
      }),
      { numRuns: 200 },
    );
  });
});
