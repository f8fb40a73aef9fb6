import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tokens } from '../exchange.ts';
import { Calibration, type MeterFit, type Rejection, type WindowReading } from './calibration.ts';

const START_TS = 1_760_000_000;
const WINDOW_S = 18_000;
const RESET_TS = START_TS + WINDOW_S;
const METER = 'unified-5h';

function input(amount: number): Tokens {
  return { input: amount, output: 0, cacheWrite: 0, cacheRead: 0 };
}

function reading(value: number, more: Partial<WindowReading> = {}): WindowReading {
  return {
    ...{ lane: 'anthropic', meter: METER, model: 'opus', value, resetsTs: RESET_TS },
    ...{ observedTs: START_TS + 60, predictedPct: null, ...more },
  };
}

function rejection(more: Partial<Rejection> = {}): Rejection {
  return {
    ...{ lane: 'anthropic', model: 'opus', meter: METER, predictedPct: 0.9, predictedResetTs: RESET_TS + 40 },
    ...{ resetsTs: RESET_TS, observedTs: START_TS + 600, ...more },
  };
}

function fitOf(calibration: Calibration, model = 'opus', meter = METER): MeterFit | undefined {
  return calibration.view('anthropic', model, null).fits.find((fit) => fit.meter === meter);
}

/** Numbers in [0, 1) that are the same in every run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Habit {
  /** Mean share of a window that one request takes. */
  readonly share: number;
  readonly windows: number;
  readonly requests: number;
  readonly shown: (fill: number) => number;
  readonly first: number;
}

const CAPACITY = 2_000_000;
const RUNS = 100;

/** A provider that counts each request up to 20 % differently from us and shows whole percents. */
function live(seed: number, { share, windows, requests, shown, first }: Habit): Calibration {
  const random = randomFrom(seed);
  const calibration = new Calibration();
  for (let window = 0; window < windows; window += 1) {
    const resetsTs = RESET_TS + window * WINDOW_S;
    let fill = first * random();
    for (let request = 0; request < requests && fill < 1; request += 1) {
      const observedTs = resetsTs - WINDOW_S + request * 30;
      calibration.reading(reading(shown(fill), { resetsTs, observedTs }));
      // Sizes are spread like those of real requests: many small, a few large.
      const tokens = Math.round(-Math.log(1 - random()) * share * CAPACITY) + 1;
      calibration.spent('anthropic', 'opus', input(tokens));
      fill += (tokens / CAPACITY) * (0.8 + 0.4 * random());
    }
  }
  return calibration;
}

const rounded = (fill: number): number => Math.round(fill * 100) / 100;
const floored = (fill: number): number => Math.floor(fill * 100) / 100;

