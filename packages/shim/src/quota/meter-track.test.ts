import { describe, expect, it } from 'vitest';
import { MeterTrack, type Movement } from './meter-track.ts';

const START_TS = 1_760_000_000;
const RESET_TS = START_TS + 18_000;

/** Told in turns: a number is a reading after a minute, a pair is spending. */
function play(track: MeterTrack, ...steps: readonly (number | readonly [model: string, tokens: number])[]): Movement[] {
  const told: Movement[] = [];
  let nowTs = START_TS;
  for (const step of steps) {
    if (typeof step === 'number') {
      nowTs += 60;
      told.push(track.read({ value: step, resetsTs: RESET_TS, observedTs: nowTs }));
    } else {
      track.spend(...step);
    }
  }
  return told.filter(({ kind }) => kind !== 'none');
}

function pair(model: string, tokens: number, moved: number): Movement {
  return { kind: 'pair', model, pair: { tokens, moved, source: 'header' } };
}

describe('MeterTrack', () => {
  it('pairs what was spent from rise to rise', () => {
    // 0.10 → 0.11 only finds the mark. 0.11 → 0.12: 600 + 400. 0.12 → 0.15: 3000.
    const told = play(
      new MeterTrack(),
      ...([0.1, ['m', 50], 0.1, ['m', 50], 0.11, ['m', 600], 0.11, ['m', 400]] as const),
      ...([0.12, ['m', 3000], 0.15] as const),
    );
    expect(told).toEqual([pair('m', 1000, 0.01), pair('m', 3000, 0.03)]);
  });

  it('takes a large rise even from where it first looked', () => {
    expect(play(new MeterTrack(), 0.1, ['m', 5000], 0.15)).toEqual([pair('m', 5000, 0.05)]);
    expect(play(new MeterTrack(), 0.1, ['m', 4000], 0.14)).toEqual([]);
  });

  it('counts as a whole percent what binary numbers make a little less', () => {
    // 0.57 − 0.56 = 0.00999…
    expect(play(new MeterTrack(), 0.55, ['m', 1], 0.56, ['m', 9], 0.57)).toEqual([pair('m', 9, 0.01)]);
  });

  it('collects the small steps of a meter that shows fractions of a percent', () => {
    const steps = [0.1, ['m', 1], 0.12, ['m', 4], 0.124, ['m', 4], 0.128, ['m', 4], 0.1325] as const;
    expect(play(new MeterTrack(), ...steps)).toEqual([pair('m', 12, 0.0125)]);
  });

  it('gives a pair to the model with 95 % of its tokens, else to nobody', () => {
    const track = new MeterTrack();
    const told = play(
      track,
      ...([0.1, ['a', 1], 0.11] as const),
      ...([['a', 950], ['b', 50], 0.12] as const),
      ...([['a', 949], ['b', 51], 0.13] as const),
      ...([['b', 700], 0.14] as const),
    );
    expect(told).toEqual([pair('a', 1000, 0.01), { kind: 'mixed' }, pair('b', 700, 0.01)]);
    expect(track).toMatchObject({ mixed: 1, discarded: 0 });
  });

  it('waits for the tokens of a request whose headers were faster', () => {
    // 0.12 is shown while nothing is settled yet; the interval goes on to 0.13.
    expect(play(new MeterTrack(), 0.1, ['m', 1], 0.11, 0.12, ['m', 2000], 0.12, 0.13)).toEqual([pair('m', 2000, 0.02)]);
  });

  it('discards what a fall interrupts, and then looks for a mark again', () => {
    const track = new MeterTrack();
    const told = play(
      track,
      ...([0.1, ['m', 1], 0.12, ['m', 10], 0.11, ['m', 10], 0.12] as const),
      ...([['m', 900], 0.13] as const),
    );
    expect(told).toEqual([{ kind: 'discarded' }, pair('m', 900, 0.01)]);
    expect(track.discarded).toBe(1);
  });

  it('sees no fall in another window', () => {
    const track = new MeterTrack();
    play(track, 0.9, ['m', 1], 0.91);
    const next = { resetsTs: RESET_TS + 18_000, observedTs: RESET_TS + 10 };
    expect(track.read({ ...next, value: 0.01 })).toEqual({ kind: 'none' });
    track.spend('m', 5000);
    expect(track.read({ ...next, value: 0.06, observedTs: RESET_TS + 70 })).toEqual(pair('m', 5000, 0.05));
    track.spend('m', 100);
    // What was spent between a rise and the end of its window is lost.
    expect(track.read({ value: 0.5, resetsTs: RESET_TS + 36_000, observedTs: RESET_TS + 18_010 }).kind).toBe(
      'discarded',
    );
    expect(track.discarded).toBe(1);
  });

  it('knows one window by resets five minutes apart', () => {
    const track = new MeterTrack();
    const at = (value: number, resetsTs: number | null): Movement =>
      track.read({ value, resetsTs, observedTs: START_TS });
    at(0.1, RESET_TS);
    track.spend('m', 100);
    expect(at(0.15, RESET_TS + 300).kind).toBe('pair');
    track.spend('m', 100);
    expect(at(0.2, RESET_TS + 601).kind).toBe('discarded');
    track.spend('m', 100);
    expect(at(0.25, null).kind).toBe('discarded');
    track.spend('m', 100);
    expect(at(0.3, null).kind).toBe('pair');
  });

  it('blames others for what moved in half an hour without us', () => {
    const track = new MeterTrack();
    const at = (value: number, observedTs: number): string =>
      track.read({ value, resetsTs: RESET_TS, observedTs: START_TS + observedTs }).kind;
    at(0.1, 0);
    track.spend('m', 500);
    expect(at(0.1, 10)).toBe('none');
    expect(at(0.3, 1811)).toBe('discarded');
    // The same silence with tokens of our own, or without movement, is nobody's.
    track.spend('m', 500);
    expect(at(0.35, 6000)).toBe('pair');
    expect(at(0.35, 9000)).toBe('none');
    expect(track.discarded).toBe(1);
  });

  it('names at most 200 models of an interval; what the others spend counts against every owner', () => {
    const track = new MeterTrack();
    const crowd = Array.from({ length: 200 }, (_, index) => [`m${index}`, 1] as const);
    expect(play(track, 0.1, ...crowd, ['late', 1e6], 0.2)).toEqual([{ kind: 'mixed' }]);
  });
});
