import type { MeterReading } from '@ccp/contracts';
import { OVERAGE, type Cooldown, type Cooldowns, type RestCause } from './cooldown.ts';

/** What one attempt told about its provider, before its body is over. */
export interface ProviderWord {
  readonly lane: string;
  readonly model: string;
  /** Epoch seconds at which the attempt was let in. */
  readonly sentTs: number;
  readonly nowTs: number;
  /** True: it answered the request. */
  readonly served: boolean;
  /** What it rejected; null: nothing. */
  readonly rejection: RestCause | null;
  readonly readings: readonly MeterReading[];
  /** True where the owner does not want to pay beyond the plan. */
  readonly blockOverage: boolean;
}

/** Lets cooldowns begin and end by what the provider says. Answers the one that began. */
export function hear(word: ProviderWord, cooldowns: Cooldowns): Cooldown | null {
  const { lane, model, sentTs, nowTs, readings } = word;
  if (word.served) cooldowns.succeeded(lane, model, sentTs);
  if (readings.length > 0) {
    const open = readings.filter(({ status }) => status?.startsWith('allowed') === true).map(({ meter }) => meter);
    if (open.length > 0) cooldowns.read(lane, new Set(open), sentTs);
  }
  if (!word.blockOverage) cooldowns.endOverage(lane, Infinity);
  const overage = readings.find(({ meter }) => meter === 'unified-overage');
  if (overage?.status === 'in_use' && word.blockOverage)
    return cooldowns.reject({ lane, model }, overageCause(overage, word), nowTs);
  if (word.served || overage !== undefined) cooldowns.endOverage(lane, sentTs);
  return word.rejection === null ? null : cooldowns.reject({ lane, model }, word.rejection, nowTs);
}

/** Beyond the plan until the windows that are full reset. The overage's own reset is that of a bill: weeks away. */
function overageCause(overage: MeterReading, { readings }: ProviderWord): RestCause {
  const full = readings.filter(({ value, unit }) => unit === 'fraction' && value !== null && value >= 1);
  const resetOf = ({ resets_at: at }: MeterReading): number => (typeof at === 'string' ? Date.parse(at) / 1000 : 0);
  const latest = Math.max(0, ...full.map(resetOf)) || resetOf(overage);
  return {
    kind: OVERAGE,
    scope: 'lane',
    endsTs: latest > 0 ? latest : null,
    relative: false,
    meters: [],
    reason: 'the plan is used up and the provider bills on top',
  };
}
