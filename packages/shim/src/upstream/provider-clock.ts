/** Less than this is what a request takes on its way, and the whole seconds of a `Date`. */
const NOTICEABLE_S = 30;

/**
 * Seconds by which the provider's clock is ahead of ours, by the `Date` of its answer; below 0: behind. 0: hardly, or it
 * says nothing. Whose clock is wrong does not matter: a reset it tells is as far away as its own clock says.
 *
 * @param headers flat name, value list
 */
export function providerSkewS(headers: readonly string[], nowTs: number): number {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? '';
    if (name.length !== 4 || name.toLowerCase() !== 'date') continue;
    const skewS = secondsOf(headers[index + 1] ?? '') - nowTs;
    return Math.abs(skewS) >= NOTICEABLE_S ? skewS : 0;
  }
  return 0;
}

let lastDate = '';
let lastTs = NaN;

/** A busy provider says the same second many times, and reading it costs as much as judging a request. */
function secondsOf(date: string): number {
  if (date !== lastDate) {
    lastDate = date;
    lastTs = Date.parse(date) / 1000;
  }
  return lastTs;
}
