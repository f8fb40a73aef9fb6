/** A sum that was never rounded. Plain JSON, so it can be kept between runs. */
export interface ExactSum {
  /** Sum of whole numbers, as long as it is one that a number holds exactly. */
  whole: number;
  /** Everything else, in units of 2^-1074 (the smallest a number can be), in hex with its sign; absent: nothing. */
  rest?: string;
}

/** A sum that can be added to. */
export interface Sum {
  /** @param sign -1 takes away what was added before, and leaves no trace of it */
  add(value: number, sign?: 1 | -1): void;
  /** The number nearest to the sum: the same for the same numbers, in whatever order they came. */
  value(): number;
  toJSON(): ExactSum;
}

/**
 * Sums numbers without rounding, so that parts can be added up in any order, and taken away again, and give the same
 * bytes as one pass over all of them. `value` is rounded once.
 */
export function sumFrom(kept: ExactSum = { whole: 0 }): Sum {
  let { whole } = kept;
  let rest = kept.rest === undefined ? 0n : bigFromHex(kept.rest);
  return {
    add(value, sign = 1) {
      const next = whole + sign * value;
      if (Number.isSafeInteger(value) && Number.isSafeInteger(next)) whole = next;
      else rest += BigInt(sign) * scaled(value);
    },
    value: () => (rest === 0n ? whole : unscaled(rest + (BigInt(whole) << SCALE))),
    toJSON: () => ({ whole, ...(rest !== 0n && { rest: rest.toString(16) }) }),
  };
}

const SCALE = 1074n;
const bits = new DataView(new ArrayBuffer(8));

/** A finite number times 2^1074: always whole. Throws RangeError for others. */
function scaled(value: number): bigint {
  if (!Number.isFinite(value)) throw new RangeError(`${value} cannot be added up`);
  bits.setFloat64(0, value);
  const high = bits.getUint32(0);
  const exponent = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(bits.getUint32(4));
  const mantissa = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1);
  return value < 0 ? -mantissa : mantissa;
}

/** The number nearest to `value` times 2^-1074. */
function unscaled(value: bigint): number {
  const size = value < 0n ? -value : value;
  const drop = Math.max(0, size.toString(16).length * 4 - 64);
  let top = size >> BigInt(drop);
  // Half-way is only half-way when nothing was dropped.
  if (drop > 0 && top << BigInt(drop) !== size) top |= 1n;
  const near = Number(top) * 2 ** Math.max(-1074, drop - 1074);
  return value < 0n ? -near : near;
}

function bigFromHex(text: string): bigint {
  return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
}
