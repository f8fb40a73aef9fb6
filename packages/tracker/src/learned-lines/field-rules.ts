/**
 * What the value of a field may be. Whatever is beyond it leaves the line to the parser: a text with an escape or a byte
 * beyond ASCII, a number with an exponent, with more than 15 digits before its point or 20 behind it.
 *
 * text: any plain text; time: a text that is a time as Date.toISOString prints the years 0 to 9999; flag: true or false;
 * whole: a whole number; count: one from 0; amount: a number from 0; moment: one below 1e12, as seconds a Date holds;
 * share: one from 0 to 1; number: any; any: whatever is not nested, numbers with exponents too
 */
export type ValueKind = 'text' | 'time' | 'flag' | 'whole' | 'count' | 'amount' | 'moment' | 'share' | 'number' | 'any';

export interface FieldRule {
  readonly value: ValueKind;
  readonly orNull?: boolean;
  /**
   * What a row gives of it; absent: nothing. bytes: where its bytes are; hash: that, and the hash of a text;
   * number: that, and the number itself, or the epoch milliseconds of a time
   */
  readonly take?: 'bytes' | 'hash' | 'number';
  /** A line without the field is not learned. */
  readonly needed?: boolean;
  /**
   * Whether its value is compared with that of the line that was learned. Absent: until another one is met.
   * always: it is of few values, with which much else varies, so lines of each have a template of their own;
   * never: it is read in every line, so its place in a row is one in that row's line
   */
  readonly compared?: 'always' | 'never';
}

/** What is known of the lines of a file. */
export interface LineRules {
  /** By the names on the way to it, with a point in between: `turn.model`. */
  readonly fields: Readonly<Record<string, FieldRule>>;
  /** Of any other field: whatever is not nested, or only the very value it had in a line that was learned. */
  readonly others: 'any' | 'fixed';
  /** Objects whose one name is the text of a field that stands before them, by their path: `turn.attribution`. */
  readonly echoes?: Readonly<Record<string, string>>;
}

// The bits of a rule as the kernel reads them (assembly/line-kernel.ts).
const [TEXT, NULL, FLAG, NUMBER, WHOLE, FROM_ZERO, UP_TO_ONE, LOOSE, TIME] = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const [ECHO, KEEP, HASH, VALUE, MOMENT] = [512, 1024, 2048, 4096, 8192];

const KINDS: Readonly<Record<ValueKind, number>> = {
  text: TEXT,
  time: TEXT | TIME,
  flag: FLAG,
  whole: NUMBER | WHOLE,
  count: NUMBER | WHOLE | FROM_ZERO,
  amount: NUMBER | FROM_ZERO,
  moment: NUMBER | FROM_ZERO | MOMENT,
  share: NUMBER | FROM_ZERO | UP_TO_ONE,
  number: NUMBER,
  any: TEXT | NULL | FLAG | NUMBER | LOOSE,
};
const TAKES = { bytes: KEEP, hash: KEEP | HASH, number: KEEP | VALUE } as const;

/** A name that repeats the text of a field. */
export const ECHO_BITS = TEXT | ECHO;
/** Of a field of no rule: its value is a part of the template, always. */
export const FIXED_BITS = 0;

export function bitsOf({ value, orNull = false, take }: FieldRule): number {
  return KINDS[value] | (orNull ? NULL : 0) | (take === undefined ? 0 : TAKES[take]);
}

/** What a cell says its value is. */
export const CELL = { absent: 0, text: 1, number: 2, true: 3, false: 4, null: 5 } as const;
/** The kind stands above the length. */
export const KIND_SHIFT = 28;
export const LENGTH_MASK = 2 ** KIND_SHIFT - 1;
