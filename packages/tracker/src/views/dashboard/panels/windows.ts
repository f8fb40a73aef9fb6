import type { Board } from '../../../rollups/board/board.ts';
import { scaleOf, whisker } from '../charts/interval.ts';
import { stateMark } from '../charts/state-mark.ts';
import type { Tone } from '../charts/state-mark.ts';
import { h } from '../dom/node.ts';
import { percent, ratio, text, whole } from '../format.ts';
import { empty, table } from './panel.ts';
import type { Panel } from './panel.ts';

const VERDICTS: Readonly<
  Record<NonNullable<Board['windows']['providers'][number]['buffer']>['status'], readonly [Tone, string]>
> = {
  ok: ['ok', 'next window fits'],
  'inside-buffer': ['near', 'would end inside the reserve'],
  'at-limit': ['stop', 'full'],
  indeterminate: ['none', 'too few windows to say'],
  'no-data': ['none', 'no reading'],
};

export const bought: Panel = {
  id: 'windows',
  title: 'What capacity bought',
  columns: 12,
  note: () => 'features per unit of capacity',
  body: ({ board, b, view }) => {
    const { providers } = board.windows;
    const hint = board.advice.hints.find(({ part }) => part === 'windows');
    if (providers.length === 0)
      return [
        empty(
          hint?.sentence ?? 'No window has been finished yet.',
          hint?.next ?? 'tracker window finalize --window W0-01 --codex-features 3 --quality 0.9 --outcome pass',
        ),
      ];
    const scale = scaleOf(providers.map(({ efficiency: value, ci, companion }) => ({ value, ci, companion })));
    return [
      table(
        'what capacity bought, by provider',
        [
          { title: 'Provider' },
          { title: 'Interval', class: 'wide' },
          { title: 'Efficiency', class: 'num' },
          { title: 'low', class: 'num' },
          { title: 'high', class: 'num' },
          { title: 'Weighted by quality', class: 'num' },
          { title: 'Features', class: 'num' },
          { title: 'Capacity', class: 'num' },
          { title: 'n', class: 'num' },
          { title: 'Needed', class: 'num' },
          { title: 'Power', class: 'num' },
          { title: 'Buffer' },
        ],
        providers
          .map((one, at) => ({ one, at }))
          .filter(({ one }) => view.provider === null || one.provider === view.provider)
          .map(({ one, at }) => {
            const f = `windows.providers.${at}`;
            const [tone, word] = one.buffer === null ? (['none', 'no bar'] as const) : VERDICTS[one.buffer.status];
            const isOpen = one.ci === 'unbounded';
            return {
              key: one.provider,
              cells: [
                h('span', null, h('strong', null, one.provider), h('span', { class: 'faint' }, ` per ${one.unit}`)),
                whisker({ value: one.efficiency, ci: one.ci, companion: one.companion }, scale),
                b(`${f}.efficiency`, ratio),
                isOpen ? h('span', { class: 'faint' }, 'unbounded') : b(`${f}.ci.lo`, ratio),
                isOpen ? h('span', { class: 'faint' }, '') : b(`${f}.ci.hi`, ratio),
                b(`${f}.e_q`, ratio),
                b(`${f}.features`, whole),
                b(`${f}.capacity`, ratio),
                b(`${f}.n`, whole),
                b(`${f}.n_needed`, whole),
                b(`${f}.power`, percent),
                h('span', { title: one.buffer?.sentence ?? '' }, stateMark(tone, word)),
              ],
            };
          }),
      ),
    ];
  },
  csv: ({ board }) => [
    [
      'provider',
      'unit',
      'features',
      'capacity',
      'efficiency',
      'ci_lo',
      'ci_hi',
      'ci',
      'e_q',
      'n',
      'n_needed',
      'power',
      'buffer',
    ],
    ...board.windows.providers.map(({ ci, ...one }) => [
      one.provider,
      one.unit,
      one.features,
      one.capacity,
      one.efficiency,
      typeof ci === 'object' ? (ci?.lo ?? null) : null,
      typeof ci === 'object' ? (ci?.hi ?? null) : null,
      ci === 'unbounded' ? ci : ci === null ? 'none' : 'bounded',
      one.e_q,
      one.n,
      one.n_needed,
      one.power,
      one.buffer?.status ?? null,
    ]),
  ],
};

const OUTCOMES: Readonly<Record<string, Tone>> = { pass: 'ok', partial: 'near', fail: 'stop' };

export const windowList: Panel = {
  id: 'window-list',
  title: 'Windows',
  columns: 12,
  note: ({ board }) => `${board.windows.rows.length} newest`,
  body: ({ board, b, view }) => {
    const rows = board.windows.rows
      .map((row, at) => ({ row, at }))
      .filter(({ row }) => view.window === null || row.window === view.window);
    if (rows.length === 0) return [empty('A window is a stretch of work with its meters read before and after.', null)];
    return [
      table(
        'windows, newest first',
        [
          { title: 'Window' },
          { title: 'Finished' },
          { title: 'Outcome' },
          { title: 'Quality', class: 'num' },
          { title: 'Features and capacity' },
          { title: 'Method' },
          { title: 'Notes' },
        ],
        rows.map(({ row, at }) => ({
          key: row.window,
          cells: [
            h('strong', null, row.window),
            h('span', { class: 'faint' }, row.finalized_at.slice(0, 16).replace('T', ' ')),
            stateMark(OUTCOMES[row.outcome] ?? 'none', row.outcome),
            b(`windows.rows.${at}.quality`, ratio),
            h(
              'span',
              { class: 'pairs' },
              row.providers.map((one, nth) =>
                h(
                  'span',
                  { key: one.provider },
                  h('span', { class: 'faint' }, `${one.provider} `),
                  b(`windows.rows.${at}.providers.${nth}.features`, whole),
                  ' / ',
                  b(`windows.rows.${at}.providers.${nth}.capacity`, ratio),
                  ` ${text(one.unit)}`,
                ),
              ),
            ),
            text(row.methodology),
            h('span', { class: 'faint clip', title: row.notes }, row.notes),
          ],
        })),
      ),
    ];
  },
  csv: ({ board }) => [
    ['window', 'finalized_at', 'outcome', 'quality', 'provider', 'features', 'capacity', 'unit'],
    ...board.windows.rows.flatMap((row) =>
      row.providers.map((one) => [
        row.window,
        row.finalized_at,
        row.outcome,
        row.quality,
        one.provider,
        one.features,
        one.capacity,
        one.unit,
      ]),
    ),
  ],
};
