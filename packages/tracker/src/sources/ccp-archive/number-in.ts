const POINT = 0x2e;
const ZERO = 0x30;
/** As many digits and a point: more are seldom held exactly. */
const MOST_BYTES = 17;

/** The number that stands in some bytes, in digits with at most one point between them, as JSON.parse would give it. */
export function numberIn(bytes: Buffer, from: number, to: number): number {
  let digits = 0;
  let scale = 1;
  if (to - from <= MOST_BYTES) {
    for (let at = from, power = 1; at < to; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte === POINT) power = 10;
      else {
        digits = 10 * digits + byte - ZERO;
        scale *= power;
      }
    }
    // Both are held exactly, so their quotient is rounded once, as the number itself would be.
    if (digits <= Number.MAX_SAFE_INTEGER) return digits / scale;
  }
  return Number(bytes.toString('latin1', from, to));
}