describe('capacity', () => {
  it.each<[string, Habit]>([
    ['many small requests', { share: 0.002, windows: 4, requests: 150, shown: rounded, first: 0 }],
    ['little use of many windows', { share: 0.003, windows: 20, requests: 20, shown: rounded, first: 0 }],
    ['windows others have begun', { share: 0.003, windows: 10, requests: 60, shown: floored, first: 0.3 }],
    ['requests of several percent', { share: 0.04, windows: 4, requests: 15, shown: floored, first: 0 }],
    ['a handful of pairs', { share: 0.01, windows: 1, requests: 12, shown: rounded, first: 0 }],
  ])('lies in its interval nine times of ten: %s', (_name, habit) => {
    const fits = Array.from({ length: RUNS }, (_, run) => fitOf(live(run * 7919, habit))!);
    const inside = fits.filter(({ low, high }) => low! <= CAPACITY && CAPACITY <= (high ?? Infinity));
    expect(fits.every(({ pairs }) => pairs >= 3)).toBe(true);
    expect(inside.length).toBeGreaterThanOrEqual(0.9 * RUNS);
    // And the estimates lie around it, not to one side.
    const mean = fits.reduce((sum, { capacityTokens }) => sum + capacityTokens!, 0) / RUNS;
    expect(Math.abs(mean / CAPACITY - 1)).toBeLessThan(0.02);
  });

  it('is worked out from rise to rise, by hand', () => {
    const calibration = new Calibration();
    const steps = [
      // The first rise of one percent only finds the mark.
      [0.11, 700],
      [0.13, 1000],
      [0.16, 2000],
      [0.19, 1000],
    ] as const;
    calibration.reading(reading(0.1));
    for (const [value, tokens] of steps) {
      calibration.spent('anthropic', 'opus', { input: tokens - 30, output: 20, cacheWrite: 10, cacheRead: 90_000 });
      calibration.reading(reading(value));
    }
    // Pairs (1000, 0.02), (2000, 0.03), (1000, 0.03): k = 0.08/4000; see fit.test.ts for the interval.
    expect(fitOf(calibration)).toMatchObject({ meter: METER, pairs: 3, mixed: 0, discarded: 0 });
    expect(fitOf(calibration)!.capacityTokens).toBeCloseTo(50_000, 6);
    expect(fitOf(calibration)!.relError).toBeCloseTo(0.216506, 6);
    expect(fitOf(calibration, 'sonnet')).toBeUndefined();
  });

  it('tells two models apart that take turns', () => {
    const calibration = new Calibration();
    let fill = 0;
    let nowTs = START_TS;
    const spend = (model: string, tokens: number, capacity: number): void => {
      for (let request = 0; request < 40; request += 1) {
        nowTs += 20;
        calibration.reading(reading(rounded(fill), { model, observedTs: nowTs }));
        calibration.spent('anthropic', model, input(tokens));
        fill += tokens / capacity;
      }
    };
    for (let block = 0; block < 3; block += 1) {
      spend('opus', 1500, 500_000);
      spend('sonnet', 6000, 2_000_000);
    }
    for (const [model, capacity] of [
      ['opus', 500_000],
      ['sonnet', 2_000_000],
    ] as const) {
      const fit = fitOf(calibration, model)!;
      expect(fit.pairs).toBeGreaterThan(20);
      expect(Math.abs(fit.capacityTokens! / capacity - 1)).toBeLessThan(0.05);
      // A block's edge falls into an interval: at most five of them.
      expect(fit.mixed).toBeLessThanOrEqual(5);
      expect(fit.mixed).toBeGreaterThan(0);
    }
  });

  it('takes nothing from mixed intervals and from what others spend, and says how many there were', () => {
    const calibration = new Calibration();
    calibration.reading(reading(0.1));
    calibration.spent('anthropic', 'opus', input(600));
    calibration.spent('anthropic', 'sonnet', input(400));
    calibration.reading(reading(0.2));
    calibration.reading(reading(0.6, { observedTs: START_TS + 3600 }));
    calibration.spent('anthropic', 'sonnet', input(1000));
    calibration.reading(reading(0.65, { observedTs: START_TS + 3660 }));
    expect(fitOf(calibration)).toMatchObject({ pairs: 0, capacityTokens: null, mixed: 1, discarded: 1 });
    expect(fitOf(calibration, 'sonnet')).toMatchObject({ pairs: 1, mixed: 1, discarded: 1 });
  });

  it('takes a new window for no negative movement', () => {
    const calibration = new Calibration();
    for (let window = 0; window < 3; window += 1) {
      const at = { resetsTs: RESET_TS + window * WINDOW_S, observedTs: START_TS + window * WINDOW_S };
      calibration.reading(reading(0, at));
      calibration.spent('anthropic', 'opus', input(10_000));
      calibration.reading(reading(0.8, at));
    }
    expect(fitOf(calibration)).toMatchObject({ pairs: 3, discarded: 0 });
    expect(fitOf(calibration)!.capacityTokens).toBeCloseTo(12_500, 6);
  });

  it('keeps lanes and meters apart', () => {
    const calibration = new Calibration();
    calibration.spent('zai', 'opus', input(5));
    for (const [value, weekly] of [
      [0.1, 0.5],
      [0.3, 0.51],
      [0.5, 0.54],
    ] as const) {
      calibration.reading(reading(value));
      calibration.reading(reading(weekly, { meter: 'unified-7d' }));
      calibration.spent('anthropic', 'opus', input(1000));
      calibration.spent('zai', 'opus', input(999_999));
    }
    expect(fitOf(calibration)).toMatchObject({ pairs: 2, capacityTokens: 5000 });
    expect(fitOf(calibration, 'opus', 'unified-7d')!.capacityTokens).toBeCloseTo(1000 / 0.03, 3);
    expect(calibration.view('zai', 'opus', null).fits).toEqual([]);
  });

  it('begins with what was measured on purpose', () => {
    const calibration = new Calibration();
    const moved = { tokens: 2000, moved: 0.04 };
    calibration.probe('zai', 'glm', 'tokens-5h', [
      moved,
      moved,
      moved,
      { tokens: 0, moved: 1 },
      { tokens: 1, moved: NaN },
    ]);
    const [fit] = calibration.view('zai', 'glm', null).fits;
    expect(fit).toMatchObject({ meter: 'tokens-5h', pairs: 3, capacityTokens: 50_000 });
    expect(calibration.toJSON().models[0]!.fits[0]!.pairs[0]).toEqual({ ...moved, source: 'probe' });
  });

  it('keeps the newest two hundred pairs of a model', () => {
    const calibration = new Calibration();
    calibration.probe(
      'zai',
      'glm',
      METER,
      Array.from({ length: 150 }, () => ({ tokens: 1, moved: 1 })),
    );
    calibration.probe(
      'zai',
      'glm',
      METER,
      Array.from({ length: 200 }, () => ({ tokens: 100, moved: 0.1 })),
    );
    expect(calibration.view('zai', 'glm', null).fits).toMatchObject([{ pairs: 200 }]);
    expect(calibration.view('zai', 'glm', null).fits[0]!.capacityTokens).toBeCloseTo(1000, 6);
  });
});

