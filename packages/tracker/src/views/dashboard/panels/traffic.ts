import { h } from '../dom/node.ts';
import { compact, dollars, milliseconds, tokensPerSecond, whole } from '../format.ts';
import { empty, plotPlace } from './panel.ts';
import type { Panel, Scene } from './panel.ts';

/** From the bottom of the stack to its top. */
const KINDS = [
  { key: 'output', label: 'output', colour: '--t1' },
  { key: 'input', label: 'input', colour: '--t2' },
  { key: 'cache_write', label: 'cache write', colour: '--t3' },
  { key: 'cache_read', label: 'cache read', colour: '--t4' },
] as const;

const NO_TURNS = 'No turn ended in this range. Point a client at the shim, or read old transcripts.';

export const traffic: Panel = {
  id: 'traffic',
  isPast: true,
  title: 'Tokens',
  columns: 8,
  note: ({ history }) => (history === null ? '' : `per ${spanName(history.range.step_s)}, by kind`),
  body: ({ history, past }) => {
    if (history === null) return [h('div', { class: 'plot waiting', key: 'wait' })];
    if (history.rows.turns === 0) return [empty(NO_TURNS, 'tracker backfill --claude-home ~/.claude')];
    return [
      plotPlace('tokens', `Tokens per ${spanName(history.range.step_s)} by kind`),
      h(
        'p',
        { class: 'legend', key: 'legend', 'data-rove': true },
        KINDS.toReversed().map(({ key, label, colour }) =>
          h(
            'span',
            { key },
            h('i', { class: 'swatch', vars: { '--c': `var(${colour})` } }),
            `${label} `,
            past(`totals.tokens.${key}`, compact),
          ),
        ),
        h('span', { key: 'cost' }, 'list price ', past('totals.cost_usd', dollars)),
        history.totals.unpriced_turns > 0
          ? h(
              'span',
              { key: 'unpriced', class: 'faint' },
              past('totals.unpriced_turns', whole),
              ' turns without a price',
            )
          : null,
      ),
    ];
  },
  plots: ({ history, board }) => ({
    tokens:
      history === null || history.rows.turns === 0
        ? null
        : {
            ts: history.ts,
            tz: board.tz,
            span: [
              history.range.since_ts - history.range.step_s / 2,
              history.range.until_ts - history.range.step_s / 2,
            ],
            format: compact,
            // The whole is drawn first, and what it is the sum of over it.
            traces: KINDS.map(({ key, label, colour }, at) => ({
              label,
              colour,
              kind: 'bars' as const,
              told: history.tokens[key],
              values: history.ts.map((_, span) =>
                KINDS.slice(0, at + 1).reduce((sum, one) => sum + (history.tokens[one.key][span] ?? 0), 0),
              ),
            })).toReversed(),
          },
  }),
  csv: ({ history }) => spans(history),
};

export const speed: Panel = {
  id: 'speed',
  isPast: true,
  title: 'Speed',
  columns: 6,
  note: () => 'output tokens per second',
  body: ({ history, past }) =>
    history === null || history.totals.timed === 0
      ? [empty('No turn in this range was timed.', null)]
      : [
          plotPlace('speed', 'Output tokens per second over time'),
          h(
            'p',
            { class: 'legend', key: 'legend', 'data-rove': true },
            h(
              'span',
              null,
              h('i', { class: 'swatch', vars: { '--c': 'var(--s1)' } }),
              'streaming ',
              past('totals.elr_out_tps', tokensPerSecond),
            ),
            h(
              'span',
              null,
              h('i', { class: 'swatch', vars: { '--c': 'var(--s2)' } }),
              'with waiting ',
              past('totals.dirty_out_tps', tokensPerSecond),
            ),
            h('span', { class: 'faint' }, past('totals.timed', whole), ' turns'),
          ),
        ],
  plots: ({ history, board }) => ({
    speed:
      history === null || history.totals.timed === 0
        ? null
        : {
            ts: history.ts,
            tz: board.tz,
            format: compact,
            traces: [
              { label: 'streaming', colour: '--s1', kind: 'line', values: history.speeds.elr_out_tps },
              { label: 'with waiting', colour: '--s2', kind: 'line', values: history.speeds.dirty_out_tps },
            ],
          },
  }),
  csv: ({ history }) => spans(history),
};

export const firstToken: Panel = {
  id: 'ttft',
  isPast: true,
  title: 'First token',
  columns: 6,
  note: () => 'time until an answer begins',
  body: ({ history, past }) =>
    history === null || history.totals.ttft_p50_ms === null
      ? [empty('No streamed turn in this range.', null)]
      : [
          plotPlace('ttft', 'Time to the first token over time: median, 90th and 99th percentile'),
          h(
            'p',
            { class: 'legend', key: 'legend', 'data-rove': true },
            SHARES.map(({ name, label, colour }) =>
              h(
                'span',
                { key: name },
                h('i', { class: 'swatch', vars: { '--c': `var(${colour})` } }),
                `${label} `,
                past(`totals.ttft_${name}`, milliseconds),
              ),
            ),
          ),
        ],
  plots: ({ history, board }) => ({
    ttft:
      history === null || history.totals.ttft_p50_ms === null
        ? null
        : {
            ts: history.ts,
            tz: board.tz,
            format: milliseconds,
            traces: SHARES.map(({ name, label, colour, dash }) => ({
              label,
              colour,
              kind: 'line' as const,
              values: history.ttft[name],
              ...(dash !== undefined && { dash }),
            })),
          },
  }),
  csv: ({ history }) => spans(history),
};

const SHARES: readonly {
  readonly name: 'p50_ms' | 'p90_ms' | 'p99_ms';
  readonly label: string;
  readonly colour: string;
  readonly dash?: readonly number[];
}[] = [
  { name: 'p50_ms', label: 'median', colour: '--s1' },
  { name: 'p90_ms', label: 'p90', colour: '--s3' },
  { name: 'p99_ms', label: 'p99', colour: '--s2', dash: [4, 3] },
];

/** Every span of the range as a row. */
function spans(history: Scene['history']): readonly (readonly (string | number | null)[])[] {
  const head = [
    'span',
    'turns',
    'input',
    'output',
    'cache_write',
    'cache_read',
    'cost_usd',
    'elr_out_tps',
    'dirty_out_tps',
    'ttft_p50_ms',
    'ttft_p90_ms',
    'ttft_p99_ms',
  ];
  if (history === null) return [head];
  const { ts, turns, tokens, cost_usd: cost, speeds, ttft } = history;
  return [
    head,
    ...ts.map((start, at) => [
      new Date(start * 1000).toISOString(),
      ...[
        turns,
        tokens.input,
        tokens.output,
        tokens.cache_write,
        tokens.cache_read,
        cost,
        speeds.elr_out_tps,
        speeds.dirty_out_tps,
        ttft.p50_ms,
        ttft.p90_ms,
        ttft.p99_ms,
      ].map((list) => list[at] ?? null),
    ]),
  ];
}

function spanName(seconds: number): string {
  return seconds < 3600 ? `${seconds / 60} min` : seconds === 3600 ? 'hour' : `${seconds / 3600} h`;
}
