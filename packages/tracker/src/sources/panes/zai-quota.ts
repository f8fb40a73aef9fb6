import { amountAt, documentOf, fieldsAt, isFields, listAt, resetField, sharePp, textAt } from './json-fields.ts';
import type { Fields } from './json-fields.ts';
import { addMeter, shareOf } from './meter.ts';
import type { Look, PaneReading, Parsed } from './pane.ts';
import { Sight } from './pane.ts';

/** What the quota answer of Z.AI says; percentage points used, amounts in the unit of the plan. */
export interface ZaiParsed extends Parsed {
  readonly level: string | null;
  readonly fiveh_pct: number | null;
  readonly fiveh_resets: string | null;
  readonly weekly_pct: number | null;
  readonly weekly_resets: string | null;
  readonly mcp_pct: number | null;
  readonly mcp_resets: string | null;
}

/**
 * Reads `/api/monitor/usage/quota/limit`. Errors come as HTTP 200 with a code in the body, and are no quota. The share is
 * `currentValue / usage`, since `percentage` is rounded down; where only that is given, it is taken. A type that is not
 * known is no meter. Problems: invalid-json, vendor-error, insufficient-data, meter-unknown, divergent,
 * percent-unreadable, percent-out-of-range, reset-unreadable, window-expired.
 */
export function parseZaiQuota(text: string, when: Look): PaneReading<ZaiParsed> {
  const sight = new Sight(text, when);
  const document = documentOf(sight, text);
  const data = document === undefined || isRefusal(sight, document) ? {} : fieldsAt(document, 'data');
  const limits = listAt(data, 'limits').flatMap((limit) => readLimit(sight, limit));
  if (document !== undefined && limits.length === 0) {
    sight.note({ code: 'insufficient-data', message: 'the answer gives no limit that is known' });
  }
  const byKey = new Map<string, Limit>();
  for (const limit of limits) {
    const before = byKey.get(keyOf(limit));
    if (before !== undefined && before.usedPp !== limit.usedPp) {
      sight.note({ code: 'divergent', message: `${limit.meter} is given with different numbers; none is used` });
      byKey.set(keyOf(limit), { ...limit, usedPp: null });
    } else byKey.set(keyOf(limit), limit);
  }
  for (const limit of byKey.values()) {
    if (limit.usedPp === null) continue;
    addMeter(sight, { ...limit, provider: 'glm', source: 'glm-api', confidence: 'official' });
  }
  const [fiveh, weekly, mcp] = [byKey.get('all 300'), byKey.get('all 10080'), byKey.get('mcp null')];
  return sight.end({
    level: textAt(data, 'level'),
    fiveh_pct: fiveh?.usedPp ?? null,
    fiveh_resets: fiveh?.resetsAt ?? null,
    weekly_pct: weekly?.usedPp ?? null,
    weekly_resets: weekly?.resetsAt ?? null,
    mcp_pct: mcp?.usedPp ?? null,
    mcp_resets: mcp?.resetsAt ?? null,
  });
}

function isRefusal(sight: Sight, document: unknown): boolean {
  if (!isFields(document)) return false;
  const code = document['code'];
  const isGood = code === undefined || code === null || code === 0 || Number(code) === 200;
  if (isGood && document['success'] !== false) return false;
  const known = Number(code) === 1310 ? 'the quota is exhausted' : (textAt(document, 'msg') ?? 'without a reason');
  const remedy = Number(code) === 1310 ? 'Wait for the reset' : 'Check the key and ask again';
  sight.note({ code: 'vendor-error', message: `Z.AI answered with code ${String(code)}: ${known}`, remedy });
  return true;
}

interface Limit {
  readonly scope: string;
  /** Minutes; null: a month. */
  readonly windowMin: number | null;
  readonly meter: string;
  readonly usedPp: number | null;
  readonly used: number | null;
  readonly limit: number | null;
  readonly unit: string;
  readonly resetsAt: string | null;
}

function keyOf({ scope, windowMin }: Limit): string {
  return `${scope} ${windowMin}`;
}

const UNITS: Readonly<Record<string, string>> = {
  TOKENS_LIMIT: 'tokens',
  CREDIT_LIMIT: 'credits',
  TIME_LIMIT: 'requests',
};
/** Minutes of `unit`. */
const UNIT_MIN: ReadonlyMap<unknown, number> = new Map([
  [1, 1440],
  [3, 60],
  [5, 1],
  [6, 10_080],
]);

function readLimit(sight: Sight, fields: Fields): readonly Limit[] {
  const type = textAt(fields, 'type') ?? '(no type)';
  const unit = Object.hasOwn(UNITS, type) ? UNITS[type] : undefined;
  if (unit === undefined) {
    sight.note({ code: 'meter-unknown', message: `${type}: this kind of limit is not known; it is not read` });
    return [];
  }
  // The limit of tools is by the month, whatever its unit says.
  const isTools = type === 'TIME_LIMIT';
  const each = UNIT_MIN.get(fields['unit']);
  const count = amountAt(fields, 'number');
  const windowMin = isTools || each === undefined || count === null || count === 0 ? null : each * count;
  if (!isTools && windowMin === null) {
    sight.note({ code: 'meter-unknown', message: `${type}: the length of its window is not given; it is not read` });
    return [];
  }
  const meter = isTools ? type : `${type} ${windowMin} min`;
  const [used, limit] = [amountAt(fields, 'currentValue'), amountAt(fields, 'usage')];
  const usedPp = agreeing(sight, { used, limit, percentage: fields['percentage'] }, meter);
  const resetsAt = resetField(sight, fields['nextResetTime'], meter);
  return [{ scope: isTools ? 'mcp' : 'all', windowMin, meter, usedPp, used, limit, unit, resetsAt }];
}

interface Amounts {
  readonly used: number | null;
  readonly limit: number | null;
  readonly percentage: unknown;
}

function agreeing(sight: Sight, { used, limit, percentage }: Amounts, meter: string): number | null {
  const printed = sharePp(sight, percentage, 'percent-used', meter);
  const counted = shareOf(used, limit);
  if (counted === null && printed === null) {
    sight.note({ code: 'percent-unreadable', message: `${meter}: neither amounts nor a percentage are given` });
  }
  // Rounding is below one point; more means that one of them counts something else. Above the limit it stops at 100.
  if (counted !== null && printed !== null && Math.abs(Math.min(counted, 100) - Math.min(printed, 100)) > 1.01) {
    const message = `${meter}: ${counted.toFixed(2)}% by its amounts and ${printed}% as printed; neither is used`;
    sight.note({ code: 'divergent', message });
    return null;
  }
  return counted ?? printed;
}
