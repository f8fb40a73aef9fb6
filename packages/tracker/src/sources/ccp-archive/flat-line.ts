import { FIELD, FIELD_COUNT } from './fields.ts';
import type { Field, FieldName, LineFields } from './fields.ts';
import { FALSE, FlatValues, LONG_NUMBER, NULL, NUMBER, TEXT, TRUE } from './flat-values.ts';
import { noStanding, Run } from './run.ts';
import type { Standing } from './run.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** What a key was seen to do. */
interface Key {
  readonly field: number;
  /** Its values, as long as they are few. */
  readonly values: Set<string>;
}

/** A key with more values than this is expected to bring another one. */
const FEW_VALUES = 8;
const LONGEST_KEY = 64;
/** More than writers have. A file with more of either is learned anew. */
const MOST_KEYS = 512;
const MOST_RUNS = 10_000;
const MOST_BRANCHES = 48;

/**
 * Reads lines that are one flat object of plain keys, ASCII strings without escapes, numbers without exponent, true,
 * false and null, without white space: what shims write. What it takes is JSON with the values `JSON.parse` finds;
 * anything else it refuses, and the slow way decides.
 *
 * Most of a line stands in the lines before it, so such pieces (runs) are read once, and from then on only compared.
 */
export class FlatLine implements LineFields {
  empty = false;
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #keys = new Map<string, Key>();
  #first: Run[] = [];
  #runs = 0;
  readonly #values = new FlatValues();
  /** Number of the line a field was last found in, and the run that has its value; null: it is in `#values`. */
  readonly #found = new Int32Array(FIELD_COUNT);
  readonly #owners: (Standing | null)[] = Array.from({ length: FIELD_COUNT }, () => null);
  readonly #texts: string[] = Array.from({ length: FIELD_COUNT }, () => '');
  #line = 0;

  /** The bytes lines are in from now on. */
  use(bytes: Buffer): void {
    if (bytes === this.#bytes) return;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Reads the line from `at` to `end`, where a line feed stands and after it four more bytes. */
  read(at: number, end: number): boolean {
    const bytes = this.#bytes;
    const view = this.#view;
    this.#line = (this.#line + 1) | 0;
    this.empty = false;
    let branches = this.#first;
    let place = at;
    for (;;) {
      const run = this.#runAt(branches, place) ?? this.#learn(branches, place, end);
      if (run === null) return false;
      place += run.length;
      const { standing, field } = run;
      const { fields } = standing;
      for (let index = 0; index < fields.length; index += 1) this.#owned(fields[index] as number, standing);
      if (run.last) {
        this.empty = run.length === 2 && place - at === 2;
        return place === end;
      }
      place = this.#values.read(bytes, view, place, field);
      if (place < 0) return false;
      if (field >= 0) this.#owned(field, null);
      branches = run.next;
    }
  }

  #owned(field: number, owner: Standing | null): void {
    this.#found[field] = this.#line;
    this.#owners[field] = owner;
  }

  #runAt(branches: Run[], place: number): Run | null {
    const view = this.#view;
    for (let index = 0; index < branches.length; index += 1) {
      const run = branches[index] as Run;
      if (!run.standsAt(view, place)) continue;
      for (let back = index; back > 0; back -= 1) branches[back] = branches[back - 1] as Run;
      branches[0] = run;
      return run;
    }
    return null;
  }

  /** The run from `at` to the next value that is expected to change; null: something in it is not plain. */
  #learn(branches: Run[], at: number, end: number): Run | null {
    if (this.#runs >= MOST_RUNS || this.#keys.size > MOST_KEYS) this.#forget();
    const bytes = this.#bytes;
    const standing = noStanding();
    let place = at;
    let field = -1;
    let last = false;
    if (bytes[place] === OPEN && bytes[place + 1] === CLOSE) {
      place += 2;
      last = true;
    }
    while (!last) {
      const before = bytes[place];
      place += 1;
      if (before === CLOSE) {
        last = true;
        break;
      }
      if (before !== COMMA && before !== OPEN) return null;
      const colon = this.#keyEnd(place);
      if (colon < 0 || colon > end) return null;
      const key = this.#key(bytes.toString('latin1', place + 1, colon - 1));
      place = colon + 1;
      if (key.values.size > FEW_VALUES) {
        field = key.field;
        break;
      }
      const valueEnd = this.#values.read(bytes, this.#view, place, key.field);
      if (valueEnd < 0) return null;
      key.values.add(bytes.toString('latin1', place, valueEnd));
      if (key.field >= 0) this.#stand(standing, key.field as Field);
      place = valueEnd;
    }
    if (place > end) return null;
    const run = new Run(bytes.subarray(at, place), { standing, field, last });
    this.#runs += 1;
    branches.unshift(run);
    if (branches.length > MOST_BRANCHES) branches.pop();
    return run;
  }

  /** @returns where the colon of the key at `at` stands; -1: no plain key */
  #keyEnd(at: number): number {
    const bytes = this.#bytes;
    if (bytes[at] !== QUOTE) return -1;
    let end = at + 1;
    for (let byte = bytes[end]; byte !== QUOTE; byte = bytes[end]) {
      if (byte === undefined || byte < 0x20 || byte === BACKSLASH || byte >= 0x80 || end - at > LONGEST_KEY) return -1;
      end += 1;
    }
    return bytes[end + 1] === COLON ? end + 1 : -1;
  }

  #key(name: string): Key {
    let key = this.#keys.get(name);
    if (key === undefined) {
      const field = Object.hasOwn(FIELD, name) ? FIELD[name as FieldName] : -1;
      key = { field, values: new Set() };
      this.#keys.set(name, key);
    }
    return key;
  }

  /** Takes a value just read out of the bytes. */
  #stand(standing: Standing, field: Field): void {
    this.#owned(field, null);
    standing.kinds[field] = this.#values.kinds[field] === LONG_NUMBER ? NUMBER : (this.#values.kinds[field] as number);
    standing.numbers[field] = this.number(field) ?? 0;
    standing.texts[field] = this.text(field);
    if (!standing.fields.includes(field)) standing.fields.push(field);
  }

  #forget(): void {
    this.#runs = 0;
    this.#keys = new Map();
    this.#first = [];
  }

  #kind(field: Field): number {
    if (this.#found[field] !== this.#line) return 0;
    return (this.#owners[field] ?? this.#values).kinds[field] as number;
  }

  text(field: Field): string {
    if (this.#kind(field) !== TEXT) return '';
    const owner = this.#owners[field] as Standing | null;
    if (owner !== null) return owner.texts[field] as string;
    const from = this.#values.from[field] as number;
    const to = this.#values.to[field] as number;
    const last = this.#texts[field] as string;
    if (last.length === to - from) {
      let same = 0;
      while (same < last.length && last.charCodeAt(same) === this.#bytes[from + same]) same += 1;
      if (same === last.length) return last;
    }
    return (this.#texts[field] = this.#bytes.toString('latin1', from, to));
  }

  number(field: Field): number | null {
    const kind = this.#kind(field);
    if (kind === NUMBER) return (this.#owners[field] ?? this.#values).numbers[field] as number;
    if (kind !== LONG_NUMBER) return null;
    return Number(this.#bytes.toString('latin1', this.#values.from[field], this.#values.to[field]));
  }

  flag(field: Field): boolean | null {
    const kind = this.#kind(field);
    return kind === TRUE ? true : kind === FALSE ? false : null;
  }

  isNull(field: Field): boolean {
    return this.#kind(field) === NULL;
  }
}
