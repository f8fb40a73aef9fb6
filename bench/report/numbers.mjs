/** Three significant digits, no exponent, thin thousands. */
export function short(value) {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  const digits = Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}

/**
 * Median (smallest–largest) in one unit; "–" without values. Microseconds of a thousand and more read as milliseconds.
 *
 * @param {import('./summary.mjs').Spread | undefined} spread
 * @param {'' | 'ratio' | 'us' | 'ms' | 'mb' | 'kb'} unit
 */
export function withUnit(spread, unit) {
  if (spread === null || spread === undefined) return '–';
  const inMs = unit === 'us' && Math.abs(spread.median) >= 1000;
  const scale = inMs ? 0.001 : 1;
  const [median, min, max] = [spread.median, spread.min, spread.max].map((value) => short(value * scale));
  const name = { '': '', ratio: '', us: inMs ? ' ms' : ' µs', ms: ' ms', mb: ' MB', kb: ' KB' }[unit];
  return spread.n === 1 ? `${median}${name}` : `${median}${name} (${min}–${max})`;
}
