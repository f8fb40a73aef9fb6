import { InvalidArgumentError } from 'commander';

/** A whole number, at least `from`. */
export function wholeFrom(from: number): (text: string) => number {
  return (text) => {
    const value = numberIn(text);
    if (!Number.isSafeInteger(value) || value < from)
      throw new InvalidArgumentError(`Give a whole number from ${from}.`);
    return value;
  };
}

/** An amount: a number from 0. */
export function amount(text: string): number {
  const value = numberIn(text);
  if (!(value >= 0 && value < Infinity)) throw new InvalidArgumentError('Give a number from 0.');
  return value;
}

export function anyNumber(text: string): number {
  const value = numberIn(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError('Give a number.');
  return value;
}

/** A share from 0 to 1. */
export function share(text: string): number {
  const value = numberIn(text);
  if (!(value >= 0 && value <= 1))
    throw new InvalidArgumentError('Give a number from 0 to 1; a grade from 1 to 5 is another scale.');
  return value;
}

/** Percent of a bar, 0 to 100. */
export function percent(text: string): number {
  const value = numberIn(text);
  if (!(value >= 0 && value <= 100)) throw new InvalidArgumentError('Give a number from 0 to 100.');
  return value;
}

/** Percentage points: `6`, `6pp`, `6 pp`. */
export function percentagePoints(text: string): number {
  const value = numberIn(text.replace(/\s*pp\s*$/, ''));
  if (!(value >= 0 && value <= 100))
    throw new InvalidArgumentError('Give percentage points from 0 to 100, such as 6pp.');
  return value;
}

/** An ISO 8601 day or time, as epoch seconds. */
export function timeS(text: string): number {
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) throw new InvalidArgumentError('Give an ISO 8601 day or time such as 2030-01-31.');
  return ms / 1000;
}

/** An IANA time zone. */
export function timeZone(text: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    throw new InvalidArgumentError('Give an IANA time zone such as Europe/Berlin.');
  }
}

/** The zone of this machine. */
export function localZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** NaN for a text that is no number, the empty one among them. */
function numberIn(text: string): number {
  return text.trim() === '' ? NaN : Number(text);
}
