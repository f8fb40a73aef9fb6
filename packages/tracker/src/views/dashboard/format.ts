import { ABSENT, clock, compact, countdown, milliseconds, rate, wholePct } from '../text/numbers.ts';

export { ABSENT, clock, compact, countdown, milliseconds, rate, wholePct };

type Maybe = number | null | undefined;

/** Percentage points of a bar. */
export function points(value: Maybe): string {
  return known(value) ? `${tenth(value)} pp` : ABSENT;
}

export function signedPoints(value: Maybe): string {
  return known(value) ? `${value < 0 ? '−' : '+'}${tenth(Math.abs(value))} pp` : ABSENT;
}

/** A fraction as percent. */
export function percent(value: Maybe): string {
  return known(value) ? wholePct(value) : ABSENT;
}

export function dollars(value: Maybe): string {
  if (!known(value)) return ABSENT;
  if (value > 0 && value < 0.01) return '<$0.01';
  return value < 1000 ? `$${value.toFixed(2)}` : `$${compact(value)}`;
}

export function tokensPerSecond(value: Maybe): string {
  return known(value) ? `${rate(value)} t/s` : ABSENT;
}

export function age(value: Maybe): string {
  return known(value) ? countdown(value) : ABSENT;
}

export function times(value: Maybe): string {
  return known(value) ? `${value.toFixed(1)}×` : ABSENT;
}

/** Features per unit of capacity, a quality, and others whose third digit is noise. */
export function ratio(value: Maybe): string {
  return known(value) ? value.toFixed(2) : ABSENT;
}

export function whole(value: Maybe): string {
  return known(value) ? String(Math.round(value)) : ABSENT;
}

export function text(value: string | null | undefined): string {
  return value === null || value === undefined || value === '' ? ABSENT : value;
}

/** `5 h`, `7 d`: the length of a vendor's window. */
export function windowName(minutes: number | null): string {
  if (minutes === null) return '';
  if (minutes % 1440 === 0) return `${minutes / 1440} d`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}

function known(value: Maybe): value is number {
  return value !== null && value !== undefined;
}

function tenth(value: number): string {
  return String(Math.round(value * 10) / 10);
}