describe('threshold and gaps', () => {
  it('pairs our percentage with the rolling meter only, and a rejection with a full window', () => {
    const calibration = new Calibration();
    const pairs = (): number => calibration.toJSON().models.reduce((sum, { warn }) => sum + warn.pairs.length, 0);
    calibration.reading(reading(0.3, { predictedPct: null }));
    calibration.reading(reading(0.4, { predictedPct: 0.4, meter: 'unified-7d' }));
    expect(pairs()).toBe(0);
    calibration.reading(reading(0.4, { predictedPct: 0.4 }));
    calibration.rejected(rejection());
    calibration.rejected(rejection({ meter: 'unified-7d', observedTs: START_TS + 700 }));
    calibration.rejected(rejection({ observedTs: START_TS + 800 }));
    expect(calibration.toJSON().models[0]!.warn.pairs).toEqual([
      { predicted: 0.4, vendor: 0.4 },
      { predicted: 0.9, vendor: 1 },
    ]);
  });

  it('learns where to warn from readings', () => {
    const calibration = new Calibration();
    for (let percent = 10; percent < 30; percent += 1) {
      const { warnPctAuto } = calibration.view('anthropic', 'opus', 0.8);
      expect(warnPctAuto).toBe(0.8);
      calibration.reading(reading(percent / 100, { predictedPct: (0.9 * percent) / 100 }));
    }
    // 0.8 of the vendor's is 0.72 of our own count.
    const view = calibration.view('anthropic', 'opus', 0.8);
    expect(view.warnPctAuto).toBeCloseTo(0.72, 9);
    expect(view.confidence).toBeCloseTo(1, 9);
    expect(calibration.view('anthropic', 'opus', null)).toMatchObject({ warnPctAuto: null });
    expect(calibration.view('anthropic', 'sonnet', 0.8)).toMatchObject({ warnPctAuto: 0.8, confidence: null });
  });

  it('counts one gap for each vendor window, the latest', () => {
    const calibration = new Calibration();
    calibration.rejected(rejection({ predictedResetTs: RESET_TS + 900 }));
    calibration.rejected(rejection({ predictedResetTs: RESET_TS + 40 }));
    calibration.rejected(rejection({ resetsTs: RESET_TS + WINDOW_S, predictedResetTs: RESET_TS + WINDOW_S - 20 }));
    calibration.rejected(rejection({ resetsTs: null }));
    calibration.rejected(rejection({ meter: 'unified-7d', predictedResetTs: null }));
    const view = calibration.view('anthropic', 'opus', null);
    // −20 and 40: 10 in the middle, −20 + 0.95·60 = 37.
    expect(view).toMatchObject({ gapP50: 10, gapSamples: 2 });
    expect(view.gapP95).toBeCloseTo(37, 9);
    expect(calibration.view('anthropic', 'sonnet', null)).toMatchObject({ gapP50: null, gapP95: null, gapSamples: 0 });
  });
});

