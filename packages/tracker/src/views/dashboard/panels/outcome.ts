import { h } from '../dom/node.ts';
import { ratio, text, whole } from '../format.ts';
import { copyButton, empty, plotPlace, table } from './panel.ts';
import type { Panel } from './panel.ts';

export const trend: Panel = {
  id: 'outcome',
  title: 'Quality and churn',
  columns: 6,
  note: () => 'by finished window',
  body: ({ board, history, b }) => {
    const { outcome } = board;
    const { quality = [], churn = [] } = history?.outcomes ?? {};
    const hint = board.advice.hints.find(({ part }) => part === 'outcome');
    const nothing = quality.length === 0 && churn.length === 0;
    return [
      h(
        'dl',
        { class: 'keys small', key: 'keys', 'data-rove': true },
        h(
          'div',
          { class: 'key' },
          h('dt', null, `Quality${outcome.quality_source === null ? '' : ` of ${outcome.quality_source}`}`),
          h('dd', null, b('outcome.quality', ratio)),
        ),
        h(
          'div',
          { class: 'key' },
          h('dt', null, 'Churn per feature'),
          h('dd', null, b('outcome.churn.normalized_churn', whole)),
        ),
        h('div', { class: 'key' }, h('dt', null, 'Complexity'), h('dd', null, b('outcome.cls', ratio))),
        h('div', { class: 'key' }, h('dt', null, 'Minutes / feature'), h('dd', null, b('outcome.impf', ratio))),
      ),
      nothing
        ? empty(hint?.sentence ?? 'No window of this range was judged, and no churn was counted.', hint?.next ?? null)
        : h(
            'div',
            { key: 'plots' },
            quality.length === 0 ? null : plotPlace('quality', 'Quality of finished windows over time, 0 to 1'),
            churn.length === 0 ? null : plotPlace('churn', 'Lines changed per feature over time'),
          ),
    ];
  },
  plots: ({ history, board }) => {
    const { quality = [], churn = [] } = history?.outcomes ?? {};
    const at = (iso: string): number => Date.parse(iso) / 1000;
    return {
      quality:
        quality.length === 0
          ? null
          : {
              ts: quality.map((one) => at(one.at)),
              tz: board.tz,
              format: ratio,
              traces: [{ label: 'quality', colour: '--s3', kind: 'points', values: quality.map((one) => one.quality) }],
            },
      churn:
        churn.length === 0
          ? null
          : {
              ts: churn.map((one) => at(one.at)),
              tz: board.tz,
              format: whole,
              traces: [
                {
                  label: 'lines per feature',
                  colour: '--s4',
                  kind: 'points',
                  values: churn.map((one) => one.normalized_churn),
                },
              ],
            },
    };
  },
  csv: ({ history }) => [
    ['at', 'window', 'quality', 'provider', 'normalized_churn', 'insertions', 'deletions', 'features'],
    ...(history?.outcomes.quality ?? []).map((one) => [one.at, one.window, one.quality, null, null, null, null, null]),
    ...(history?.outcomes.churn ?? []).map((one) => [
      one.at,
      one.window,
      null,
      one.provider,
      one.normalized_churn,
      one.insertions,
      one.deletions,
      one.features,
    ]),
  ],
};

export const anomalies: Panel = {
  id: 'anomalies',
  title: 'Anomalies',
  columns: 6,
  note: ({ board }) => (board.outcome.anomalies_total === 0 ? '' : `${board.outcome.anomalies_total} in all`),
  body: ({ board, b }) => {
    const all = board.outcome.anomalies;
    if (all.length === 0)
      return [h('p', { class: 'faint pad', key: 'none' }, 'None. Readings agree with each other so far.')];
    return [
      table(
        'anomalies, newest first',
        [
          { title: 'At' },
          { title: 'What' },
          { title: 'Window' },
          { title: 'Meter' },
          { title: 'Before', class: 'num' },
          { title: 'After', class: 'num' },
        ],
        all.map((one, at) => ({
          key: `${one.captured_at ?? ''}${one.window ?? ''}${one.code ?? ''}${one.field ?? ''}${at}`,
          cells: [
            h('span', { class: 'faint' }, text(one.captured_at?.slice(0, 16).replace('T', ' '))),
            h('span', { title: one.notes ?? '' }, text(one.code ?? one.notes)),
            text(one.window),
            [text(one.provider), h('span', { class: 'faint' }, ` ${one.field ?? ''}`)],
            b(`outcome.anomalies.${at}.before`, ratio),
            b(`outcome.anomalies.${at}.after`, ratio),
          ],
        })),
      ),
    ];
  },
  csv: ({ board }) => [
    ['captured_at', 'code', 'window', 'provider', 'field', 'before', 'after', 'notes'],
    ...board.outcome.anomalies.map((one) => [
      one.captured_at ?? null,
      one.code ?? null,
      one.window ?? null,
      one.provider ?? null,
      one.field ?? null,
      one.before ?? null,
      one.after ?? null,
      one.notes ?? null,
    ]),
  ],
};

export const suggested: Panel = {
  id: 'suggestions',
  title: 'Suggested configuration',
  columns: 12,
  note: () => 'shown, never written',
  body: ({ suggestions }) => {
    if (suggestions === null) return [h('p', { class: 'faint pad', key: 'wait' }, 'Comparing …')];
    const { diffs, withheld, problems, files } = suggestions;
    const named = [files.quotas, files.providers].filter((file) => file !== null);
    return [
      ...diffs.map(({ file, text: diff }) =>
        h(
          'figure',
          { class: 'diff', key: file },
          h('figcaption', null, h('strong', null, file), copyButton(diff, 'copy diff')),
          h(
            'pre',
            { tabindex: 0, 'aria-label': `suggested change of ${file}` },
            diff.split('\n').map((line, at) => h('span', { key: String(at), class: lineClass(line) }, `${line}\n`)),
          ),
        ),
      ),
      diffs.length === 0
        ? h(
            'p',
            { class: 'faint pad', key: 'none' },
            named.length === 0
              ? 'The shim uses no file that could be compared: its built-in defaults apply.'
              : `Nothing to change in ${named.join(' and ')}.`,
          )
        : null,
      withheld.length === 0
        ? null
        : h(
            'ul',
            { class: 'plain', key: 'withheld' },
            withheld.map(({ about, reason }) =>
              h('li', { key: about }, h('strong', null, about), h('span', { class: 'faint' }, ` ${reason}`)),
            ),
          ),
      problems.map(({ message, remedy }) => h('p', { class: 'faint', key: message }, `${message}. ${remedy ?? ''}`)),
    ];
  },
};

function lineClass(line: string): string {
  if (line.startsWith('+') && !line.startsWith('+++')) return 'diff-add';
  if (line.startsWith('-') && !line.startsWith('---')) return 'diff-remove';
  return line.startsWith('#') ? 'diff-why' : '';
}
