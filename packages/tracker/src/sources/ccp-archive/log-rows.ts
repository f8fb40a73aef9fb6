import { getRandomValues } from 'node:crypto';
import { CELL, KIND_SHIFT, LENGTH_MASK, lineScanner } from '../../learned-lines/line-scanner.ts';
import type { FieldRule, LineRules } from '../../learned-lines/line-scanner.ts';
import { PASSED } from './archive-turn.ts';

/** A turn as it stands in its line. The same object for each: take what you need of it. */
export interface PlainTurn {
  model: string;
  inputTokens: number;
  outputTokens: number;
  /** Offsets: `[tsFrom, tsTo)` is its ts, in digits, `[ridFrom, ridTo)` its request id, `[from, to)` its line. */
  tsFrom: number;
  tsTo: number;
  ridFrom: number;
  ridTo: number;
  from: number;
  to: number;
}

/** Who takes lines that were read without parsing, in their order. */
export interface RowSink {
  plainTurn(turn: PlainTurn): void;
  /** A line that is no turn, by why: an index of PASSED. */
  plainPassed(why: number): void;
  /** A line that has to be parsed. Answers whether it is one record, found in order. */
  oddLine(from: number, to: number): boolean;
}

const MAYBE_TEXT: FieldRule = { value: 'any', take: 'bytes' };
const COUNT: FieldRule = { value: 'count', take: 'number' };

/** What tells whether a line is a turn and which one; of any other field only that it is plain. */
const RULES: LineRules = {
  fields: {
    // In digits: a Go program may print 17 of them, of which the kernel can't make the number JSON.parse makes.
    ts: { value: 'amount', take: 'bytes', needed: true, compared: 'never' },
    rid: { value: 'text', take: 'bytes', needed: true, compared: 'never' },
    model: { value: 'text', take: 'hash', needed: true },
    status: { value: 'whole', take: 'number', needed: true },
    // Our shim's lines of a decision and of its end have the same fields, with other values in half of them.
    event: { ...MAYBE_TEXT, compared: 'always' },
    ended: MAYBE_TEXT,
    reason: MAYBE_TEXT,
    op: MAYBE_TEXT,
    input_tokens: COUNT,
    output_tokens: COUNT,
    // In place of the two above in lines of older writers.
    in_tokens: COUNT,
    out_tokens: COUNT,
  },
  others: 'any',
};

/** Words of a cell behind its first one; a number is counted in numbers of 64 bits. */
const [LENGTH_AT, HASH_AT, NUMBER_AT] = [1, 2, 1];
/** Word of a head. */
const TEMPLATE_AT = 2;
const TEXT = CELL.text * 2 ** KIND_SHIFT;

/** A word a cell may have: what the cell says of its kind and length, and its bytes. */
interface Word {
  readonly head: number;
  readonly bytes: Buffer;
}
const [DECISION, PENDING, STREAMING, COUNT_TOKENS, MODELS] = [
  wordOf('decision'),
  wordOf('pending'),
  wordOf('streaming'),
  wordOf('count_tokens'),
  wordOf('models'),
];

const [IS_DECISION, IS_EARLY, IS_OTHER] = [
  PASSED.indexOf('decision lines'),
  PASSED.indexOf('early stream lines'),
  PASSED.indexOf('other requests'),
];
const IS_TURN = -1;
/** Of a template: its rows are of several kinds, or none was looked at. */
const [IS_MIXED, IS_UNSEEN] = [-2, -3];
const MOST_TEMPLATES = 64;

const ZERO = 0x30;
const POINT = 0x2e;
/** Of 9,999,999,999 seconds. */
const WHOLE_DIGITS = 10;
/** Names of models are kept while there are so few: of a log that has more, few come again. */
const MOST_NAMES = 256;

/**
 * Reads lines of logs by lines that were met, and says of each what the reader of whole records would say. Rows are looked
 * at where they lie: a call for each cell would cost as much as comparing the line did.
 */
