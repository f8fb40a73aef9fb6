import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WarnThreshold, type WarnState } from './warn-threshold.ts';

const START_TS = 1_760_000_000;
const WINDOW_S = 18_000;
const FIRST_END_TS = START_TS + WINDOW_S;

/** `count` usable pairs with one ratio, alternating so that each is news. */
function fill(threshold: WarnThreshold, count: number, ratio: number, endTs: number | null = FIRST_END_TS): void {
  for (let index = 0; index < count; index += 1) {
    const vendor = index % 2 === 0 ? 0.4 : 0.5;
    threshold.add({ predicted: vendor * ratio, vendor }, endTs, START_TS + index);
  }
}

const pairs = fc.array(
  fc.record({
    ratio: fc.oneof(fc.integer({ min: 50, max: 130 }), fc.integer({ min: 0, max: 5000 })).map((cent) => cent / 100),
    vendor: fc.integer({ min: 0, max: 110 }).map((percent) => percent / 100),
    nextWindow: fc.integer({ min: 0, max: 19 }).map((dice) => dice === 0),
  }),
  { maxLength: 120, size: 'max' },
);
const configured = fc.double({ min: 0.01, max: 1, noNaN: true });

describe('WarnThreshold', () => {
  it('stays as configured below twenty pairs and then goes where the vendor would be', () => {
    const threshold = new WarnThreshold();
    fill(threshold, 19, 1.1);
    expect(threshold.threshold(0.8)).toBe(0.8);
    expect(threshold.threshold(0.3)).toBe(0.3);
    threshold.add({ predicted: 0.66, vendor: 0.6 }, FIRST_END_TS, START_TS);
    // We count 10 % more than the vendor does: 0.8 of the vendor's is 0.88 of ours.
    expect(threshold.threshold(0.8)).toBeCloseTo(0.88, 9);
    expect(threshold.threshold(0.95)).toBe(0.98);
    expect(threshold.threshold(0.3)).toBe(0.5);
    expect(threshold.threshold(null)).toBeNull();
  });

  it('takes only pairs that say something new', () => {
    const threshold = new WarnThreshold();
    const add = (predicted: number, vendor: number, endTs = FIRST_END_TS): boolean =>
      threshold.add({ predicted, vendor }, endTs, START_TS);
    expect(add(0.1, 0.049)).toBe(false);
    expect(add(0, 0.3)).toBe(false);
    expect(add(NaN, 0.3)).toBe(false);
    expect(add(0.3, 0.3)).toBe(true);
    expect(add(0.4, 0.309)).toBe(false);
    expect(add(0.4, 0.31)).toBe(true);
    expect(add(0.4, 0.31, FIRST_END_TS + WINDOW_S)).toBe(false);
    expect(add(0.9, 1)).toBe(true);
    // A client that keeps trying adds nothing; being full again in the next window does.
    expect(add(0.9, 1)).toBe(false);
    expect(add(0.9, 1, FIRST_END_TS + WINDOW_S)).toBe(true);
    expect(threshold.toJSON().pairs).toHaveLength(4);
  });

  it('turns round in the next window only', () => {
    const threshold = new WarnThreshold();
    fill(threshold, 20, 0.8);
    expect(threshold.threshold(0.9)).toBeCloseTo(0.72, 9);
    fill(threshold, 40, 1);
    expect(threshold.threshold(0.9)).toBeCloseTo(0.72, 9);
    fill(threshold, 1, 1, FIRST_END_TS + WINDOW_S);
    expect(threshold.threshold(0.9)).toBeCloseTo(0.9, 9);
  });

  it('takes a window whose end nobody tells for five hours long', () => {
    const threshold = new WarnThreshold();
    fill(threshold, 20, 0.8, null);
    fill(threshold, 40, 1, null);
    expect(threshold.threshold(0.9)).toBeCloseTo(0.72, 9);
    threshold.add({ predicted: 0.6, vendor: 0.6 }, null, START_TS + WINDOW_S);
    expect(threshold.threshold(0.9)).toBeCloseTo(0.9, 9);
  });

  it('moves one way within a vendor window, whatever comes', () => {
    fc.assert(
      fc.property(pairs, configured, (steps, cfg) => {
        const threshold = new WarnThreshold();
        let endTs = FIRST_END_TS;
        let ways = new Set<number>();
        let before = cfg;
        for (const [index, { ratio, vendor, nextWindow }] of steps.entries()) {
          if (nextWindow) {
            endTs += WINDOW_S;
            ways = new Set();
          }
          threshold.add({ predicted: ratio * vendor, vendor }, endTs + (index % 7), endTs - 60);
          const now = threshold.threshold(cfg) ?? NaN;
          if (now !== before) ways.add(Math.sign(now - before));
          before = now;
          expect(ways.size).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('stays within [0.5, 0.98] once it moves, and confidence within 0 and 1', () => {
    fc.assert(
      fc.property(pairs, configured, (steps, cfg) => {
        const threshold = new WarnThreshold();
        for (const { ratio, vendor } of steps)
          threshold.add({ predicted: ratio * vendor, vendor }, FIRST_END_TS, START_TS);
        const auto = threshold.threshold(cfg) ?? NaN;
        const { length } = threshold.toJSON().pairs;
        if (length < 20) expect(auto).toBe(cfg);
        else expect(auto >= 0.5 && auto <= 0.98).toBe(true);
        const confidence = threshold.confidence();
        if (length === 0) expect(confidence).toBeNull();
        else expect(confidence! >= 0 && confidence! <= 1).toBe(true);
      }),
    );
  });

  it('is as sure as its ratios are many and alike', () => {
    const alike = new WarnThreshold();
    expect(alike.confidence()).toBeNull();
    fill(alike, 10, 1.25);
    expect(alike.confidence()).toBeCloseTo(0.5, 9);
    fill(alike, 30, 1.25);
    expect(alike.confidence()).toBeCloseTo(1, 9);

    const scattered = new WarnThreshold();
    // Ratios 0.9, 1, 1.1, … in turn: median 1, distances 0.1, 0, 0.1 with median 0.1, so 1 − 0.14826.
    for (let index = 0; index < 21; index += 1) {
      const vendor = index % 2 === 0 ? 0.4 : 0.5;
      scattered.add({ predicted: vendor * (0.9 + 0.1 * (index % 3)), vendor }, FIRST_END_TS, START_TS);
    }
    expect(scattered.confidence()).toBeCloseTo(0.85174, 9);
  });

  it('does not trust a moved threshold whose pairs are gone', () => {
    const state: WarnState = { pairs: [], factor: 0.7, direction: -1, windowEndTs: FIRST_END_TS };
    expect(new WarnThreshold(state).threshold(0.8)).toBe(0.8);
  });
});
