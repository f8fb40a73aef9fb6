/** Seconds. What NTP corrects little by little, and what two readings differ by. */
const HARDLY_S = 30;
/** How long a clock that went back is not believed. */
const HOLD_S = 300;
/** Different times a machine had lately. */
const MOST_KNOWN = 8;

/**
 * The wall clock (epoch seconds), but for a jump backwards to a time it never had: that is believed after five minutes
 * only, and until then time goes on as before. Sums over windows would take what was just used for hours old once such a
 * jump is undone, and let too much through. A jump forwards, and one back to where it was before it jumped ahead, hold
 * at once.
 *
 * @param wallS epoch seconds, as the machine says
 * @param steadyS seconds of a clock that nobody sets
 */
export function settledClock(wallS: () => number, steadyS: () => number): () => number {
  /** Wall less steady, as it is believed, and as it was believed before. */
  let offsetS = wallS() - steadyS();
  const known: number[] = [];
  let heldFromS: number | null = null;
  const isKnown = (offset: number): boolean => known.some((one) => Math.abs(one - offset) <= HARDLY_S);
  return () => {
    const wall = wallS();
    const steady = steadyS();
    const offset = wall - steady;
    if (offset < offsetS - HARDLY_S && !isKnown(offset)) {
      heldFromS ??= steady;
      if (steady - heldFromS < HOLD_S) return steady + offsetS;
    }
    heldFromS = null;
    if (Math.abs(offset - offsetS) > HARDLY_S) {
      known.unshift(offsetS);
      known.length = Math.min(known.length, MOST_KNOWN);
    }
    offsetS = offset;
    return wall;
  };
}
