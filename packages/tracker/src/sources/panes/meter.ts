import type { Reading } from '../../reading.ts';
import type { Sight } from './pane.ts';

/** A vendor's meter as a text gives it. */
export interface Meter {
  readonly provider: 'codex' | 'claude' | 'glm';
  /** `all`, `model:<name>`, `credits` or `mcp`. */
  readonly scope: string;
  /** Minutes; null: a calendar month, or not known. */
  readonly windowMin: number | null;
  /** Percentage points; null: the vendor gave none. */
  readonly usedPp: number | null;
  readonly used?: number | null;
  readonly limit?: number | null;
  readonly unit?: string;
  readonly resetsAt: string | null;
  readonly source: Reading['source'];
  readonly confidence: 'official' | 'local' | 'estimate';
  /** Name at its source. */
  readonly meter: string;
  readonly status?: string | null;
  /** When it stood so, if not at the time of the look. */
  readonly observedAt?: string;
  readonly account?: string | null;
}

/**
 * Adds a meter as a reading. A reset that has passed voids it: the number describes a window that is gone, and the
 * window that runs now was not measured.
 */
export function addMeter(sight: Sight, meter: Meter): void {
  const expired = meter.resetsAt !== null && Date.parse(meter.resetsAt) <= sight.observedMs;
  if (expired) {
    sight.expire(meter.meter);
    sight.note({
      code: 'window-expired',
      message: `${meter.meter}: the window ended at ${meter.resetsAt}, before it was read; its number is not used`,
      remedy: 'Read the meter again after the next request',
    });
  }
  sight.add({
    provider: meter.provider,
    account: meter.account ?? sight.when.account ?? null,
    scope: meter.scope,
    window_min: meter.windowMin,
    used_pp: expired ? null : meter.usedPp,
    used: expired ? null : (meter.used ?? null),
    limit: meter.limit ?? null,
    unit: meter.unit ?? 'pp',
    resets_at: meter.resetsAt,
    observed_at: meter.observedAt ?? sight.when.observedAt,
    source: meter.source,
    confidence: meter.confidence,
    meter: meter.meter,
    status: expired ? 'expired' : (meter.status ?? null),
  });
}

/** `used` of `limit` in percentage points, without the dust of binary fractions; null where that says nothing. */
export function shareOf(used: number | null, limit: number | null): number | null {
  return used === null || limit === null || limit === 0 ? null : Number(((used / limit) * 100).toPrecision(12));
}

/** Name of a model in a scope: `Sonnet only` and `sonnet` are one meter, wherever a line was broken. */
export function modelKey(label: string): string {
  const key = label.toLowerCase().replaceAll(/\s+/g, '');
  return key.length > 4 ? key.replace(/only$/, '') : key;
}
