import type { StatuslineFacts } from '../../rollups/board/statusline-facts.ts';
import { countdown, rate, wholePct } from './numbers.ts';

const MARKS = { ok: '●', 'inside-buffer': '▲', 'at-limit': '■', indeterminate: '○', 'no-data': '○' } as const;

/** Older speeds describe the past. */
const OLD_S = 600;

/** `5h 37% 2h 59m · week 62% 2d 11h · 41.5 tok/s · ● 28 pp to buffer`; a part that is not known is left out. */
export function statuslineText({ bars, elr_out_tps: elr, buffer, kept_age_s: age }: StatuslineFacts): string {
  const parts = bars.map(({ window_min: minutes, used_pp: used, resets_in_s: left }) => {
    const reset = left === null ? '' : ` ${countdown(left)}`;
    return `${minutes === 300 ? '5h' : 'week'} ${wholePct(used / 100)}${reset}`;
  });
  if (elr !== null) parts.push(`${rate(elr)} tok/s${age !== null && age > OLD_S ? ` (${countdown(age)} ago)` : ''}`);
  if (buffer !== null) parts.push(`${MARKS[buffer.status]} ${roomWords(buffer.headroom_pp)}`);
  return parts.length === 0 ? '○ no limits told yet' : parts.join(' · ');
}

function roomWords(headroom: number | null): string {
  if (headroom === null) return 'room not known';
  const pp = Math.abs(Math.round(headroom * 10) / 10);
  return headroom >= 0 ? `${pp} pp to buffer` : `${pp} pp inside buffer`;
}
