import { h } from '../dom/node.ts';
import { compact, tokensPerSecond } from '../format.ts';
import { empty } from './panel.ts';
import type { Panel } from './panel.ts';

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

export const heat: Panel = {
  id: 'heat',
  isPast: true,
  title: 'Hours of the day',
  columns: 4,
  note: ({ board }) => board.tz,
  body: ({ history, heat: metric, past }) => {
    if (history === null || history.rows.turns === 0) return [empty('Nothing happened in this range.', null)];
    const rows = history.heat[metric];
    const top = Math.max(...rows.flat().map((value) => value ?? 0), 0);
    const format = metric === 'tokens' ? compact : tokensPerSecond;
    return [
      h(
        'div',
        { class: 'choice small', key: 'metric', role: 'group', 'aria-label': 'what is shown' },
        (['tokens', 'elr_out_tps'] as const).map((name) =>
          h(
            'button',
            { type: 'button', key: name, 'data-heat': name, 'aria-pressed': String(name === metric) },
            name === 'tokens' ? 'tokens' : 'speed',
          ),
        ),
      ),
      h(
        'div',
        {
          class: 'heat',
          key: 'heat',
          'data-rove': true,
          'data-columns': 24,
          role: 'group',
          'aria-label': `${metric === 'tokens' ? 'tokens' : 'speed'} by weekday and hour`,
        },
        rows.flatMap((row, day) => [
          h('span', { class: 'heat-day', key: `day${day}` }, DAYS[day] ?? ''),
          ...row.map((value, hour) =>
            h(
              'span',
              {
                class: value === null ? 'heat-cell unknown' : 'heat-cell',
                key: `${day}.${hour}`,
                vars: { '--v': value === null || top === 0 ? '0' : (value / top).toFixed(3) },
                title: `${DAYS[day] ?? ''} ${hour}:00  ${value === null ? 'too few turns' : format(value)}`,
              },
              past(`heat.${metric}.${day}.${hour}`, format),
            ),
          ),
        ]),
        h('span', { class: 'heat-day', key: 'corner' }),
        HOURS.map((hour) => h('span', { class: 'heat-hour', key: `hour${hour}` }, hour % 6 === 0 ? String(hour) : '')),
      ),
      h(
        'p',
        { class: 'legend', key: 'scale' },
        h('span', { class: 'faint' }, '0'),
        h('i', { class: 'ramp' }),
        h('span', { class: 'faint' }, top === 0 ? '' : format(top)),
      ),
    ];
  },
  csv: ({ history }) => [
    ['weekday', 'hour', 'turns', 'tokens', 'elr_out_tps', 'ttft_p50_ms'],
    ...DAYS.flatMap((day, at) =>
      HOURS.map((hour) => [
        day,
        hour,
        history?.heat.turns[at]?.[hour] ?? null,
        history?.heat.tokens[at]?.[hour] ?? null,
        history?.heat.elr_out_tps[at]?.[hour] ?? null,
        history?.heat.ttft_p50_ms[at]?.[hour] ?? null,
      ]),
    ),
  ],
};
