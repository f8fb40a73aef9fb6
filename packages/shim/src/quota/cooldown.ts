/** A lane, or one model on it, that is left alone because its provider said no. Times in epoch seconds. */
export interface Cooldown {
  readonly lane: string;
  /** Null: every model of the lane. */
  readonly model: string | null;
  /** Kind of the rejection, such as five_hour; `overage` while the provider bills beyond the plan. */
  readonly kind: string;
  /** In words. */
  readonly reason: string;
  readonly startedTs: number;
  readonly untilTs: number;
  /** True where the provider gave a wait, not a time: then a clock set back moves `untilTs` along. */
  readonly relative: boolean;
  /** The provider's meters that were full; empty when it named none. */
  readonly meters: readonly string[];
}

/** What the provider said, as far as resting is concerned. */
export interface RestCause {
  readonly kind: string;
  readonly scope: 'lane' | 'model' | 'request';
  /** Epoch seconds at which the rejected window is over; null: not said. */
  readonly endsTs: number | null;
  /** True where `endsTs` was counted from now. */
  readonly relative: boolean;
  readonly meters: readonly string[];
  readonly reason: string;
}

export interface RestState {
  /** `due`: the window has reset and nobody has tried since. */
  readonly state: 'none' | 'resting' | 'due';
  readonly cooldown: Cooldown | null;
}

/** Kind of the rest while the provider bills beyond the plan. */
export const OVERAGE = 'overage';

/** Seconds to rest when the provider names no end, by kind of rejection. */
const REST_S: Readonly<Record<string, number>> = {
  concurrency: 5,
  // Somebody may top up any minute; a try costs one rejection.
  balance: 300,
  plan: 300,
  spend: 300,
};

/** A probe that has brought no first byte by then is no longer waited for. */
export const PROBE_S = 15;
/** A cooldown nobody came back to is forgotten this long after its end. */
const FORGET_S = 86_400;

/** No window is longer than a month; what claims to be is a slip, of the provider's or of a file's. */
const MOST_S = 40 * 86_400;

const FREE: RestState = Object.freeze({ state: 'none', cooldown: null });

/**
 * Who rests and until when. A rest ends at the reset the provider named and never later; then one request goes first,
 * and its success ends the rest for all. A success, or a newer reading of the same meters, ends it early.
 */
export class Cooldowns {
  readonly #entries = new Map<string, Entry>();
  readonly #defaultS: number;
  readonly #onChange: () => void;

  /** `defaultS`: rest after a rejection that names no end; 0: none. */
  constructor(defaultS: number, onChange: () => void = () => undefined) {
    this.#defaultS = defaultS;
    this.#onChange = onChange;
  }

