import { hashKey } from '../../key-set.ts';
import { hashTurnKey, turnKey } from '../../turn-key.ts';
import type { ArchiveTurn, ArchiveTurns, TurnDetails } from './archive-turn.ts';
import { parsed } from './json-fragments.ts';
import type { PlainTurn } from './log-rows.ts';
import { numberIn } from './number-in.ts';
import { judgeRecord } from './usage-record.ts';

/** Kept of each turn: input tokens, output tokens and ts, which is NaN until somebody asks for it. */
const NUMBERS = 3;
/** Kept of each: where its request id, its line and its ts begin and end; of one that was parsed 0, 0 and its index. */
const PLACES = 6;
const FIRST_ROOM = 512;

/** Turns of a log or a database in rows of numbers, and where the rest of each lies. Used again for every part. */
export class TurnList implements ArchiveTurns {
  length = 0;
  #numbers = new Float64Array(NUMBERS * FIRST_ROOM);
  #places = new Uint32Array(PLACES * FIRST_ROOM);
  readonly #models: string[] = [];
  readonly #parsed: ArchiveTurn[] = [];
  #bytes: Buffer = Buffer.alloc(0);

  /** @param bytes what the places of plain turns are offsets in; of a database there are none */
  begin(bytes?: Buffer): void {
    this.length = 0;
    this.#parsed.length = 0;
    if (bytes !== undefined) this.#bytes = bytes;
  }

  addPlain(turn: PlainTurn): void {
    const at = PLACES * this.#add(turn, Number.NaN);
    const places = this.#places;
    places[at] = turn.ridFrom;
    places[at + 1] = turn.ridTo;
    places[at + 2] = turn.from;
    places[at + 3] = turn.to;
    places[at + 4] = turn.tsFrom;
    places[at + 5] = turn.tsTo;
  }

  addParsed(turn: ArchiveTurn): void {
    const at = PLACES * this.#add(turn, turn.ts);
    this.#places[at] = this.#places[at + 1] = 0;
    this.#places[at + 2] = this.#parsed.push(turn) - 1;
  }

  modelOf(nth: number): string {
    return this.#models[nth] ?? '';
  }

  inputTokensOf(nth: number): number {
    return this.#numbers[NUMBERS * nth] ?? 0;
  }

  outputTokensOf(nth: number): number {
    return this.#numbers[NUMBERS * nth + 1] ?? 0;
  }

  tsOf(nth: number): number {
    const ts = this.#numbers[NUMBERS * nth + 2] ?? 0;
    if (!Number.isNaN(ts)) return ts;
    return (this.#numbers[NUMBERS * nth + 2] = numberIn(this.#bytes, this.#place(nth, 4), this.#place(nth, 5)));
  }

  hashKeyOf(nth: number): void {
    const end = this.#place(nth, 1);
    if (end === 0) hashKey(this.#parsedAt(nth).key);
    else hashTurnKey(this.#bytes, this.#place(nth, 0), end, this.tsOf(nth));
  }

  detailsOf(nth: number): TurnDetails {
    if (this.#place(nth, 1) === 0) return this.#parsedAt(nth).details();
    const judged = judgeRecord(parsed(this.#bytes.toString('latin1', this.#place(nth, 2), this.#place(nth, 3))));
    if (judged.kind !== 'turn') throw new Error(`a line was read as a turn and is none: ${judged.why}`);
    return judged.turn.details();
  }

  *[Symbol.iterator](): Generator<ArchiveTurn> {
    for (let nth = 0; nth < this.length; nth += 1)
      yield this.#place(nth, 1) === 0 ? this.#parsedAt(nth) : this.#plainAt(nth);
  }

  #plainAt(nth: number): ArchiveTurn {
    const rid = this.#bytes.toString('latin1', this.#place(nth, 0), this.#place(nth, 1));
    const turn = {
      model: this.modelOf(nth),
      inputTokens: this.inputTokensOf(nth),
      outputTokens: this.outputTokensOf(nth),
    };
    const ts = this.tsOf(nth);
    const key = turnKey({ rid, ts, lane: '', latencyMs: 0, ...turn });
    return { key, ts, ...turn, details: () => this.detailsOf(nth) };
  }

  #parsedAt(nth: number): ArchiveTurn {
    const turn = this.#parsed[this.#place(nth, 2)];
    if (turn === undefined) throw new RangeError(`there is no turn ${nth} in this part`);
    return turn;
  }

  #place(nth: number, which: number): number {
    return this.#places[PLACES * nth + which] ?? 0;
  }

  /** Its number. */
  #add(
    { model, inputTokens, outputTokens }: Pick<ArchiveTurn, 'model' | 'inputTokens' | 'outputTokens'>,
    ts: number,
  ): number {
    const nth = this.length;
    if (NUMBERS * nth === this.#numbers.length) this.#grow();
    const at = NUMBERS * nth;
    this.#numbers[at] = inputTokens;
    this.#numbers[at + 1] = outputTokens;
    this.#numbers[at + 2] = ts;
    this.#models[nth] = model;
    this.length += 1;
    return nth;
  }

  #grow(): void {
    const [numbers, places] = [this.#numbers, this.#places];
    this.#numbers = new Float64Array(2 * numbers.length);
    this.#numbers.set(numbers);
    this.#places = new Uint32Array(2 * places.length);
    this.#places.set(places);
  }
}
