import type { MeterReading, Usage } from '@ccp/contracts';
import type { Problem } from '../../problem.ts';
import type { Reading, Readings } from '../../reading.ts';
import { meaningOf } from './meter-name.ts';

/** The meters of one answer of the shim (`/v1/usage.meters`) as readings. What has no usable number stays null. */
export function readingsOfUsage({ meters, lanes }: Usage): Readings {
  const problems: Problem[] = [];
  const readings = (meters ?? []).map((meter, at): Reading => {
    const { provider, scope, windowMin } = meaningOf(meter.meter, meter.model ?? null);
    const amounts = amountsOf(meter);
    if (amounts.problem !== null) problems.push({ ...amounts.problem, pointer: `/meters/${at}` });
    const fromHeader = (meter.source ?? 'header') === 'header';
    return {
      provider: provider ?? vendorOf(lanes?.[meter.lane]?.provider ?? meter.lane),
      account: null,
      scope,
      window_min: windowMin,
      used_pp: amounts.usedPp,
      used: amounts.used,
      limit: amounts.limit,
      unit: amounts.unit,
      resets_at: meter.resets_at ?? null,
      observed_at: meter.observed_at,
      source: meter.source ?? 'header',
      confidence: fromHeader ? 'official' : 'local',
      meter: meter.meter,
      lane: meter.lane,
      status: meter.status ?? null,
      raw_sha256: null,
    };
  });
  return { readings, problems };
}

/** A lane's provider by the name the tracker has for its vendor; any other as it is. */
export function vendorOf(provider: string): string {
  return VENDORS.get(provider.toLowerCase()) ?? provider;
}

const VENDORS: ReadonlyMap<string, string> = new Map([
  ['anthropic', 'claude'],
  ['openai', 'codex'],
  ['zai', 'glm'],
  ['z.ai', 'glm'],
]);

interface Amounts {
  readonly usedPp: number | null;
  readonly used: number | null;
  readonly limit: number | null;
  readonly unit: NonNullable<Reading['unit']>;
  readonly problem: Problem | null;
}

/** More than ten times full is a number in another unit. */
const MOST_PP = 1000;

function amountsOf({ lane, meter, value, unit, limit, remaining }: MeterReading): Amounts {
  const said = `meter ${meter} of lane ${lane}`;
  if (unit === 'fraction' || unit === 'percent') {
    const scale = unit === 'fraction' ? 100 : 1;
    const pp = value === null ? null : tidy(value * scale);
    const wrong = pp !== null && !(pp >= 0 && pp <= MOST_PP);
    return {
      usedPp: wrong ? null : pp,
      used: wrong ? null : pp,
      limit: 100,
      unit: 'pp',
      problem: wrong ? { code: 'percent-out-of-range', message: `${said} reads ${value} as ${unit}` } : null,
    };
  }
  const cap = isAmount(limit) ? limit : null;
  const left = isAmount(remaining) ? remaining : null;
  const used = isAmount(value) ? value : cap !== null && left !== null ? Math.max(0, cap - left) : null;
  if (!COUNTED.has(unit)) {
    const problem: Problem = { code: 'meter-unknown', message: `${said} is in an unknown unit: ${unit}` };
    // A share of something unknown must not look like a bar.
    return { usedPp: null, used, limit: cap, unit, problem };
  }
  const usedPp = used === null || cap === null || cap === 0 ? null : tidy((used / cap) * 100);
  return { usedPp, used, limit: cap, unit, problem: null };
}

const COUNTED: ReadonlySet<string> = new Set(['tokens', 'requests', 'prompts', 'credits', 'usd']);

function isAmount(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** Without binary noise: 0.29 · 100 is 29. */
function tidy(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
