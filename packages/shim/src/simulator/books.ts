import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { TokenUsage } from './script.ts';

/** What was really received and sent: the truth a router's own numbers are compared with. */
export interface BookEntry {
  readonly seq: number;
  readonly received_at: string;
  readonly method: string;
  readonly path: string;
  /** With the question mark; empty without one. */
  readonly query: string;
  readonly header_names: readonly string[];
  /** SHA-256 of the values of credential headers; the values themselves are never kept. */
  readonly credentials: Readonly<Record<string, string>>;
  model: string | null;
  stream: boolean;
  /** 0 when no head was sent. */
  status: number;
  act: string;
  request_bytes: number;
  request_sha256: string;
  /** Null when the provider sent none. */
  request_id: string | null;
  /** What a client that read every byte sent must have counted. */
  usage: TokenUsage;
  /** Body bytes as sent: after content encoding, without transfer framing. */
  response_bytes: number;
  response_sha256: string;
  ended: 'open' | Ending;
  /** Bytes and whole events handed to the socket when the client left. */
  client_left: { readonly byte: number; readonly event: number } | null;
}

/** finished: all that was scripted; cut: ended early by script; client_gone: the client left first. */
export type Ending = 'finished' | 'client_gone' | 'cut';

export interface ModelTotals {
  requests: number;
  input: number;
  output: number;
  cache_write: number;
  cache_read: number;
}

export interface Totals {
  requests: number;
  by_status: Record<string, number>;
  by_ending: Record<Ending, number>;
  models: Record<string, ModelTotals>;
}

/** What one exchange adds to the totals. */
export interface Outcome {
  readonly model: string | null;
  readonly status: number;
  readonly ended: Ending;
  readonly usage: TokenUsage;
  /** Only message requests count per model. */
  readonly is_message: boolean;
}

/** Entries are kept for the last {@link KEPT_ENTRIES} requests, totals for all. */
export class Books {
  readonly mode: 'full' | 'totals';
  private kept: BookEntry[] = [];
  private sums: Totals = emptyTotals();
  private raw: IncomingHttpHeaders | undefined;
  private waiting: { count: number; resolve: () => void }[] = [];
  private settledCount = 0;

  constructor(mode: 'full' | 'totals') {
    this.mode = mode;
  }

  entries(): readonly BookEntry[] {
    return this.kept;
  }

  totals(): Totals {
    return structuredClone(this.sums);
  }

  /** Raw headers of the newest request, for tests of header isolation: in memory only, never served or printed. */
  lastHeaders(): IncomingHttpHeaders | undefined {
    return this.raw;
  }

  /** Resolves once `count` requests (since the start or the last clear) have ended. */
  async settled(count: number): Promise<readonly BookEntry[]> {
    if (this.settledCount < count) await new Promise<void>((resolve) => this.waiting.push({ count, resolve }));
    return this.kept;
  }

  clear(): void {
    this.kept = [];
    this.sums = emptyTotals();
    this.settledCount = 0;
  }

  /** Opens an entry; undefined when only totals are kept. */
  open(seq: number, nowMs: number, request: IncomingMessage): BookEntry | undefined {
    if (this.mode === 'totals') return undefined;
    this.raw = request.headers;
    const entry = newEntry(seq, nowMs, request);
    this.kept.push(entry);
    if (this.kept.length > KEPT_ENTRIES * 2) this.kept = this.kept.slice(-KEPT_ENTRIES);
    return entry;
  }

  settle(outcome: Outcome): void {
    const sums = this.sums;
    sums.requests += 1;
    sums.by_status[outcome.status] = (sums.by_status[outcome.status] ?? 0) + 1;
    sums.by_ending[outcome.ended] += 1;
    if (outcome.is_message) addUsage((sums.models[outcome.model ?? 'unknown'] ??= noTotals()), outcome.usage);
    this.settledCount += 1;
    if (this.waiting.length > 0) this.wake();
  }

  private wake(): void {
    const ready = this.waiting.filter((one) => one.count <= this.settledCount);
    this.waiting = this.waiting.filter((one) => one.count > this.settledCount);
    for (const one of ready) one.resolve();
  }
}

const KEPT_ENTRIES = 20_000;
const credentialHeaders = ['authorization', 'x-api-key', 'proxy-authorization', 'cookie'];

function newEntry(seq: number, nowMs: number, request: IncomingMessage): BookEntry {
  const [path = '', query] = (request.url ?? '').split(/(?=\?)/u, 2);
  return {
    seq,
    received_at: new Date(nowMs).toISOString(),
    method: request.method ?? '',
    path,
    query: query ?? '',
    header_names: request.rawHeaders.filter((_, index) => index % 2 === 0),
    credentials: hashedCredentials(request.headers),
    model: null,
    stream: false,
    status: 0,
    act: '',
    request_bytes: 0,
    request_sha256: '',
    request_id: null,
    usage: { input: 0, output: 0, cache_write_5m: 0, cache_write_1h: 0, cache_read: 0 },
    response_bytes: 0,
    response_sha256: '',
    ended: 'open',
    client_left: null,
  };
}

function hashedCredentials(headers: IncomingHttpHeaders): Record<string, string> {
  const hashed: Record<string, string> = {};
  for (const name of credentialHeaders) {
    const value = headers[name];
    if (value !== undefined) hashed[name] = createHash('sha256').update(String(value)).digest('hex');
  }
  return hashed;
}

function addUsage(totals: ModelTotals, usage: TokenUsage): void {
  totals.requests += 1;
  totals.input += usage.input;
  totals.output += usage.output;
  totals.cache_write += usage.cache_write_5m + usage.cache_write_1h;
  totals.cache_read += usage.cache_read;
}

function noTotals(): ModelTotals {
  return { requests: 0, input: 0, output: 0, cache_write: 0, cache_read: 0 };
}

function emptyTotals(): Totals {
  // Names chosen by clients become keys: an object without a prototype cannot be confused by one.
  const models = Object.create(null) as Record<string, ModelTotals>;
  return { requests: 0, by_status: {}, by_ending: { finished: 0, client_gone: 0, cut: 0 }, models };
}