describe('view', () => {
  it('is the same object until something changes', () => {
    const calibration = new Calibration();
    calibration.reading(reading(0.1, { predictedPct: 0.1 }));
    const first = calibration.view('anthropic', 'opus', 0.8);
    calibration.spent('anthropic', 'opus', input(5000));
    calibration.reading(reading(0.1, { predictedPct: 0.11 }));
    expect(calibration.view('anthropic', 'opus', 0.8)).toBe(first);

    calibration.reading(reading(0.2));
    expect(calibration.view('anthropic', 'opus', 0.8)).toMatchObject({ fits: [{ pairs: 1 }] });
    calibration.rejected(rejection());
    expect(calibration.view('anthropic', 'opus', 0.8).gapSamples).toBe(1);
    calibration.probe('anthropic', 'opus', METER, [{ tokens: 1, moved: 0.1 }]);
    expect(calibration.view('anthropic', 'opus', 0.8)).toMatchObject({ fits: [{ pairs: 2 }] });
    expect(calibration.view('anthropic', 'opus', 0.7).warnPctAuto).toBe(0.7);
  });

  it('survives numbers that are none', () => {
    const calibration = new Calibration();
    for (const odd of [NaN, Infinity, -1]) {
      calibration.reading(reading(odd, { predictedPct: 0.5 }));
      calibration.reading(reading(42, { predictedPct: 0.5 }));
      calibration.spent('anthropic', 'opus', input(odd));
      calibration.reading(reading(0.5, { observedTs: odd === -1 ? NaN : odd }));
      calibration.reading(reading(0.5, { predictedPct: odd }));
      calibration.rejected(rejection({ predictedPct: odd, predictedResetTs: odd === -1 ? NaN : odd }));
      calibration.rejected(rejection({ resetsTs: odd === -1 ? NaN : odd }));
    }
    expect(calibration.view('anthropic', 'opus', 0.8)).toEqual({
      ...{ warnPctAuto: 0.8, confidence: null, gapP50: null, gapP95: null, gapSamples: 0, fits: [] },
    });
  });
});

const name = fc.constantFrom('a', 'b', '__proto__');
const meter = fc.constantFrom(METER, 'unified-7d');
const fraction = fc.double({ min: 0, max: 1.2, noNaN: true });
const ts = fc.integer({ min: START_TS, max: START_TS + 10 * WINDOW_S });
const resetsTs = fc.option(fc.nat(9).map((window) => RESET_TS + window * WINDOW_S));
const call = fc.oneof(
  fc.record({
    ...{ kind: fc.constant('reading' as const), lane: name, model: name, meter, value: fraction },
    ...{ resetsTs, observedTs: ts, predictedPct: fc.option(fraction) },
  }),
  fc.record({
    ...{ kind: fc.constant('rejected' as const), lane: name, model: name, meter, predictedPct: fc.option(fraction) },
    ...{ predictedResetTs: fc.option(ts), resetsTs, observedTs: ts },
  }),
  fc.record({ kind: fc.constant('spent' as const), lane: name, model: name, tokens: fc.nat(100_000) }),
  fc.record({
    ...{ kind: fc.constant('probe' as const), lane: name, model: name, meter },
    pairs: fc.array(fc.record({ tokens: fc.nat(9000), moved: fraction }), { maxLength: 4 }),
  }),
);

function played(calls: readonly (typeof call extends fc.Arbitrary<infer Call> ? Call : never)[]): Calibration {
  const calibration = new Calibration();
  for (const one of calls) {
    if (one.kind === 'reading') calibration.reading(one);
    else if (one.kind === 'rejected') calibration.rejected(one);
    else if (one.kind === 'spent') calibration.spent(one.lane, one.model, input(one.tokens));
    else calibration.probe(one.lane, one.model, one.meter, one.pairs);
  }
  return calibration;
}

