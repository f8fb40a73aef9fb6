import type { AdviceFacts, BufferFacts, EfficiencyFacts, MeterFacts, RunOutFacts } from './facts.ts';

/** Advice on one provider. */
export interface Advice {
  readonly provider: string;
  /** `unknown`: too little is known to say go or hold; that is no go. */
  readonly stance: 'go' | 'hold' | 'unknown';
  /** One sentence that stands alone. */
  readonly sentence: string;
}

/** A reading this old describes the past; codex itself warns from here on. */
const STALE_S = 900;
/** A run-out more likely than this holds a window back even where the buffer is silent. */
const RISK = 0.2;

/** One sentence per provider, in the order given: what to do, why, and how sure that is. */
export function advise(facts: readonly AdviceFacts[]): readonly Advice[] {
  return facts.map((one) => {
    const stance = stanceOf(one);
    const parts = [
      VERBS[stance],
      meterWords(one.meter),
      bufferWords(one.buffer, one.meter),
      runOutWords(one.runOut),
      efficiencyWords(one.efficiency),
    ];
    const sentence = `${one.provider}: ${parts.filter((part) => part !== null).join('; ')}.`;
    return { provider: one.provider, stance, sentence };
  });
}

const VERBS = {
  go: 'a window can start',
  hold: 'start no window',
  unknown: 'too little is known to start a window safely',
} as const;

function stanceOf({ meter, buffer, runOut }: AdviceFacts): Advice['stance'] {
  const full = meter !== null && buffer !== null && meter.used_pp > 100 - buffer.reserve_pp;
  if (full || buffer?.verdict === 'stop' || (runOut !== null && runOut.probability > RISK)) return 'hold';
  if (buffer === null || buffer.verdict === 'unknown' || meter === null) return 'unknown';
  // An old reading may hide what was used since; it can hold a window back, but not let it start.
  return meter.age_s > STALE_S || meter.confidence === 'estimate' ? 'unknown' : 'go';
}

function meterWords(meter: MeterFacts | null): string {
  if (meter === null) return 'no meter could be read';
  const { name, used_pp: used, age_s: age, confidence, resets_in_s: resets, pace } = meter;
  return [
    `${name} at ${pp(used)} (${confidence}, read ${span(age)} ago)`,
    ...(pace === null ? [] : [`${pace.toFixed(1)} times an even pace`]),
    ...(resets === null ? [] : [`resets in ${span(resets)}`]),
  ].join(', ');
}

function bufferWords(buffer: BufferFacts | null, meter: MeterFacts | null): string | null {
  if (buffer === null) return null;
  const { window_pp: needed, reserve_pp: reserve, n } = buffer;
  if (needed === null) return `what a window uses is not known yet (${windows(n)})`;
  const sum = meter === null ? '' : `, which makes ${pp(meter.used_pp + needed)}`;
  return `a window takes up to ${pp(needed)}${sum}, and ${pp(100 - reserve)} is the limit (${windows(n)})`;
}

function runOutWords(runOut: RunOutFacts | null): string | null {
  if (runOut === null) return null;
  return `the chance to run out is ${Math.round(runOut.probability * 100)}% (${windows(runOut.n)})`;
}

function efficiencyWords(efficiency: EfficiencyFacts | null): string | null {
  if (efficiency === null) return null;
  const { value, unit, interval, n } = efficiency;
  const range =
    interval === null
      ? 'no interval'
      : interval === 'unbounded'
        ? 'unbounded'
        : `${interval.lo.toFixed(2)} to ${interval.hi.toFixed(2)}`;
  return `${value.toFixed(2)} features per ${unit} (${range}, ${windows(n)})`;
}

function windows(n: number): string {
  return n === 1 ? '1 window' : `${n} windows`;
}

/** At most one decimal. */
function pp(value: number): string {
  return `${Math.round(value * 10) / 10} pp`;
}

function span(seconds: number): string {
  const minutes = Math.floor(Math.max(0, seconds) / 60);
  if (minutes < 1) return `${Math.floor(Math.max(0, seconds))} s`;
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}
