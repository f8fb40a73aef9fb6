import type { Attempted, Ended, Permit, Refusal, Tokens } from '../exchange.ts';
import type { Settled } from '../quota/reservation.ts';
import { Backlog } from './backlog.ts';
import { Bookkeeper, type BookkeeperOptions, type Leaving } from './bookkeeper.ts';

export interface RecorderOptions extends BookkeeperOptions {
  readonly nowTs: () => number;
  /** Told of the tokens of every turn that counts. */
  readonly spent: (lane: string, model: string, tokens: Tokens) => void;
  readonly onError: (error: unknown) => void;
}

/** What happened, until it is written down. */
interface Told {
  readonly what: 'announced' | 'left' | 'refused' | 'ended';
  readonly permit: Permit;
  readonly ended: Ended | null;
  readonly settled: Settled | null;
  readonly left: Leaving | null;
  readonly ts: number;
}

/**
 * Stage 6: everything that is written down about an exchange, exactly once per attempt and per end. What the next request
 * may ask for, tokens and places, is settled at once; the rest a moment later, in the same order.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #books: Bookkeeper;
  readonly #backlog: Backlog<Told>;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#books = new Bookkeeper(options);
    this.#backlog = new Backlog((told) => this.#write(told), options.onError);
  }

  /** Everything that was told until now is in counters, lines and rows. Who shows them calls this first. */
  catchUp(): void {
    this.#backlog.catchUp();
  }

  /** Before an attempt. */
  announce(permit: Permit): void {
    this.#later({ what: 'announced', permit, ended: null, settled: null, left: null, ts: 0 });
  }

  /** A quota turned a request away from a lane. */
  blocked(refusal: Refusal): void {
    this.#books.blocked(refusal);
  }

  /** A provider's no made a lane, or a model on it, rest. */
  cooldownBegan(permit: Permit, kind: string): void {
    this.#books.cooldownBegan(permit, kind);
  }

  /** An exchange that no lane took: no attempt was made, and the log has its two lines all the same. */
  refused(ended: Ended): void {
    const { permit } = ended;
    this.#later({ what: 'refused', permit, ended, settled: null, left: null, ts: this.#options.nowTs() });
  }

  /** An attempt that came to nothing: another lane will be tried. */
  attemptFailed({ permit, answer, judgement }: Attempted): void {
    const { kind, reason } = judgement;
    this.#left(permit, { status: answer?.status ?? null, kind, reason, ts: this.#options.nowTs() });
  }

  /** An error of our own ended the exchange: the lane, the tokens set aside and the slot are given back. */
  abandoned(permit: Permit): void {
    this.#left(permit, { status: null, kind: 'server_error', reason: 'internal', ts: this.#options.nowTs() });
  }

  /** The end of the exchange. */
  ended(ended: Ended): void {
    const { nowTs, spent } = this.#options;
    const { permit, tokens } = ended;
    const ts = nowTs();
    const counts = ended.usageKnown || ended.status < 400;
    const settled = counts ? permit.reservation.settle(tokens, ended.latencyMs / 1000, ts) : null;
    giveBack(permit);
    if (settled !== null) spent(settled.lane, settled.model, tokens);
    this.#later({ what: 'ended', permit, ended, settled, left: null, ts });
  }

  #left(permit: Permit, left: Leaving): void {
    giveBack(permit);
    this.#later({ what: 'left', permit, ended: null, settled: null, left, ts: left.ts });
  }

  #later(told: Told): void {
    this.#backlog.add(told);
  }

  #write({ what, permit, ended, settled, left, ts }: Told): void {
    if (what === 'announced') this.#books.announced(permit);
    else if (left !== null) this.#books.left(permit, left);
    else if (ended !== null && what === 'ended') this.#books.ended(ended, ts, settled);
    else if (ended !== null) this.#books.refused(ended, ts);
  }
}

/** Whatever an attempt still held; each of the three gives back once. */
function giveBack(permit: Permit): void {
  permit.reservation.release();
  permit.releaseSlot();
  permit.releaseProbe?.();
}