describe('kept between runs', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(call, { maxLength: 80, size: 'max' }), (calls) => {
        const before = played(calls);
        const text = JSON.stringify(before);
        const problems: string[] = [];
        const after = Calibration.from(JSON.parse(text), problems);
        expect(problems).toEqual([]);
        expect(JSON.stringify(after)).toBe(text);
        for (const lane of ['a', 'b', '__proto__']) {
          for (const model of ['a', 'b', '__proto__']) {
            expect(after.view(lane, model, 0.8)).toEqual(before.view(lane, model, 0.8));
          }
        }
      }),
    );
  });

  it('starts afresh from anything else', () => {
    fc.assert(
      fc.property(fc.anything(), (json) => {
        const problems: string[] = [];
        expect(Calibration.from(json, problems).toJSON()).toEqual(new Calibration().toJSON());
        expect(problems).toEqual(['calibration: 1 × unreadable state']);
      }),
    );
  });

  it('drops what is spoilt and keeps the rest', () => {
    const calibration = new Calibration();
    calibration.probe('zai', 'glm', METER, [{ tokens: 1000, moved: 0.1 }]);
    calibration.rejected(rejection());
    const good = calibration.toJSON();
    const [glm, opus] = good.models;
    const spoilt = {
      version: 1,
      meters: [null, { lane: 'zai', meter: METER, mixed: -1, discarded: 0 }, { lane: 'zai', meter: 1 }],
      models: [
        { ...glm, gaps: [{ meter: METER, resetsTs: 'soon', seconds: 1 }], warn: 7 },
        { ...opus, fits: [{ meter: METER, pairs: [{ tokens: -1, moved: 0.1, source: 'header' }, [], 'x'] }] },
        { ...opus, model: 7 },
      ],
    };
    const problems: string[] = [];
    const read = Calibration.from(spoilt, problems);
    expect(read.view('zai', 'glm', null).fits).toMatchObject([{ pairs: 1, capacityTokens: 10_000 }]);
    expect(read.view('anthropic', 'opus', null)).toMatchObject({ gapP50: 40, fits: [] });
    expect(problems.toSorted()).toEqual([
      'calibration: 1 × unreadable gap',
      'calibration: 1 × unreadable model',
      'calibration: 1 × unreadable threshold',
      'calibration: 3 × unreadable fit pair',
      'calibration: 3 × unreadable meter',
    ]);
  });

  it('never throws, whatever a part of it was replaced with', () => {
    const part = fc.anything({ maxDepth: 2 });
    const model = fc.record(
      { lane: fc.oneof(name, part), model: fc.oneof(name, part), fits: fc.oneof(fc.array(part), part), warn: part },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(model, part)), part, (models, meters) => {
        const read = Calibration.from({ version: 1, meters, models });
        const text = JSON.stringify(read);
        expect(JSON.stringify(Calibration.from(JSON.parse(text)))).toBe(text);
        read.view('a', 'a', 0.8);
      }),
    );
  });

  it('stays small however many names there are', () => {
    const calibration = new Calibration();
    for (let index = 0; index < 1000; index += 1) {
      const model = `m${index}`;
      calibration.reading(reading(0.5, { lane: `l${index}` }));
      calibration.reading(reading(0.5, { meter: `meter-${index}` }));
      calibration.probe('zai', model, METER, [{ tokens: 1, moved: 0.1 }]);
      calibration.probe('zai', 'm0', `meter-${index}`, [{ tokens: 1, moved: 0.1 }]);
    }
    const { meters, models } = calibration.toJSON();
    expect(meters.filter(({ lane }) => lane === 'anthropic').length).toBeLessThanOrEqual(16);
    expect(new Set(meters.map(({ lane }) => lane)).size).toBeLessThanOrEqual(200);
    expect(models).toHaveLength(200);
    // Who is heard of stays.
    expect(models.find(({ model }) => model === 'm0')!.fits).toHaveLength(16);
    expect(models.some(({ model }) => model === 'm1')).toBe(false);
  });
});
