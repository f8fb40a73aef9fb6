import type { MeterBar } from '../../../rollups/board/board.ts';
import { h } from '../dom/node.ts';
import type { Node } from '../dom/node.ts';
import { points } from '../format.ts';

const full = (pp: number): string => `${Math.min(100, Math.max(0, pp))}%`;

/** A vendor's bar: used, where an even use would be, where it may stand at its reset, and the reserve, always in sight. */
export function meterBar({ used_pp: used, expected_pp: expected, forecast, buffer }: MeterBar): Node {
  const words = [
    `${points(used)} used`,
    expected === null ? '' : `${points(expected)} expected by now`,
    forecast === null ? '' : `${points(forecast.low_pp)} to ${points(forecast.high_pp)} at the reset`,
    `the last ${points(buffer.reserve_pp)} are kept free`,
  ].filter((part) => part !== '');
  return h(
    'div',
    { class: `bar ${toneOf(buffer.status)}`, role: 'img', 'aria-label': words.join(', ') },
    used === null ? null : h('span', { class: 'bar-used', key: 'used', vars: { '--to': full(used) } }),
    forecast === null
      ? null
      : h('span', {
          class: 'bar-band',
          key: 'band',
          vars: { '--from': full(forecast.low_pp), '--to': full(forecast.high_pp) },
        }),
    forecast === null ? null : h('span', { class: 'bar-mid', key: 'mid', vars: { '--at': full(forecast.mid_pp) } }),
    h('span', { class: 'bar-reserve', key: 'reserve', vars: { '--from': full(100 - buffer.reserve_pp) } }),
    expected === null ? null : h('span', { class: 'bar-expected', key: 'expected', vars: { '--at': full(expected) } }),
  );
}

/** A cap of one's own: a fraction of it is used, and from some fraction on it warns. */
export function capBar(pct: number, warnAt: number | null, verdict: string): Node {
  const tone = verdict === 'block' ? 'tone-stop' : verdict === 'warn' ? 'tone-near' : 'tone-ok';
  return h(
    'div',
    { class: `bar bar-cap ${tone}`, role: 'img', 'aria-label': `${Math.round(pct * 100)} percent of the cap used` },
    h('span', { class: 'bar-used', key: 'used', vars: { '--to': full(pct * 100) } }),
    h('span', { class: 'bar-reserve', key: 'reserve', vars: { '--from': '90%' } }),
    warnAt === null ? null : h('span', { class: 'bar-warn', key: 'warn', vars: { '--at': full(warnAt * 100) } }),
  );
}

export function toneOf(status: MeterBar['buffer']['status']): string {
  return TONES[status];
}

const TONES: Readonly<Record<MeterBar['buffer']['status'], string>> = {
  ok: 'tone-ok',
  'inside-buffer': 'tone-near',
  'at-limit': 'tone-stop',
  indeterminate: 'tone-none',
  'no-data': 'tone-none',
};
