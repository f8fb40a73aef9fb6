import type { EndedHow, Op } from '../exchange.ts';

/** What happened to one model since the process started; the names of the wire contract. */
export interface ModelCounters {
  requests: number;
  /** Lane of the newest attempt. */
  lane: string;
  fallbacks: number;
  reroutes: number;
  rate_limited: number;
  overloaded: number;
  timeouts: number;
  truncated: number;
  cancelled: number;
  errors: number;
  wasted_retry_ms: number;
  cooldowns: number;
  probes: number;
  shadowed: number;
}

export interface LaneCounters {
  active: number;
  requests: number;
  errors: number;
  fallbacks_from: number;
  fallbacks_to: number;
  rate_limited: number;
  overloaded: number;
  last_status: number | null;
  last_error: string | null;
  last_ok_ts: number | null;
}

/** What one model on one lane has used. */
export interface Spent {
  input: number;
  output: number;
  cacheWrite: number;
  cacheRead: number;
  streamS: number;
  dirtyS: number;
}

/** Book name of every model past the bound. */
export const OTHER_MODELS = '(other)';

/** A counter family: label values joined → count. */
export type Family = Map<string, number>;

/**
 * Every count since start, kept as plain numbers: a scrape reads them, a request only adds. Label values of one family
 * are joined with a line feed, which no label contains.
 */
export class Counters {
  readonly models = new Map<string, ModelCounters>();
  readonly lanes = new Map<string, LaneCounters>();
  readonly requests: Family = new Map();
  readonly tokens = new Map<string, Spent>();
  readonly preferred: Family = new Map();
  readonly rerouted: Family = new Map();
  readonly rerouteAttempts: Family = new Map();
  readonly quotaBlocks: Family = new Map();
  readonly ended: Family = new Map();
  readonly cooldowns: Family = new Map();
  readonly shadow: Family = new Map();
  partialWrites = 0;

  model(name: string): ModelCounters {
    return this.models.get(name) ?? added(this.models, name, noModelCounters());
  }

  lane(id: string): LaneCounters {
    return this.lanes.get(id) ?? added(this.lanes, id, noLaneCounters());
  }

  spent(lane: string, model: string): Spent {
    const key = `${lane}\n${model}`;
    return (
      this.tokens.get(key) ??
      added(this.tokens, key, { input: 0, output: 0, cacheWrite: 0, cacheRead: 0, streamS: 0, dirtyS: 0 })
    );
  }
}

function noModelCounters(): ModelCounters {
  return {
    requests: 0,
    lane: '',
    fallbacks: 0,
    reroutes: 0,
    rate_limited: 0,
    overloaded: 0,
    timeouts: 0,
    truncated: 0,
    cancelled: 0,
    errors: 0,
    wasted_retry_ms: 0,
    cooldowns: 0,
    probes: 0,
    shadowed: 0,
  };
}

function noLaneCounters(): LaneCounters {
  return {
    active: 0,
    requests: 0,
    errors: 0,
    fallbacks_from: 0,
    fallbacks_to: 0,
    rate_limited: 0,
    overloaded: 0,
    last_status: null,
    last_error: null,
    last_ok_ts: null,
  };
}

/** `labels`: values joined with a line feed. */
export function count(family: Family, labels: string): void {
  family.set(labels, (family.get(labels) ?? 0) + 1);
}

/** Where requests of one kind are counted, looked up once for thousands of them. */
export class Tally {
  readonly laneId: string;
  /** The name it is booked under. */
  readonly modelName: string;
  readonly op: string;
  /** Labels of families. */
  readonly laneAndOp: string;
  readonly laneAndModel: string;
  readonly inputOf: string;
  readonly outputOf: string;
  readonly #counters: Counters;
  readonly #byStatus = new Map<number, string>();
  readonly #byEnd = new Map<EndedHow, string>();
  #lane: LaneCounters | null = null;
  #model: ModelCounters | null = null;
  #spent: Spent | null = null;

  constructor(counters: Counters, laneId: string, modelName: string, op: string) {
    this.#counters = counters;
    this.laneId = laneId;
    this.modelName = modelName;
    this.op = op;
    this.laneAndOp = `${laneId}\n${op}`;
    this.laneAndModel = `${laneId}\n${modelName}`;
    this.inputOf = `${this.laneAndModel}\ninput`;
    this.outputOf = `${this.laneAndModel}\noutput`;
  }

  // Each begins to exist when it is first counted in: what is shown is what has happened.

  get lane(): LaneCounters {
    return (this.#lane ??= this.#counters.lane(this.laneId));
  }

  get model(): ModelCounters {
    return (this.#model ??= this.#counters.model(this.modelName));
  }

  get spent(): Spent {
    return (this.#spent ??= this.#counters.spent(this.laneId, this.modelName));
  }

  withStatus(status: number): string {
    return this.#byStatus.get(status) ?? added(this.#byStatus, status, `${this.laneAndOp}\n${status}`);
  }

  endedAs(how: EndedHow): string {
    return this.#byEnd.get(how) ?? added(this.#byEnd, how, `${this.laneId}\n${how}`);
  }
}

/** `op` as the log and the metrics name it. */
export function opName(op: Op, stream: boolean): string {
  return op === 'messages' ? (stream ? 'stream' : 'nonstream') : op;
}

/** Ends that left the client without a whole answer although the head was sent. */
export function isPartial(how: EndedHow): boolean {
  return how === 'truncated' || how === 'timeout' || how === 'error_in_stream';
}

function added<K, T>(map: Map<K, T>, key: K, value: T): T {
  map.set(key, value);
  return value;
}
