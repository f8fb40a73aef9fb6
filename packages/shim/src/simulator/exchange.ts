import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BookEntry, Books } from './books.ts';
import type { KeyLimits, Meters } from './meters.ts';
import { Outlet } from './outlet.ts';
import { Playback } from './playback.ts';
import type { Plan } from './playback.ts';
import { RequestScan } from './request-scan.ts';
import type { RequestFacts } from './request-scan.ts';
import type { Rules } from './rules.ts';
import { noTokens } from './sse.ts';
import type { UsageMark } from './sse.ts';
import type { TokenUsage } from './script.ts';
import { ID_CHARACTERS } from './templates.ts';
import type { Templates } from './templates.ts';
import type { Ticker } from './ticker.ts';
import type { ZaiQuota } from './zai-quota.ts';

/** What all exchanges of one simulator share. Behaviour can be swapped: an exchange keeps the one it began with. */
export interface Provider {
  readonly books: Books;
  readonly templates: Templates;
  readonly ticker: Ticker;
  readonly now: () => number;
  readonly rules: Rules;
  readonly meters: Meters | undefined;
  readonly keyLimits: KeyLimits | undefined;
  readonly zaiQuota: ZaiQuota | undefined;
  /** Asked once per answer. */
  readonly nextSkewMs: () => number | undefined;
  readonly seed: number;
  /** Eight characters in every id, from name and seed. */
  readonly tag: string;
}

/** How many whole events, and which usage, a number of body bytes amounts to. */
export interface Sent {
  readonly eventsAt: (bytes: number) => number;
  readonly marks: readonly UsageMark[];
}

/** One request and its answer, from the first byte read to the entry in the books. */
export class Exchange {
  readonly provider: Provider;
  readonly seq: number;
  readonly request: IncomingMessage;
  readonly outlet: Outlet;
  facts: RequestFacts = { model: null, stream: false };
  requestBytes = 0;
  isMessage = false;
  /** By how much this answer's clock is ahead; undefined: it is right, and Node writes the date. */
  readonly skewMs: number | undefined;
  private readonly entry: BookEntry | undefined;
  private act = '';
  private number = '';
  private requestId: string | undefined;
  private sent: Sent | undefined;
  private kept: Buffer[] = [];
  private playback: Playback | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isOver = false;

  constructor(provider: Provider, seq: number, request: IncomingMessage, response: ServerResponse) {
    this.provider = provider;
    this.seq = seq;
    this.request = request;
    this.skewMs = provider.nextSkewMs();
    this.outlet = new Outlet(response, provider.books.mode === 'full');
    this.entry = provider.books.open(seq, provider.now(), request);
    response.on('close', () => this.settle());
  }

  /** Reads the body to its end, keeping it only when a script may look inside. */
  read(done: () => void): void {
    const scan = new RequestScan();
    const hash = this.entry === undefined ? undefined : createHash('sha256');
    this.request.on('data', (chunk: Buffer) => {
      this.requestBytes += chunk.length;
      scan.push(chunk);
      hash?.update(chunk);
      if (this.provider.rules.needsBody) this.kept.push(chunk);
    });
    this.request.on('end', () => {
      this.facts = scan.facts();
      if (this.entry !== undefined) {
        this.entry.model = this.facts.model;
        this.entry.stream = this.facts.stream;
        this.entry.request_bytes = this.requestBytes;
        this.entry.request_sha256 = hash?.digest('hex') ?? '';
      }
      done();
    });
  }

  /** The parsed body; undefined when it is not JSON. */
  body(): unknown {
    try {
      return JSON.parse(Buffer.concat(this.kept).toString('utf8'));
    } catch {
      return undefined;
    }
  }

  /** Says in the books what was done. */
  doing(act: string): void {
    this.act = this.act === '' ? act : `${this.act}+${act}`;
  }

  /** An id of fixed length: same seed, name and request number, same id. */
  id(prefix: 'msg_' | 'req_'): string {
    this.number ||= this.seq.toString(36).padStart(ID_CHARACTERS - PREFIX_CHARACTERS - this.provider.tag.length, '0');
    return prefix + this.provider.tag + this.number;
  }

  /** Mints the request id of this answer; without it the answer carries none. */
  nameAnswer(): string {
    this.requestId = this.id('req_');
    return this.requestId;
  }

  /** Runs `then` after a wait that ends with the exchange; undefined waits for ever. */
  later(ms: number | undefined, then: () => void): void {
    if (ms === 0) then();
    else if (ms !== undefined) this.timer = setTimeout(then, ms);
  }

  /** Epoch ms as this answer tells it. */
  toldMs(): number {
    return this.provider.now() + (this.skewMs ?? 0);
  }

  whole(status: number, headers: readonly string[], body: Buffer, usage: TokenUsage = noTokens): void {
    if (this.isOver) return;
    this.sent = { eventsAt: (bytes) => (bytes >= body.length ? 1 : 0), marks: [{ event: 0, usage }] };
    this.outlet.whole(status, this.dated(headers), body);
  }

  play(headers: readonly string[], plan: Plan, sent: Sent): void {
    if (this.isOver) return;
    this.sent = sent;
    const uncork = plan.spaced ? undefined : this.outlet.cork();
    this.outlet.open(this.dated(headers));
    this.playback = new Playback(this.outlet, plan, this.provider.ticker);
    this.playback.start();
    uncork?.();
  }

  private dated(headers: readonly string[]): readonly string[] {
    return this.skewMs === undefined ? headers : [...headers, 'date', new Date(this.toldMs()).toUTCString()];
  }

  private settle(): void {
    this.isOver = true;
    clearTimeout(this.timer);
    this.playback?.cancel();
    const { outlet, entry, provider } = this;
    const ended = outlet.cutShort ? 'cut' : outlet.response.writableFinished ? 'finished' : 'client_gone';
    const events = this.sent?.eventsAt(outlet.bytes) ?? 0;
    const usage = this.sent?.marks.findLast((mark) => mark.event < events)?.usage ?? noTokens;
    provider.meters?.charge(usage);
    provider.keyLimits?.charge(usage);
    provider.zaiQuota?.charge(usage);
    if (entry !== undefined) {
      entry.status = outlet.status;
      entry.act = this.act;
      entry.request_id = this.requestId ?? null;
      entry.usage = { ...usage };
      entry.response_bytes = outlet.bytes;
      entry.response_sha256 = outlet.digest();
      entry.ended = ended;
      entry.client_left = ended === 'client_gone' ? { byte: outlet.bytes, event: events } : null;
    }
    provider.books.settle({ model: this.facts.model, status: outlet.status, ended, usage, is_message: this.isMessage });
  }
}

const PREFIX_CHARACTERS = 'msg_'.length;
