/** What a vendor's time field holds. */
export type VendorTime =
  { readonly kind: 'at'; readonly iso: string } | { readonly kind: 'absent' } | { readonly kind: 'unreadable' };

// A reset before the products existed, or a generation ahead, was given in another unit.
const EARLIEST_MS = Date.UTC(2020, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);
/** Seconds reach this in the year 5138, milliseconds passed it in 1973. */
const FIRST_MS = 1e11;

/**
 * Epoch seconds, epoch milliseconds (as number or digits) or ISO 8601 with an offset, as ISO 8601 UTC. Null and absent
 * are absent; a time without an offset is unreadable, since it is not said whose.
 */
export function vendorTime(value: unknown): VendorTime {
  if (value === null || value === undefined || value === '') return { kind: 'absent' };
  const ms = typeof value === 'number' ? epochMs(value) : typeof value === 'string' ? textMs(value) : NaN;
  if (!(ms >= EARLIEST_MS && ms < LATEST_MS)) return { kind: 'unreadable' };
  return { kind: 'at', iso: new Date(ms).toISOString() };
}

function epochMs(value: number): number {
  return value < FIRST_MS ? value * 1000 : value;
}

function textMs(text: string): number {
  if (/^\d{9,14}(?:\.\d{1,9})?$/.test(text)) return epochMs(Number(text));
  const iso = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:?\d\d)$/;
  return iso.test(text) ? Date.parse(text.replace(' ', 'T')) : NaN;
}
