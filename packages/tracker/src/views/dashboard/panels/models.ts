import { h } from '../dom/node.ts';
import { spark } from '../charts/spark.ts';
import { compact, dollars, milliseconds, percent, ratio, tokensPerSecond, whole } from '../format.ts';
import { empty, table } from './panel.ts';
import type { Panel } from './panel.ts';

export const models: Panel = {
  id: 'models',
  isPast: true,
  title: 'Models',
  columns: 12,
  note: ({ history }) => (history === null ? '' : `list prices of ${history.price_map}`),
  body: ({ history, past }) => {
    const all = history?.models ?? [];
    if (all.length === 0) return [empty('No model answered in this range.', null)];
    return [
      table(
        'models',
        [
          { title: 'Model' },
          { title: 'Share of tokens', class: 'wide' },
          { title: 'Output over time', class: 'wide' },
          { title: 'Turns', class: 'num' },
          { title: 'Output', class: 'num' },
          { title: 'Speed', class: 'num' },
          { title: 'First token', class: 'num' },
          { title: 'List price', class: 'num' },
          { title: 'Features', class: 'num' },
          { title: 'Features per $', class: 'num' },
        ],
        all.map((one, at) => {
          const f = `models.${at}`;
          return {
            key: one.model,
            cells: [
              h('span', null, h('strong', null, one.model), h('span', { class: 'faint' }, ` ${one.lanes.join(', ')}`)),
              h(
                'span',
                { class: 'share' },
                h('span', { class: 'share-bar', vars: { '--to': `${one.share * 100}%` } }),
                past(`${f}.share`, percent),
              ),
              spark(one.output, `output tokens of ${one.model} over time`),
              past(`${f}.turns`, whole),
              past(`${f}.tokens.output`, compact),
              past(`${f}.elr_out_tps`, tokensPerSecond),
              past(`${f}.ttft_p50_ms`, milliseconds),
              past(`${f}.cost_usd`, dollars),
              past(`${f}.features`, whole),
              past(`${f}.features_per_usd`, ratio),
            ],
          };
        }),
      ),
    ];
  },
  csv: ({ history }) => [
    [
      'model',
      'lanes',
      'share',
      'turns',
      'input',
      'output',
      'cache_write',
      'cache_read',
      'elr_out_tps',
      'ttft_p50_ms',
      'cost_usd',
      'unpriced_turns',
      'features',
      'features_per_usd',
    ],
    ...(history?.models ?? []).map((one) => [
      one.model,
      one.lanes.join(' '),
      one.share,
      one.turns,
      one.tokens.input,
      one.tokens.output,
      one.tokens.cache_write,
      one.tokens.cache_read,
      one.elr_out_tps,
      one.ttft_p50_ms,
      one.cost_usd,
      one.unpriced_turns,
      one.features,
      one.features_per_usd,
    ]),
  ],
};

export const now: Panel = {
  id: 'now',
  title: 'Now, by model',
  columns: 12,
  note: () => 'the shim’s rolling window',
  body: ({ board, b }) => {
    const hint = board.advice.hints.find(({ part }) => part === 'speeds');
    if (board.speeds.length === 0)
      return [empty(hint?.sentence ?? 'No turn has ended yet.', hint?.next ?? board.advice.next)];
    return [
      table(
        'speeds by model',
        [
          { title: 'Model' },
          { title: 'By hour of the day', class: 'wide' },
          { title: 'Streaming', class: 'num' },
          { title: 'With waiting', class: 'num' },
          { title: 'p50', class: 'num' },
          { title: 'p90', class: 'num' },
          { title: 'p99', class: 'num' },
          { title: 'Turns', class: 'num' },
          { title: 'Best hours' },
        ],
        board.speeds.map((one, at) => {
          const f = `speeds.${at}`;
          return {
            key: one.model,
            cells: [
              h('strong', null, one.model),
              spark(one.hourly_elr_out_tps, `speed of ${one.model} by hour of the day`),
              b(`${f}.elr_out_tps`, tokensPerSecond),
              b(`${f}.dirty_out_tps`, tokensPerSecond),
              b(`${f}.ttft_p50_ms`, milliseconds),
              b(`${f}.ttft_p90_ms`, milliseconds),
              b(`${f}.ttft_p99_ms`, milliseconds),
              b(`${f}.samples`, whole),
              one.best_hours.length === 0
                ? h('span', { class: 'faint' }, 'not known yet')
                : h('span', null, one.best_hours.map(({ hour }) => `${hour}:00`).join(', ')),
            ],
          };
        }),
      ),
    ];
  },
  csv: ({ board }) => [
    ['model', 'samples', 'elr_out_tps', 'dirty_out_tps', 'ttft_p50_ms', 'ttft_p90_ms', 'ttft_p99_ms'],
    ...board.speeds.map((one) => [
      one.model,
      one.samples,
      one.elr_out_tps,
      one.dirty_out_tps,
      one.ttft_p50_ms,
      one.ttft_p90_ms,
      one.ttft_p99_ms,
    ]),
  ],
};
