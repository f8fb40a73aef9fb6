import type { BufferFacts } from './buffer.ts';
import { percentText, windowsText } from './interval.ts';

/** A verdict in one line: what is used, what the next window may take, where that leads, and what was held against it. */
export function bufferSentence(facts: BufferFacts): string {
  const { status, current_pp, limit_pp, reserve_pp, projected_pp } = facts;
  if (current_pp === null) return 'no reading of the bar, so nothing says how much is left';
  if (status === 'at-limit') return `${pp(current_pp)} used: nothing is left`;
  const limit = `${pp(limit_pp)} (100 less the reserve of ${pp(reserve_pp)})`;
  const head = `${pp(current_pp)} used`;
  if (status === 'indeterminate') return `${head}, limit ${limit}; ${evidence(facts)}, too few to allow another`;
  const over = current_pp - limit_pp;
  if (status === 'inside-buffer' && over > 0) return `${head}, already ${margin(over)} over the limit of ${limit}`;
  const end = current_pp + (projected_pp ?? 0);
  const by = margin(Math.abs(limit_pp - end));
  const verdict = status === 'ok' ? `within the limit of ${limit}, ${by} to spare` : `${by} over the limit of ${limit}`;
  return `${head}; ${evidence(facts)}; that leads to ${pp(end)}, ${verdict}`;
}

function evidence({ basis, projected_pp, quantile }: BufferFacts): string {
  if (basis === 'need') return `the next window is said to need ${pp(projected_pp ?? 0)}`;
  if (quantile === null) return 'no earlier windows';
  const { n, value, confidence } = quantile;
  return `${windowsText(n)} so far, the next takes at most ${pp(value)} with ${percentText(floored(confidence))} confidence`;
}

/** To whole per cent, never up: 3/4 stays 75 %, 7/8 is 87 %. */
function floored(share: number): number {
  return Math.floor(share * 100 + 1e-9) / 100;
}

function pp(value: number): string {
  return `${Number(value.toFixed(2))} pp`;
}

/** A margin that rounds to nothing is still one. */
function margin(value: number): string {
  return value > 1e-9 && value < 0.01 ? 'less than 0.01 pp' : pp(value);
}
