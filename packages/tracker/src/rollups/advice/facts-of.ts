import type { Bought } from '../bought.ts';
import type { MeterStanding } from '../standing.ts';
import type { AdviceFacts } from './facts.ts';

const VERDICTS = {
  ok: 'go',
  'inside-buffer': 'stop',
  'at-limit': 'stop',
  indeterminate: 'unknown',
  'no-data': 'unknown',
} as const;
const ORDER: readonly (keyof typeof VERDICTS)[] = ['at-limit', 'inside-buffer', 'no-data', 'indeterminate', 'ok'];

/** What advice rests on, per provider in alphabetical order: the bar that decides, and what its capacity bought. */
export function factsOf(standings: readonly MeterStanding[], all: readonly Bought[]): readonly AdviceFacts[] {
  const names = new Set([...standings, ...all].map(({ provider }) => provider));
  return [...names].toSorted().map((provider) => {
    const deciding = standings
      .filter((one) => one.provider === provider)
      .toSorted((a, b) => ORDER.indexOf(a.verdict.status) - ORDER.indexOf(b.verdict.status))[0];
    const found = all.find((one) => one.provider === provider);
    return { provider, ...meterFacts(deciding), efficiency: found === undefined ? null : efficiencyFacts(found) };
  });
}

function meterFacts(one: MeterStanding | undefined): Pick<AdviceFacts, 'meter' | 'buffer' | 'runOut'> {
  const used = one?.reading?.used_pp;
  if (one === undefined || typeof used !== 'number') return { meter: null, buffer: null, runOut: null };
  const { verdict, pace, age_s: age, reading } = one;
  const n = verdict.quantile?.n ?? 0;
  return {
    meter: {
      name: nameOf(one.scope, one.window_min),
      used_pp: used,
      age_s: age ?? 0,
      confidence: reading?.confidence ?? 'estimate',
      resets_in_s: pace?.resets_in_s ?? null,
      pace: pace?.pace ?? null,
    },
    buffer: {
      verdict: VERDICTS[verdict.status],
      window_pp: verdict.projected_pp,
      reserve_pp: verdict.reserve_pp,
      n,
    },
    runOut: verdict.run_out_probability === null ? null : { probability: verdict.run_out_probability, n },
  };
}

/** A meter of one model says so: the others may still have room. */
function nameOf(scope: string, minutes: number | null): string {
  if (minutes === null) return scope;
  const window = minutes === WEEK_MIN ? 'weekly' : `${minutes / 60}h`;
  return scope.startsWith('model:') ? `${window} ${scope.slice('model:'.length)}` : window;
}

const WEEK_MIN = 10_080;

function efficiencyFacts({ unit, efficiency }: Bought): AdviceFacts['efficiency'] {
  const { estimate, fieller, n } = efficiency;
  if (estimate === null) return null;
  const interval =
    fieller.kind === 'bounded' ? { lo: fieller.lo, hi: fieller.hi } : fieller.kind === 'unbounded' ? 'unbounded' : null;
  return { value: estimate, unit, interval, n };
}