  /** Answers the cooldown when there is one now that was not there before. */
  reject(where: { readonly lane: string; readonly model: string }, cause: RestCause, nowTs: number): Cooldown | null {
    if (cause.scope === 'request') return null;
    const restS = REST_S[cause.kind] ?? this.#defaultS;
    const untilTs = Math.min(cause.endsTs ?? nowTs + restS, nowTs + MOST_S);
    if (untilTs <= nowTs) return null;
    const model = cause.scope === 'lane' ? null : where.model;
    const key = keyFor({ lane: where.lane, model, kind: cause.kind });
    const known = this.#entries.get(key);
    const before = known === undefined ? undefined : setBack(known, nowTs);
    const wasResting = before !== undefined && before.cooldown.untilTs > nowTs;
    this.#entries.set(key, {
      cooldown: {
        lane: where.lane,
        model,
        kind: cause.kind,
        reason: cause.reason,
        // Requests sent before the first rejection prove nothing when they succeed.
        startedTs: wasResting ? before.cooldown.startedTs : nowTs,
        untilTs,
        relative: cause.relative || cause.endsTs === null,
        meters: cause.meters,
      },
      probe: null,
    });
    this.#onChange();
    return wasResting ? null : (this.#entries.get(key)?.cooldown ?? null);
  }

  /** How a model on a lane stands. */
  ask(lane: string, model: string, nowTs: number): RestState {
    if (this.#entries.size === 0) return FREE;
    const entries = this.#of(lane, model, nowTs);
    const [longest] = entries;
    if (longest === undefined) return FREE;
    const isOut = entries.some(({ probe }) => probe !== null && nowTs - probe.ts < PROBE_S && nowTs >= probe.ts);
    const resting = longest.cooldown.untilTs > nowTs || isOut;
    return { state: resting ? 'resting' : 'due', cooldown: longest.cooldown };
  }

  /** The one request that goes first. Who calls it hands back the place when the attempt has told nothing. */
  takeProbe(lane: string, model: string, nowTs: number): () => void {
    const taken = this.#of(lane, model, nowTs);
    const own = { ts: nowTs };
    for (const entry of taken) entry.probe = own;
    return () => {
      // Another one may have taken the place of a probe that was silent for long.
      for (const entry of taken) if (entry.probe === own) entry.probe = null;
    };
  }

  /** An answer came: whoever was rejected before `sentTs` is welcome again. */
  succeeded(lane: string, model: string, sentTs: number): void {
    if (this.#entries.size === 0) return;
    this.#end((cooldown) => {
      const covers = cooldown.lane === lane && (cooldown.model === null || cooldown.model === model);
      return covers && cooldown.kind !== OVERAGE && cooldown.startedTs < sentTs;
    });
  }

  /** A newer reading of the provider's meters; `allowed` are those it says are open. */
  read(lane: string, allowed: ReadonlySet<string>, sentTs: number): void {
    if (this.#entries.size === 0) return;
    this.#end(
      ({ lane: own, meters, startedTs }) =>
        own === lane && startedTs < sentTs && meters.length > 0 && meters.every((meter) => allowed.has(meter)),
    );
  }

  /** While the provider bills a lane beyond its plan; null: it does not, as far as is known. */
  billedBeyond(lane: string, nowTs: number): Cooldown | null {
    if (this.#entries.size === 0) return null;
    const cooldown = this.#entries.get(keyFor({ lane, model: null, kind: OVERAGE }))?.cooldown;
    return cooldown !== undefined && cooldown.untilTs > nowTs ? cooldown : null;
  }

  /** An answer to a request sent at `sentTs` says that nothing is billed on top, or nobody minds. */
  endOverage(lane: string, sentTs: number): void {
    if (this.#entries.size === 0) return;
    this.#end((cooldown) => cooldown.lane === lane && cooldown.kind === OVERAGE && cooldown.startedTs < sentTs);
  }

  /** Everything that rests now. */
  resting(nowTs: number): readonly Cooldown[] {
    return [...this.#entries.values()]
      .map((entry) => setBack(entry, nowTs).cooldown)
      .filter(({ untilTs }) => untilTs > nowTs);
  }

  toJSON(): readonly Cooldown[] {
    return [...this.#entries.values()].map(({ cooldown }) => cooldown);
  }

  /** Puts back what a former run knew; garbage is left out. */
  restore(json: unknown, nowTs: number): void {
    if (!Array.isArray(json)) return;
    for (const item of json as unknown[]) {
      if (isCooldown(item) && item.untilTs + FORGET_S > nowTs && item.untilTs < nowTs + MOST_S)
        this.#entries.set(keyFor(item), { cooldown: item, probe: null });
    }
  }

  /** Entries that cover this model, the one that lasts longest first. */
  #of(lane: string, model: string, nowTs: number): readonly Entry[] {
    const found: Entry[] = [];
    for (const key of [keyOf(lane, null), keyOf(lane, model)]) {
      const entry = this.#entries.get(key);
      if (entry === undefined) continue;
      if (entry.cooldown.untilTs + FORGET_S < nowTs) this.#entries.delete(key);
      else found.push(setBack(entry, nowTs));
    }
    return found.toSorted((a, b) => b.cooldown.untilTs - a.cooldown.untilTs);
  }

  #end(ends: (cooldown: Cooldown) => boolean): void {
    let changed = false;
    for (const [key, { cooldown }] of this.#entries) {
      if (ends(cooldown)) changed = this.#entries.delete(key) || changed;
    }
    if (changed) this.#onChange();
  }
}

interface Entry {
  cooldown: Cooldown;
  /** The request that goes first, and when it was let in; null: none is out. */
  probe: { readonly ts: number } | null;
}

/**
 * The clock was set back since: a wait that was counted from the old time is counted from the new one. A time the
 * provider named stays; but what began in the future could be ended by no success until then.
 */
function setBack(entry: Entry, nowTs: number): Entry {
  const { cooldown } = entry;
  if (nowTs >= cooldown.startedTs - 1) return entry;
  const untilTs = cooldown.relative ? nowTs + (cooldown.untilTs - cooldown.startedTs) : cooldown.untilTs;
  entry.cooldown = { ...cooldown, startedTs: nowTs, untilTs };
  return entry;
}

/** What is billed on top rests under a key of its own: another rejection of the lane must not hide it. */
function keyFor({ lane, model, kind }: Pick<Cooldown, 'lane' | 'model' | 'kind'>): string {
  return kind === OVERAGE ? `${lane}\n\n${OVERAGE}` : keyOf(lane, model);
}

function keyOf(lane: string, model: string | null): string {
  return model === null ? `${lane}\n` : `${lane}\n${model}`;
}

function isCooldown(value: unknown): value is Cooldown {
  const one = value as Partial<Cooldown> | null;
  return (
    typeof one === 'object' &&
    one !== null &&
    typeof one.lane === 'string' &&
    (one.model === null || typeof one.model === 'string') &&
    typeof one.kind === 'string' &&
    typeof one.reason === 'string' &&
    Number.isFinite(one.startedTs) &&
    Number.isFinite(one.untilTs) &&
    typeof one.relative === 'boolean' &&
    Array.isArray(one.meters) &&
    one.meters.every((meter) => typeof meter === 'string')
  );
}
