import { setTimeout as sleep } from 'node:timers/promises';
import { fitCapacity, type CapacityFit } from '../../quota/fit.ts';
import type { Address } from '../link/address.ts';
import { askUsage } from '../link/ask-shim.ts';
import { OperatorError } from '../operator-command.ts';
import { spend } from './small-request.ts';
import { WindowTrack, type Pair } from './window-track.ts';
import type { PlanReader, PlanWindow } from './zai-quota.ts';

export interface ProbePlan {
  readonly lane: string;
  readonly model: string;
  readonly requests: number;
  /** About as many in and at most as many out, per request. */
  readonly tokens: number;
  readonly pauseMs: number;
}

export interface Reading {
  /** Requests sent before it. */
  readonly request: number;
  /** Counted tokens of all of them. */
  readonly tokens: number;
  /** Fraction by meter. */
  readonly used: Readonly<Record<string, number>>;
}

export interface MeterFit extends CapacityFit {
  readonly meter: string;
  readonly pairs: readonly Pair[];
  readonly discarded: number;
}

export interface Measured {
  readonly readings: readonly Reading[];
  readonly fits: readonly MeterFit[];
  /** Why it ended before all requests were sent; null: all were. */
  readonly stopped: string | null;
}

export interface ProbeParts {
  readonly shim: Address;
  readonly reader: PlanReader;
  readonly signal: AbortSignal;
  readonly onReading: (reading: Reading) => void;
}

/** A probe that takes longer than this measures something else: windows end, other work begins. */
const LONGEST_MS = 3_600_000;
/** A meter may be some seconds behind: so often it is asked again at the end while it still moves. */
const LAST_READINGS = 3;

/** Sends the requests one after the other and reads the plan's meters between them. What was measured is kept, however it ends. */
export async function measure(plan: ProbePlan, parts: ProbeParts): Promise<Measured> {
  const probe = await Probe.begin(plan, parts);
  const stopped = await probe.sendAll();
  // After a failure nobody knows what the last request has used.
  if (stopped === null) await probe.waitForMeters();
  return probe.measured(stopped);
}

class Probe {
  readonly #plan: ProbePlan;
  readonly #parts: ProbeParts;
  readonly #tracks: Map<string, WindowTrack>;
  readonly #readings: Reading[] = [];
  readonly #endMs = performance.now() + LONGEST_MS;
  readonly #nonce = Date.now().toString(36);
  #sent = 0;
  #tokens = 0;
  /** Requests of the lane that were not ours, as the shim has counted so far. */
  #others: number;
  /** At the reading before. */
  #sawOthers = false;

  static async begin(plan: ProbePlan, parts: ProbeParts): Promise<Probe> {
    const windows = await parts.reader.read(parts.signal);
    if (windows.size === 0)
      throw new OperatorError(
        'the quota of the plan lists no window of 5 hours or a week in tokens or credits',
        'there is nothing a probe could measure on this plan',
      );
    const { requests } = await askLane(plan, parts);
    return new Probe(plan, parts, windows, requests);
  }

  private constructor(
    plan: ProbePlan,
    parts: ProbeParts,
    windows: ReadonlyMap<string, PlanWindow>,
    laneRequests: number,
  ) {
    this.#plan = plan;
    this.#parts = parts;
    this.#others = laneRequests;
    this.#tracks = new Map([...windows].map(([meter, window]) => [meter, new WindowTrack(window)]));
    this.#note(windows);
  }

  /** Answers why it ended early; null: it did not. */
  async sendAll(): Promise<string | null> {
    const plan = this.#plan;
    const parts = this.#parts;
    while (this.#sent < plan.requests) {
      if (this.#sent > 0) await sleep(plan.pauseMs, undefined, { signal: parts.signal }).catch(() => undefined);
      if (parts.signal.aborted) return 'interrupted';
      if (performance.now() > this.#endMs) return `it took longer than ${LONGEST_MS / 60_000} minutes`;
      const request = { model: plan.model, tokens: plan.tokens, nonce: `${this.#nonce}-${this.#sent}` };
      const spent = await spend(parts.shim, request, parts.signal);
      if ('problem' in spent) return spent.problem;
      this.#sent += 1;
      if (spent.lane !== plan.lane) return `request ${this.#sent} was answered by ${spent.lane}, not by ${plan.lane}`;
      this.#tokens += spent.tokens;
      try {
        await this.#read(spent.tokens);
      } catch (error) {
        if (parts.signal.aborted) return 'interrupted';
        if (error instanceof OperatorError) return error.message;
        throw error;
      }
    }
    return null;
  }

  async waitForMeters(): Promise<void> {
    for (let left = LAST_READINGS; left > 0 && this.#sent > 0; left -= 1) {
      await sleep(this.#plan.pauseMs, undefined, { signal: this.#parts.signal }).catch(() => undefined);
      const windows = await this.#parts.reader.read(this.#parts.signal).catch(() => null);
      const before = this.#readings.at(-1)?.used ?? {};
      if (windows === null || [...windows].every(([meter, { used }]) => before[meter] === used)) return;
      this.#take(windows, 0, false);
    }
  }

  measured(stopped: string | null): Measured {
    const fits = [...this.#tracks].map(([meter, { pairs, discarded }]) => ({
      meter,
      ...fitCapacity(pairsOf(pairs)),
      pairs,
      discarded,
    }));
    return { readings: this.#readings, fits, stopped };
  }

  async #read(tokens: number): Promise<void> {
    const windows = await this.#parts.reader.read(this.#parts.signal);
    const lane = await askLane(this.#plan, this.#parts);
    const others = lane.requests - this.#sent;
    const sawOthers = others !== this.#others || lane.active > 0;
    // Asked after the meters: whoever was seen may have spent in this interval, in the next one, or in both.
    this.#take(windows, tokens, sawOthers || this.#sawOthers);
    this.#others = others;
    this.#sawOthers = sawOthers;
  }

  #take(windows: ReadonlyMap<string, PlanWindow>, tokens: number, isMixed: boolean): void {
    for (const [meter, window] of windows) {
      const track = this.#tracks.get(meter);
      if (track === undefined) this.#tracks.set(meter, new WindowTrack(window));
      else track.read(window, tokens, isMixed);
    }
    this.#note(windows);
  }

  #note(windows: ReadonlyMap<string, PlanWindow>): void {
    const used = Object.fromEntries([...windows].map(([meter, window]) => [meter, window.used]));
    const reading = { request: this.#sent, tokens: this.#tokens, used };
    this.#readings.push(reading);
    this.#parts.onReading(reading);
  }
}

/** Requests the shim has sent to the lane, whoever asked for them. */
async function askLane(
  { lane }: ProbePlan,
  { shim, signal }: ProbeParts,
): Promise<{ readonly requests: number; readonly active: number }> {
  const { lanes } = await askUsage(shim, signal);
  const { requests = 0, active = 0 } = lanes?.[lane] ?? {};
  return { requests, active };
}

function pairsOf(pairs: readonly Pair[]): Parameters<typeof fitCapacity>[0] {
  return pairs.map((pair) => ({ ...pair, source: 'probe' }));
}