export class LogRows {
  readonly scanner = lineScanner(RULES, randomSeeds());
  readonly #rows = this.scanner.rows;
  readonly #words = this.#rows.words;
  readonly #numbers = this.#rows.numbers;
  readonly #memory = new Uint8Array(this.#words.buffer);
  readonly #cells = {
    ts: this.#rows.cellOf('ts'),
    rid: this.#rows.cellOf('rid'),
    model: this.#rows.cellOf('model'),
    status: this.#rows.cellOf('status'),
    event: this.#rows.cellOf('event'),
    ended: this.#rows.cellOf('ended'),
    reason: this.#rows.cellOf('reason'),
    op: this.#rows.cellOf('op'),
    input: this.#rows.cellOf('input_tokens'),
    output: this.#rows.cellOf('output_tokens'),
    olderInput: this.#rows.cellOf('in_tokens'),
    olderOutput: this.#rows.cellOf('out_tokens'),
  };
  /** By template. */
  readonly #kinds = new Int8Array(MOST_TEMPLATES).fill(IS_UNSEEN);
  readonly #names = new Map<number, Name>();
  #last: Name | null = null;
  readonly #turn: PlainTurn = {
    model: '',
    inputTokens: 0,
    outputTokens: 0,
    tsFrom: 0,
    tsTo: 0,
    ridFrom: 0,
    ridTo: 0,
    from: 0,
    to: 0,
  };

  /** Takes a line at which a scan stopped, and which was found in order. */
  learn(from: number, lineEnd: number): void {
    this.scanner.learn(from, lineEnd);
    this.#kinds.fill(IS_UNSEEN);
  }

  /**
   * Hands on the rows of the last scan.
   *
   * @param shift added to offsets in the block
   */
  take(count: number, shift: number, sink: RowSink): void {
    const { first, stride } = this.#rows;
    const words = this.#words;
    const kinds = this.#kinds;
    const inMemory = shift - this.scanner.block.byteOffset;
    for (let row = 0, at = first; row < count; row += 1, at += stride) {
      const template = words[at + TEMPLATE_AT] ?? 0;
      let kind = kinds[template] ?? IS_MIXED;
      if (kind === IS_UNSEEN) kind = kinds[template] = this.#kindOfAll(at);
      if (kind === IS_MIXED) kind = this.#kindOf(at);
      if (kind !== IS_TURN) sink.plainPassed(kind);
      else if (this.#isWhole(at)) sink.plainTurn(this.#turnAt(at, inMemory));
      else sink.oddLine((words[at] ?? 0) + inMemory, (words[at + 1] ?? 0) - 1 + inMemory);
    }
  }

  /** What all rows of a template are, where what tells it is the same in all of them. */
  #kindOfAll(at: number): number {
    const { status, event, ended, reason, op } = this.#cells;
    const { byteOffset } = this.scanner.block;
    const isSame = [status, event, ended, reason, op].every((cell) => (this.#words[at + cell] ?? 0) < byteOffset);
    return isSame ? this.#kindOf(at) : IS_MIXED;
  }

  /** In the order in which whole records are judged. */
  #kindOf(at: number): number {
    const { status, event, ended, reason, op } = this.#cells;
    if (this.#numbers[((at + status) >> 1) + NUMBER_AT] === -1) return IS_DECISION;
    if (this.#says(at + event, DECISION) || this.#says(at + ended, PENDING)) return IS_DECISION;
    if (this.#says(at + reason, STREAMING)) return IS_EARLY;
    return this.#says(at + op, COUNT_TOKENS) || this.#says(at + op, MODELS) ? IS_OTHER : IS_TURN;
  }

  /** Whether the reader of whole records would take it for a turn that has names, too. */
  #isWhole(at: number): boolean {
    const { ts, rid, model } = this.#cells;
    return this.#lengthAt(at + rid) > 0 && this.#lengthAt(at + model) > 0 && this.#isTime(at + ts);
  }

  #says(cell: number, { head, bytes }: Word): boolean {
    return this.#words[cell + LENGTH_AT] === head && this.#isSame(cell, bytes);
  }

  #isSame(cell: number, bytes: Buffer): boolean {
    const at = this.#words[cell] ?? 0;
    for (let nth = 0; nth < bytes.length; nth += 1) if (this.#memory[at + nth] !== bytes[nth]) return false;
    return true;
  }

  /** Surely more than 0, and less than the 1e10 that the reader of whole records takes at most. */
  #isTime(cell: number): boolean {
    const memory = this.#memory;
    const at = this.#words[cell] ?? 0;
    if (memory[at] === ZERO) return false;
    if (memory[at + WHOLE_DIGITS] === POINT || this.#lengthAt(cell) <= WHOLE_DIGITS) return true;
    const point = memory.indexOf(POINT, at);
    return point !== -1 && point < at + WHOLE_DIGITS;
  }

  /** @param shift added to places in memory */
  #turnAt(at: number, shift: number): PlainTurn {
    const words = this.#words;
    const { ts, rid, model, input, output, olderInput, olderOutput } = this.#cells;
    const turn = this.#turn;
    turn.model = this.#nameAt(at + model);
    turn.inputTokens = this.#countAt(at + input, at + olderInput);
    turn.outputTokens = this.#countAt(at + output, at + olderOutput);
    turn.tsFrom = (words[at + ts] ?? 0) + shift;
    turn.tsTo = turn.tsFrom + this.#lengthAt(at + ts);
    turn.ridFrom = (words[at + rid] ?? 0) + shift;
    turn.ridTo = turn.ridFrom + this.#lengthAt(at + rid);
    turn.from = (words[at] ?? 0) + shift;
    turn.to = (words[at + 1] ?? 0) - 1 + shift;
    return turn;
  }

  #lengthAt(cell: number): number {
    return (this.#words[cell + LENGTH_AT] ?? 0) & LENGTH_MASK;
  }

  /** 0 where neither is. */
  #countAt(cell: number, olderCell: number): number {
    const isAbsent = this.#words[cell + LENGTH_AT] === CELL.absent;
    return this.#numbers[((isAbsent ? olderCell : cell) >> 1) + NUMBER_AT] ?? 0;
  }

  /** A text is made of a name once. */
  #nameAt(cell: number): string {
    const low = (this.#words[cell + HASH_AT] ?? 0) | 0;
    const high = (this.#words[cell + HASH_AT + 1] ?? 0) | 0;
    if (this.#last?.low !== low || this.#last.high !== high) this.#last = this.#nameOf(cell, low, high);
    return this.#last.text;
  }

  #nameOf(cell: number, low: number, high: number): Name {
    const known = this.#names.get(low);
    if (known?.high === high) return known;
    const name = { low, high, text: this.#rows.textAt(cell) };
    if (this.#names.size < MOST_NAMES) this.#names.set(low, name);
    return name;
  }
}

interface Name {
  readonly low: number;
  readonly high: number;
  readonly text: string;
}

function wordOf(text: string): Word {
  return { head: TEXT + text.length, bytes: Buffer.from(text) };
}

/** Nobody can choose names that look alike. */
function randomSeeds(): readonly [number, number] {
  const [high = 0, low = 0] = getRandomValues(new Uint32Array(2));
  return [high, low];
}
